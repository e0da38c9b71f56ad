//! Expiry over embedded DynamoDB: each order expires at most once, and never against a payment.

use dynamo::{CommitError, Part};
use kernel::{Id, Timestamp};
use sales::{
    order::{Order, PaymentStatus, StateName},
    sample,
};
use testkit::World;

use super::*;

struct Shop {
    world: World,
    ports: Ports,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new(&["sales", "inventory"]).await;
        let ports = Ports {
            orders: Orders::new(
                world.dynamo(),
                world.table("SalesTable"),
                world.outbox(),
                world.timers(),
            ),
            inventory: Inventory::new(world.dynamo(), world.outbox(), world.table("InventoryTable")),
            timers: world.timers(),
            ambient: world.ambient(),
        };
        Self { world, ports }
    }

    async fn placed(&self) -> Order {
        let placement = sample::placement(OrderId::generate(&self.world.ambient()), self.world.now());
        sample::place(
            &self.ports.orders,
            &self.ports.inventory,
            &self.world.ambient(),
            placement,
        )
        .await
    }

    async fn state(&self, id: OrderId) -> StateName {
        self.ports.orders.get(id).await.unwrap().unwrap().state().name()
    }

    async fn free(&self) -> u64 {
        let variants = [sample::id(1), sample::id(2)];
        self.ports
            .inventory
            .availability(&variants)
            .await
            .unwrap()
            .values()
            .sum()
    }

    async fn pay(&self, order: Order) -> Result<(), CommitError<()>> {
        let act = Act::by(Actor::system("payment-settlement"), self.world.now());
        let changed = order
            .record_payment(sample::payment(PaymentStatus::Paid, 5_200, 0), &act)
            .unwrap();
        let parts: Vec<Part<()>> = self.ports.orders.save(&changed, ()).unwrap();
        self.world.dynamo().commit(parts).await
    }

    async fn names(&self) -> Vec<String> {
        self.world.events().await.into_iter().map(|event| event.name).collect()
    }
}

#[tokio::test]
async fn an_unpaid_order_expires_when_due_and_gives_its_stock_back() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    assert_eq!(shop.free().await, 0);
    shop.world.clock().advance_seconds(29 * 60);
    assert_eq!(handle(&shop.ports).await.unwrap().fired, 0);
    shop.world.clock().advance_seconds(61);
    assert_eq!(
        handle(&shop.ports).await.unwrap(),
        Answer {
            fired: 1,
            failed: 0,
            lag_s: 1
        }
    );
    assert_eq!(shop.state(order.id()).await, StateName::Expired);
    assert_eq!(shop.free().await, 5);
    assert_eq!(shop.names().await, ["order.placed", "order.expired"]);
}

#[tokio::test]
async fn expiring_twice_gives_stock_back_once() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    shop.world.clock().advance_seconds(31 * 60);
    let entity = order.id().to_string();
    let (first, second) = tokio::join!(fire(&shop.ports, &entity), fire(&shop.ports, &entity));
    assert!(first.is_ok() && second.is_ok());
    fire(&shop.ports, &entity).await.unwrap();
    assert_eq!(handle(&shop.ports).await.unwrap().failed, 0);
    assert_eq!(shop.free().await, 5);
    assert_eq!(shop.names().await, ["order.placed", "order.expired"]);
}

#[tokio::test]
async fn a_paid_order_is_left_alone() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    let id = order.id();
    shop.pay(order).await.unwrap();
    shop.world.clock().advance_seconds(31 * 60);
    assert_eq!(handle(&shop.ports).await.unwrap().fired, 1);
    assert_eq!(shop.state(id).await, StateName::Confirmed);
    assert_eq!(shop.free().await, 0);
}

#[tokio::test]
async fn a_payment_that_was_decided_before_the_expiry_and_comes_after_it_is_refused() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    let id = order.id();
    shop.world.clock().advance_seconds(31 * 60);
    handle(&shop.ports).await.unwrap();
    assert!(matches!(shop.pay(order).await, Err(CommitError::Refused(_))));
    assert_eq!(shop.state(id).await, StateName::Expired);
}

#[tokio::test]
async fn an_expiry_that_was_decided_before_the_payment_and_comes_after_it_is_refused() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    let id = order.id();
    shop.world.clock().advance_seconds(31 * 60);
    let act = Act::by(Actor::system("order-expiry"), shop.world.now());
    let late = shop
        .ports
        .orders
        .expire(&shop.ports.inventory, order.clone(), &act)
        .await
        .unwrap();
    shop.pay(order).await.unwrap();
    assert_eq!(
        shop.ports.orders.commit(late.parts).await.unwrap(),
        Some(sales::Lost::Order)
    );
    assert_eq!(shop.state(id).await, StateName::Confirmed);
    assert_eq!(shop.free().await, 0);
}

#[tokio::test]
async fn of_payment_and_expiry_at_once_exactly_one_wins() {
    let shop = Shop::new().await;
    for _ in 0..10 {
        let before = shop.free().await;
        let order = shop.placed().await;
        let id = order.id();
        shop.world.clock().advance_seconds(31 * 60);
        let entity = id.to_string();
        let (paid, expired) = tokio::join!(shop.pay(order), fire(&shop.ports, &entity));
        expired.unwrap();
        let (state, back) = (shop.state(id).await, shop.free().await - before);
        match paid {
            Ok(()) => assert_eq!((state, back), (StateName::Confirmed, 0)),
            Err(_) => assert_eq!((state, back), (StateName::Expired, 5)),
        }
    }
}

#[tokio::test]
async fn a_timer_of_an_unknown_order_is_dropped() {
    let shop = Shop::new().await;
    let missing = OrderId::from_parts(Timestamp::from_millis(1), [1; 10]).to_string();
    assert!(fire(&shop.ports, &missing).await.is_ok());
    assert!(fire(&shop.ports, "junk").await.is_ok());
}
