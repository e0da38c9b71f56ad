//! The technical stores over embedded DynamoDB.

use std::sync::atomic::{AtomicU32, Ordering};

use dynamo::{
    AttributeValue, Begin, CommitError, Consistency, Cursor, KEPT_S, Part, Query, Record, Saved, Timer, fingerprint,
    key, to_item,
};
use kernel::{Envelope, Event};
use serde::{Deserialize, Serialize};
use testkit::World;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Counter {
    version: u64,
    total: i64,
}

impl Record for Counter {
    const ENTITY: &'static str = "counter";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct Happened {
    who: String,
}

impl Event for Happened {
    const NAME: &'static str = "thing.happened";
    const VERSION: u16 = 1;
    fn key(&self) -> String {
        self.who.clone()
    }
}

/// Any table with `pk` and `sk` will do.
const TABLE: &str = "PersonKeysTable";

fn insert(world: &World, name: &str, refused: &'static str) -> Part<&'static str> {
    let item = to_item(&key(name, "c"), &Counter { version: 1, total: 0 }).unwrap();
    Part::insert(world.table(TABLE), item).refused(refused)
}

#[tokio::test]
async fn a_refused_part_is_named_and_nothing_is_written() {
    let world = World::new(&[]).await;
    let dynamo = world.dynamo();
    dynamo.commit(vec![insert(&world, "a", "a exists")]).await.unwrap();
    let error = dynamo
        .commit(vec![
            insert(&world, "b", "b exists"),
            insert(&world, "a", "a exists"),
            insert(&world, "c", "c exists"),
        ])
        .await
        .unwrap_err();
    let CommitError::Refused(refusals) = error else {
        panic!("{error:?}")
    };
    assert_eq!(
        refusals.iter().map(|refusal| refusal.reason).collect::<Vec<_>>(),
        ["a exists"]
    );
    assert!(refusals[0].item.is_some(), "the item that refused comes back");
    let b: Option<Counter> = dynamo
        .get(world.table(TABLE), &key("b", "c"), Consistency::Strong)
        .await
        .unwrap();
    assert_eq!(b, None);
}

#[tokio::test]
async fn a_single_write_is_refused_by_name_as_well() {
    let world = World::new(&[]).await;
    let dynamo = world.dynamo();
    dynamo.commit(vec![insert(&world, "a", "a exists")]).await.unwrap();
    let reason = dynamo
        .commit(vec![insert(&world, "a", "a exists")])
        .await
        .unwrap_err()
        .first()
        .unwrap();
    assert_eq!(reason, "a exists");
}

#[tokio::test]
async fn an_item_named_twice_is_told_before_it_is_sent() {
    let world = World::new(&[]).await;
    let parts = vec![insert(&world, "a", "x"), insert(&world, "a", "y")];
    assert!(matches!(world.dynamo().commit(parts).await, Err(CommitError::Store(_))));
}

#[tokio::test]
async fn versioned_writers_lose_no_update() {
    let world = World::new(&[]).await;
    let dynamo = world.dynamo();
    dynamo.commit(vec![insert(&world, "a", "a exists")]).await.unwrap();
    let table = world.table(TABLE).to_owned();
    let writers = (0..20).map(|_| {
        let (dynamo, table) = (dynamo.clone(), table.clone());
        tokio::spawn(async move {
            loop {
                let old: Counter = dynamo
                    .get(&table, &key("a", "c"), Consistency::Strong)
                    .await
                    .unwrap()
                    .unwrap();
                let new = Counter {
                    version: old.version + 1,
                    total: old.total + 1,
                };
                let part = Part::replace(&table, to_item(&key("a", "c"), &new).unwrap(), old.version).refused(());
                match dynamo.commit(vec![part]).await {
                    Ok(()) => return,
                    Err(CommitError::Refused(_)) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let end: Counter = dynamo
        .get(&table, &key("a", "c"), Consistency::Strong)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(end, Counter { version: 21, total: 20 });
}

#[tokio::test]
async fn an_item_of_another_entity_is_corrupt() {
    let world = World::new(&[]).await;
    let mut item = to_item(&key("a", "c"), &Counter { version: 1, total: 0 }).unwrap();
    item.insert("entity".to_owned(), AttributeValue::S("other".to_owned()));
    world
        .dynamo()
        .commit::<()>(vec![Part::put(world.table(TABLE), item)])
        .await
        .unwrap();
    let read = world
        .dynamo()
        .get::<Counter>(world.table(TABLE), &key("a", "c"), Consistency::Strong)
        .await;
    assert!(read.unwrap_err().to_string().contains("entity"));
}

#[tokio::test]
async fn an_answer_is_kept_once_and_replayed() {
    let world = World::new(&[]).await;
    let kept = world.idempotency();
    let print = fingerprint(b"{}");
    let answer = Saved {
        status: 201,
        body: "{\"id\":1}".to_owned(),
    };
    let Begin::Fresh(first) = kept.begin("me /things", "k1", &print).await.unwrap() else {
        panic!("fresh")
    };
    let Begin::Fresh(second) = kept.begin("me /things", "k1", &print).await.unwrap() else {
        panic!("fresh")
    };
    world
        .dynamo()
        .commit(vec![first.record(&answer, "late").unwrap()])
        .await
        .unwrap();
    let late = world
        .dynamo()
        .commit(vec![second.record(&answer, "late").unwrap()])
        .await
        .unwrap_err();
    assert_eq!(
        late.first().unwrap(),
        "late",
        "of two equal requests at once, one has the effect"
    );
    assert!(matches!(kept.begin("me /things", "k1", &print).await.unwrap(), Begin::Replay(saved) if saved == answer));
    assert!(matches!(
        kept.begin("me /things", "k1", &fingerprint(b"[]")).await.unwrap(),
        Begin::Mismatch
    ));
    assert!(matches!(
        kept.begin("you /things", "k1", &print).await.unwrap(),
        Begin::Fresh(_)
    ));
    assert!(kept.begin("me", "", &print).await.is_err());
    world.clock().advance_seconds(KEPT_S + 1);
    assert!(matches!(
        kept.begin("me /things", "k1", &print).await.unwrap(),
        Begin::Fresh(_)
    ));
}

#[tokio::test]
async fn an_event_commits_with_its_state_or_not_at_all() {
    let world = World::new(&[]).await;
    let envelope = Envelope::of(&Happened { who: "a".to_owned() }, &world.ambient(), None).unwrap();
    let parts = || {
        vec![
            insert(&world, "a", "a exists"),
            world.outbox().append(&envelope).unwrap(),
        ]
    };
    world.dynamo().commit(parts()).await.unwrap();
    assert!(world.dynamo().commit(parts()).await.is_err());
    assert_eq!(world.events().await, [envelope]);
}

async fn set(world: &World, entity: &str, in_seconds: i64) {
    let timer = Timer {
        kind: "test-due",
        due_at: world.now().plus_seconds(in_seconds),
        entity: entity.to_owned(),
    };
    world
        .dynamo()
        .commit::<()>(vec![world.timers().set(&timer).unwrap()])
        .await
        .unwrap();
}

async fn sweep(world: &World) -> Vec<String> {
    let mut fired = Vec::new();
    let timers = world.timers();
    let swept = timers.sweep("test-due", |due| {
        fired.push(due.entity);
        async { Ok::<(), String>(()) }
    });
    swept.await.unwrap();
    fired
}

#[tokio::test]
async fn a_timer_fires_once_when_due_and_not_before() {
    let world = World::new(&[]).await;
    set(&world, "soon", 30).await;
    set(&world, "later", 600).await;
    assert_eq!(sweep(&world).await, [""; 0]);
    world.clock().advance_seconds(30);
    assert_eq!(sweep(&world).await, ["soon"]);
    assert_eq!(sweep(&world).await, [""; 0]);
    world.clock().advance_seconds(3_000);
    assert_eq!(sweep(&world).await, ["later"]);
}

#[tokio::test]
async fn a_sweep_that_was_away_for_a_day_catches_up() {
    let world = World::new(&[]).await;
    assert_eq!(sweep(&world).await, [""; 0]);
    for hour in 0..24 {
        set(&world, &format!("e{hour}"), hour * 3_600 + 5).await;
    }
    world.clock().advance_seconds(25 * 3_600);
    let mut fired = 0;
    for _ in 0..10 {
        fired += sweep(&world).await.len();
    }
    assert_eq!(fired, 24);
}

#[tokio::test]
async fn a_failed_firing_fires_again_however_late() {
    let world = World::new(&[]).await;
    set(&world, "stubborn", 5).await;
    world.clock().advance_seconds(60);
    let tries = AtomicU32::new(0);
    for _ in 0..5 {
        world.clock().advance_seconds(1_800);
        let fire = |_| {
            let attempt = tries.fetch_add(1, Ordering::SeqCst);
            async move { if attempt < 3 { Err("down") } else { Ok(()) } }
        };
        world.timers().sweep("test-due", fire).await.unwrap();
    }
    assert_eq!(tries.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn pages_follow_each_other_by_cursor() {
    let world = World::new(&[]).await;
    for n in 0..7_i64 {
        let item = to_item(&key("list", format!("{n}")), &Counter { version: 1, total: n }).unwrap();
        world
            .dynamo()
            .commit::<()>(vec![Part::put(world.table(TABLE), item)])
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let query = Query::new(world.table(TABLE), "pk = :pk", 3)
            .text(":pk", "list")
            .after(cursor);
        let page = world.dynamo().query(query).await.unwrap().records::<Counter>().unwrap();
        seen.extend(page.items.into_iter().map(|counter| counter.total));
        let Some(next) = page.next else { break };
        cursor = Some(Cursor::decode(&next.encode(), "pk", "list").unwrap());
    }
    assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
}
