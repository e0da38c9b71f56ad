//! The store over embedded DynamoDB.

use dynamo::{CommitError, Cursor, Part};
use inventory::Inventory;
use kernel::{Id, Timestamp};
use testkit::World;

use super::*;
use crate::{
    order::{Act, Cancel, PaymentStatus, Refused, StateName},
    sample::{customer, payment, placement, units},
};

fn store(world: &World) -> Orders {
    Orders::new(
        world.dynamo(),
        world.table("SalesTable"),
        world.outbox(),
        world.timers(),
    )
}

fn act(world: &World) -> Act {
    Act::by(kernel::Actor::system("test"), world.now())
}

async fn place(world: &World, orders: &Orders) -> Order {
    let id = OrderId::generate(&world.ambient());
    let placed = Order::place(placement(id, world.now()), &act(world)).unwrap();
    world
        .dynamo()
        .commit(orders.insert::<()>(&placed).unwrap())
        .await
        .unwrap();
    placed.order
}

async fn save(world: &World, orders: &Orders, changed: &Changed) -> Result<(), CommitError<&'static str>> {
    let parts: Vec<Part<&'static str>> = orders.save(changed, "stale").unwrap();
    world.dynamo().commit(parts).await
}

async fn pay(world: &World, orders: &Orders, order: Order) -> Order {
    let changed = order
        .record_payment(payment(PaymentStatus::Paid, 5_200, 0), &act(world))
        .unwrap();
    save(world, orders, &changed).await.unwrap();
    changed.order
}

