//! The store over embedded DynamoDB.

use kernel::{Ambient, Envelope, Event, EventId, Id, OrderId, Timestamp};
use testkit::World;

use super::*;
use crate::{
    events::v1::WebhookFellDue,
    webhook::{
        ATTEMPTS_MAX, Decision, Delivery, DeliveryState, EndpointId, EndpointState, Outcome, RETRY_S, SOON_S,
        StopReason, decide,
    },
};

fn store(world: &World) -> Webhooks {
    Webhooks::new(
        world.dynamo(),
        world.table("MessagingTable"),
        world.outbox(),
        world.timers(),
    )
}

fn delivery(ambient: &Ambient, order: OrderId, version: u64) -> Delivery {
    let envelope = Envelope {
        id: EventId::generate(ambient),
        name: "order.paid".into(),
        version: 1,
        key: order.to_string(),
        occurred_at: ambient.now(),
        correlation: None,
        data: serde_json::Value::Null,
    };
    Delivery::of(
        &envelope,
        order,
        version,
        EndpointId::of("https://a.example/hook"),
        ambient.now(),
    )
}

fn failed() -> Outcome {
    Outcome::Failed {
        what: "status 500".into(),
        retry_after_s: None,
    }
}

fn after(delivery: Delivery, outcome: &Outcome, now: Timestamp) -> Decision {
    decide(delivery, outcome, now, 0)
}

#[tokio::test]
async fn a_failed_delivery_waits_with_a_timer_and_falls_due_once() {
    let world = World::new(&["messaging"]).await;
    let store = store(&world);
    let order = OrderId::generate(&world.ambient());
    let decision = after(delivery(&world.ambient(), order, 1), &failed(), world.now());
    store.record(&decision, "https://a.example").await.unwrap().unwrap();
    assert_eq!(
        store.of_order(order).await.unwrap(),
        std::slice::from_ref(&decision.delivery)
    );
    assert_eq!(
        world
            .timers()
            .sweep(RETRY_TIMER, |_| async { Ok::<_, String>(()) })
            .await
            .unwrap()
            .fired,
        0
    );
    let [asked] = &world.events().await[..] else {
        panic!("the second attempt is asked for at once");
    };
    assert_eq!(
        asked.open::<WebhookFellDue>().unwrap().version,
        decision.delivery.version
    );
    world.clock().advance_seconds(RETRY_S[0]);
    let due = || async {
        let fire = |due| {
            let store = store.clone();
            async move { store.fall_due(&due).await.map(drop) }
        };
        world.timers().sweep(RETRY_TIMER, fire).await.unwrap()
    };
    assert_eq!(due().await.fired, 1);
    assert_eq!(due().await.fired, 0);
    let events = world.events().await;
    assert_eq!(
        events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(),
        ["order_webhook.fell_due", "order_webhook.fell_due"]
    );
    let leased = store.get(order, decision.delivery.id).await.unwrap().unwrap();
    assert_eq!((leased.version, leased.attempts), (2, 1));
    // The attempt got lost: the lease ends and it is asked for again.
    world.clock().advance_seconds(16 * 60);
    assert_eq!(due().await.fired, 1);
    assert_eq!(world.events().await.len(), 3);
}

#[tokio::test]
async fn only_a_first_attempt_that_was_made_at_once_is_soon_made_again() {
    let world = World::new(&["messaging"]).await;
    let fresh = delivery(&world.ambient(), OrderId::generate(&world.ambient()), 1);
    let busy = |seconds| Outcome::Failed {
        what: "status 503".into(),
        retry_after_s: Some(seconds),
    };
    let waited = fresh.clone().become_state(fresh.state, world.now());
    let cases = [
        (fresh.clone(), failed(), true),
        (fresh.clone(), busy(SOON_S), true),
        (fresh.clone(), busy(SOON_S + 1), false),
        (fresh.clone(), Outcome::Gone, false),
        (fresh, Outcome::Delivered { status: 200 }, false),
        (waited, failed(), false),
    ];
    for (tried, outcome, soon) in cases {
        let version = tried.version;
        assert_eq!(after(tried, &outcome, world.now()).soon, soon, "{version} {outcome}");
    }
}

