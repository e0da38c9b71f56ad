//! Over an embedded DynamoDB: the real money, the real ledger, the real timers.

use dynamo::{Part, Record, to_item};
use kernel::{Id, Money, RefundId};
use payments::{
    Account, Escrow, Fact, FactKind, Notice, NoticeSource, ObjectId, OrderStanding, Provider, Reading, Reference,
    Subject,
    crash::{Crash, When},
    escrow_timer, settle,
};
use testkit::World;

use super::*;

const DAY_S: i64 = 86_400;

/// Where the last sweep ended: so that the next looks at minutes, and not at the hour that a first one does.
#[derive(Serialize, serde::Deserialize)]
struct Watermark {
    minute: i64,
}

impl Record for Watermark {
    const ENTITY: &'static str = "watermark";
    const SHAPE: u16 = 1;
}

struct Shop {
    world: World,
    ports: Ports,
    order: OrderId,
}

fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

fn ports(world: &World, dynamo: Dynamo) -> Ports {
    let (payments, ledger) = (world.table("PaymentsTable"), world.table("LedgerTable"));
    Ports {
        payments: Payments::new(dynamo.clone(), payments, ledger, world.outbox()),
        timers: Timers::new(dynamo.clone(), world.table("TimersTable")),
        dynamo,
    }
}

impl Shop {
    /// An order over 100.00 CNY, paid and delivered; its money is held for seven days from now.
    async fn new() -> Self {
        let world = World::new(&["payments"]).await;
        let ports = ports(&world, world.dynamo());
        let order = OrderId::generate(&world.ambient());
        let shop = Self { world, ports, order };
        shop.tell(captured()).await;
        let money = shop.ports.payments.known_money(order).await.unwrap().unwrap();
        let timer = escrow_timer(&money.state, shop.world.now(), 7, shop.world.now()).unwrap();
        shop.world
            .dynamo()
            .commit::<()>(vec![shop.ports.timers.set(&timer).unwrap()])
            .await
            .unwrap();
        shop
    }

    async fn tell(&self, kind: FactKind) {
        let fact = Fact {
            provider: Provider::Stripe,
            payment: "pi_1".parse().unwrap(),
            kind,
        };
        let payments = &self.ports.payments;
        let mut money = payments.order_money(self.order, cny(10_000)).await.unwrap();
        if money.state.version == 0 {
            money.state.escrow = Escrow::Held;
        }
        let (now, told) = (self.world.now(), [fact.clone()]);
        let ids = || RefundId::generate(&self.world.ambient());
        let settled = settle(
            &money.state,
            &money.facts,
            &told,
            (OrderStanding::Open, cny(10_000)),
            now,
            ids,
        )
        .unwrap();
        let reading = Reading {
            reference: Reference::default(),
            asked: None,
            livemode: false,
            occurred_at: None,
            evidence_due_at: None,
            card: None,
            facts: vec![fact],
        };
        let notice = Notice::of_reading(NoticeSource::Query, Provider::Stripe, &reading, now).unwrap();
        let parts = payments.settle_parts(&settled, Some(&notice)).unwrap();
        self.world.dynamo().commit(parts).await.unwrap();
    }

    async fn swept_until_now(&self) {
        let key = dynamo::key(format!("watermark#{ESCROW_TIMER}"), "watermark");
        let minute = self.world.now().minute() - 1;
        let item = to_item(&key, &Watermark { minute }).unwrap();
        let part = Part::put(self.world.table("TimersTable"), item);
        self.world.dynamo().commit::<()>(vec![part]).await.unwrap();
    }

    async fn sweep(&self) -> Answer {
        handle(&self.ports).await.unwrap()
    }

    async fn owed_to_merchant(&self) -> i64 {
        let now = self.world.now();
        let balance = self
            .ports
            .payments
            .balance(Account::MerchantPayable, cny(0).currency(), now);
        -balance.await.unwrap().amount()
    }

    async fn postings(&self) -> usize {
        self.ports
            .payments
            .postings(&Subject::Order(self.order))
            .await
            .unwrap()
            .len()
    }
}

fn captured() -> FactKind {
    FactKind::Captured { received: cny(10_000) }
}

fn dispute() -> ObjectId {
    "dp_1".parse().unwrap()
}

#[tokio::test]
async fn held_money_is_the_merchants_when_its_time_is_over_and_not_before() {
    let shop = Shop::new().await;
    shop.world.clock().advance_seconds(7 * DAY_S - 61);
    assert_eq!((shop.sweep().await.fired, shop.owed_to_merchant().await), (0, 0));
    shop.world.clock().advance_seconds(61);
    assert_eq!((shop.sweep().await.fired, shop.owed_to_merchant().await), (1, 10_000));
    shop.world.clock().advance_seconds(60);
    assert_eq!((shop.sweep().await.fired, shop.owed_to_merchant().await), (0, 10_000));
    // The customer says so later: there is nothing to release any more.
    assert_eq!(shop.ports.payments.release(shop.order).await.unwrap(), Release::Nothing);
    assert_eq!(shop.postings().await, 2);
}

#[tokio::test]
async fn a_customer_who_has_the_goods_releases_the_money_at_once() {
    let shop = Shop::new().await;
    assert_eq!(
        shop.ports.payments.release(shop.order).await.unwrap(),
        Release::Released
    );
    assert_eq!(shop.owed_to_merchant().await, 10_000);
    shop.world.clock().advance_seconds(7 * DAY_S);
    assert_eq!((shop.sweep().await.fired, shop.postings().await), (1, 2));
    let stranger = OrderId::generate(&shop.world.ambient());
    assert_eq!(shop.ports.payments.release(stranger).await.unwrap(), Release::Nothing);
}

#[tokio::test]
async fn a_dispute_stops_the_clock_until_it_is_over() {
    let shop = Shop::new().await;
    let opened = FactKind::DisputeOpened {
        dispute: dispute(),
        amount: cny(10_000),
    };
    shop.tell(opened).await;
    shop.world.clock().advance_seconds(7 * DAY_S);
    assert_eq!((shop.sweep().await.fired, shop.owed_to_merchant().await), (1, 0));
    shop.world.clock().advance_seconds(3_600);
    assert_eq!(shop.sweep().await.fired, 0);
    shop.tell(FactKind::DisputeWon { dispute: dispute() }).await;
    for _ in 0..23 {
        shop.world.clock().advance_seconds(3_600);
        shop.sweep().await;
    }
    assert_eq!(shop.owed_to_merchant().await, 10_000);
}

#[tokio::test]
async fn a_crash_around_any_store_call_releases_the_money_once_in_the_end() {
    let mut points = 0;
    for when in [When::Before, When::After] {
        for at in 0.. {
            let shop = Shop::new().await;
            shop.world.clock().advance_seconds(7 * DAY_S);
            shop.swept_until_now().await;
            let crash = Crash::new(at, when);
            let crashing = ports(&shop.world, crash.store(shop.world.client(), shop.world.ambient()));
            let _: Result<Answer, StoreError> = handle(&crashing).await;
            if !crash.happened() {
                break;
            }
            shop.world.clock().advance_seconds(60);
            shop.sweep().await;
            assert_eq!(
                (shop.owed_to_merchant().await, shop.postings().await),
                (10_000, 2),
                "crash {when:?} call {at}"
            );
            points += 1;
        }
    }
    println!("escrow: {points} crash points visited");
    assert!(points > 10, "{points}");
}