#[tokio::test]
async fn an_order_reads_back_as_it_was_placed() {
    let world = World::new(&["sales"]).await;
    let orders = store(&world);
    let placed = place(&world, &orders).await;
    assert_eq!(orders.get(placed.id()).await.unwrap(), Some(placed.clone()));
    assert_eq!(orders.get(OrderId::generate(&world.ambient())).await.unwrap(), None);
    let events = world.events().await;
    assert_eq!(
        events.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(),
        ["order.placed"]
    );
    assert_eq!(events[0].key, placed.id().to_string());
    assert_eq!(world.items("TimersTable").await.len(), 1);
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_kept() {
    let world = World::new(&["sales"]).await;
    let orders = store(&world);
    let placed = place(&world, &orders).await;
    let paid = placed
        .clone()
        .record_payment(payment(PaymentStatus::Paid, 5_200, 0), &act(&world))
        .unwrap();
    let cancelled = placed.cancel(&Cancel::Whole, &act(&world)).unwrap();
    save(&world, &orders, &paid).await.unwrap();
    let late = save(&world, &orders, &cancelled).await;
    assert!(matches!(late, Err(CommitError::Refused(refusals)) if refusals[0].reason == "stale"));
    assert_eq!(orders.get(paid.order.id()).await.unwrap(), Some(paid.order));
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn the_history_has_one_entry_for_each_version_in_order() {
    let world = World::new(&["sales"]).await;
    let orders = store(&world);
    let placed = place(&world, &orders).await;
    let order = pay(&world, &orders, placed).await;
    let changed = order.allocate(&[units(1, 1)], &act(&world)).unwrap();
    save(&world, &orders, &changed).await.unwrap();
    let id = changed.order.id();
    let first = orders.history(id, 2, None).await.unwrap();
    assert_eq!(
        first
            .items
            .iter()
            .map(|change| change.what.as_str())
            .collect::<Vec<_>>(),
        ["placed", "paid"]
    );
    let cursor = Cursor::decode(&first.next.unwrap().encode(), "pk", &id.to_string()).unwrap();
    let rest = orders.history(id, 2, Some(cursor)).await.unwrap();
    assert_eq!(rest.items.iter().map(|change| change.version).collect::<Vec<_>>(), [3]);
}

#[tokio::test]
async fn a_corrupt_order_is_named_and_not_trusted() {
    let world = World::new(&["sales"]).await;
    let orders = store(&world);
    let placed = place(&world, &orders).await;
    let key = keys::order(placed.id());
    let table = world.table("SalesTable");
    let part: Part<()> = Part::update(table, key, "SET #order.#lines[0].quantity.shipped = :one")
        .name("#order", "order")
        .name("#lines", "lines")
        .number(":one", 1_u8);
    world.dynamo().commit(vec![part]).await.unwrap();
    assert!(matches!(orders.get(placed.id()).await, Err(StoreError::Corrupt { .. })));
}

async fn pages(orders: &Orders, list: &List, limit: u16) -> Vec<OrderId> {
    let mut found = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..100 {
        let page = orders.list(list, limit, cursor.as_deref()).await.unwrap().unwrap();
        assert!(page.orders.len() <= usize::from(limit));
        found.extend(page.orders.iter().map(Order::id));
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
    panic!("the list does not end");
}

#[tokio::test]
async fn lists_give_every_order_once_newest_first_over_shards_pages_and_days() {
    let world = World::new(&["sales"]).await;
    let orders = store(&world);
    let mut all = Vec::new();
    for _ in 0..2 {
        for _ in 0..9 {
            world.clock().advance_seconds(1);
            all.push(place(&world, &orders).await.id());
        }
        world.clock().advance_seconds(86_400);
    }
    all.reverse();
    let today = Day::of(world.now());
    let (yesterday, first) = (today.before(), today.before().before());
    for limit in [1, 4, 100] {
        let waiting = List::State {
            state: StateName::AwaitingPayment,
            day: today,
        };
        assert_eq!(pages(&orders, &waiting, limit).await, all);
        assert_eq!(pages(&orders, &List::Day(yesterday), limit).await, all[..9]);
        assert_eq!(pages(&orders, &List::Day(first), limit).await, all[9..]);
        assert_eq!(pages(&orders, &List::Customer(customer(1)), limit).await, all);
    }
    assert!(pages(&orders, &List::Customer(customer(2)), 4).await.is_empty());
}

#[tokio::test]
async fn an_order_moves_from_list_to_list_with_its_state() {
    let world = World::new(&["sales"]).await;
    let orders = store(&world);
    let placed = place(&world, &orders).await;
    let order = pay(&world, &orders, placed).await;
    let list = |state| List::State {
        state,
        day: Day::of(world.now()),
    };
    assert!(pages(&orders, &list(StateName::AwaitingPayment), 10).await.is_empty());
    assert_eq!(pages(&orders, &list(StateName::Confirmed), 10).await, [order.id()]);
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let world = World::new(&["sales"]).await;
    let orders = store(&world);
    for _ in 0..3 {
        place(&world, &orders).await;
    }
    let page = orders
        .list(&List::Customer(customer(1)), 1, None)
        .await
        .unwrap()
        .unwrap();
    let cursor = page.next.unwrap();
    let other = orders
        .list(&List::Customer(customer(2)), 1, Some(&cursor))
        .await
        .unwrap();
    assert_eq!(other, Err(CursorRefused));
    for junk in ["", "zz", "00", &"ab".repeat(600)] {
        assert_eq!(
            orders.list(&List::Customer(customer(1)), 1, Some(junk)).await.unwrap(),
            Err(CursorRefused)
        );
    }
}

#[test]
fn days_are_calendar_days() {
    assert_eq!("2026-04-08".parse::<Day>().unwrap().to_string(), "2026-04-08");
    assert_eq!("2026-03-01".parse::<Day>().unwrap().before().to_string(), "2026-02-28");
    for wrong in ["2026-02-30", "2026-4-8", "today", ""] {
        assert!(wrong.parse::<Day>().is_err(), "{wrong}");
    }
    assert_eq!(
        Day::of(Timestamp::from_millis(1_775_640_600_000)).to_string(),
        "2026-04-08"
    );
}

#[tokio::test]
async fn an_order_without_stock_to_give_back_still_expires_once() {
    let world = World::new(&["sales", "inventory"]).await;
    let orders = store(&world);
    let inventory = Inventory::new(world.dynamo(), world.outbox(), world.table("InventoryTable"));
    let placed = place(&world, &orders).await;
    let early = orders.expire(&inventory, placed.clone(), &act(&world)).await;
    assert!(matches!(early, Err(ReleaseError::Refused(Refused::Transition(_)))));
    world.clock().advance_seconds(1_800);
    let first = orders.expire(&inventory, placed.clone(), &act(&world)).await.unwrap();
    let second = orders.expire(&inventory, placed, &act(&world)).await.unwrap();
    assert_eq!(orders.commit(first.parts).await.unwrap(), None);
    assert_eq!(orders.commit(second.parts).await.unwrap(), Some(Lost::Order));
}