#[tokio::test]
async fn of_two_outcomes_of_one_version_one_is_kept() {
    let world = World::new(&["messaging"]).await;
    let store = store(&world);
    let tried = delivery(&world.ambient(), OrderId::generate(&world.ambient()), 1);
    let one = after(tried.clone(), &Outcome::Delivered { status: 200 }, world.now());
    let other = after(tried, &failed(), world.now());
    store.record(&one, "https://a.example").await.unwrap().unwrap();
    assert_eq!(
        store.record(&other, "https://a.example").await.unwrap(),
        Err(Lost::Delivery)
    );
}

#[tokio::test]
async fn an_endpoint_is_stopped_and_told_of_once_listed_and_opened_by_a_replay() {
    let world = World::new(&["messaging"]).await;
    let store = store(&world);
    let mut last = None;
    for n in 0..3 {
        let order = OrderId::generate(&world.ambient());
        let gone = after(delivery(&world.ambient(), order, n), &Outcome::Gone, world.now());
        store.record(&gone, "https://a.example").await.unwrap().unwrap();
        last = Some(gone.delivery);
    }
    let last = last.unwrap();
    let names: Vec<_> = world.events().await.into_iter().map(|event| event.name).collect();
    assert_eq!(names, [crate::events::v1::WebhookEndpointStopped::NAME]);
    let stopped = store.list_stopped(10, None).await.unwrap().items;
    assert!(matches!(stopped[..], [ref one] if one.id == last.endpoint));
    let page = store.list_of_endpoint(&last.endpoint, "held", 2, None).await.unwrap();
    assert_eq!((page.items.len(), page.next.is_some()), (2, true));

    let replay = store.replay_endpoint(&last.endpoint).await.unwrap();
    assert_eq!((replay.count, replay.more), (3, false));
    store.commit_replay(replay.parts).await.unwrap().unwrap();
    assert_eq!(
        store.endpoint(&last.endpoint).await.unwrap().unwrap().state,
        EndpointState::Open
    );
    assert_eq!(store.list_stopped(10, None).await.unwrap().items, []);
    let again = store.get(last.order_id, last.id).await.unwrap().unwrap();
    assert_eq!(
        (again.attempts, again.forced, again.state),
        (0, true, DeliveryState::Waiting { due_at: world.now() })
    );
    assert_eq!(world.items("TimersTable").await.len(), 3);
}

#[tokio::test]
async fn the_schedule_ends_with_a_stopped_endpoint() {
    let world = World::new(&["messaging"]).await;
    let mut tried = delivery(&world.ambient(), OrderId::generate(&world.ambient()), 1);
    let mut attempts = 0;
    loop {
        let decision = after(tried, &failed(), world.now());
        attempts += 1;
        tried = decision.delivery;
        if let Some(stop) = decision.stop {
            assert_eq!(
                (attempts, stop, tried.state),
                (ATTEMPTS_MAX, StopReason::Exhausted, DeliveryState::Held)
            );
            return;
        }
        let due_at = world.now().plus_seconds(RETRY_S[attempts - 1]);
        assert_eq!(tried.state, DeliveryState::Waiting { due_at });
    }
}

#[test]
fn retry_after_is_honoured_when_it_is_longer_and_bounded() {
    let at = Timestamp::from_seconds(1_000);
    let order: OrderId = "ord_0190a6d0000070008000000000000000".parse().unwrap();
    let tried = || Delivery {
        attempts: 0,
        ..Delivery::of(
            &Envelope {
                id: EventId::from_parts(at, [1; 10]),
                name: "order.paid".into(),
                version: 1,
                key: String::new(),
                occurred_at: at,
                correlation: None,
                data: serde_json::Value::Null,
            },
            order,
            1,
            EndpointId::of("u"),
            at,
        )
    };
    let due = |retry_after_s| {
        let outcome = Outcome::Failed {
            what: "status 429".into(),
            retry_after_s,
        };
        match decide(tried(), &outcome, at, 20).delivery.state {
            DeliveryState::Waiting { due_at } => due_at.seconds_since(at),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        [due(None), due(Some(1)), due(Some(600)), due(Some(i64::MAX))],
        [72, 72, 600, 86_400]
    );
}
