//! Over an embedded DynamoDB: the real records, the real timers.

use dynamo::{Dynamo, Part, Record, to_item};
use kernel::{Id, Money};
use payments::{
    CaseReason, Dispute, DisputeOutcome, FoldedDispute,
    crash::{Crash, When},
    events::latest::Why,
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

fn ports(world: &World, dynamo: Dynamo) -> Ports {
    Ports {
        payments: Payments::new(dynamo.clone(), world.table("PaymentsTable"), "", world.outbox()),
        timers: Timers::new(dynamo, world.table("TimersTable")),
    }
}

impl Shop {
    /// A dispute whose evidence is due in three days.
    async fn new() -> Self {
        let world = World::new(&["payments"]).await;
        let ports = ports(&world, world.dynamo());
        let order = OrderId::generate(&world.ambient());
        let shop = Self { world, ports, order };
        shop.told(DisputeOutcome::Open, Some(3)).await;
        shop
    }

    fn id() -> ObjectId {
        "dp_1".parse().unwrap()
    }

    async fn known(&self) -> Option<Dispute> {
        self.ports
            .payments
            .dispute(self.order, Provider::Stripe, &Self::id())
            .await
            .unwrap()
    }

    async fn told(&self, outcome: DisputeOutcome, due_in_days: Option<i64>) {
        let folded = FoldedDispute {
            payment: "pi_1".parse().unwrap(),
            amount: Money::new(100, "CNY".parse().unwrap()).unwrap(),
            outcome,
        };
        let (known, now) = (self.known().await, self.world.now());
        let due = due_in_days.map(|days| now.plus_seconds(days * DAY_S));
        let of = (self.order, Provider::Stripe, &Self::id());
        let after = Dispute::after(known.as_ref(), of, &folded, due, now).unwrap();
        let parts = self
            .ports
            .payments
            .dispute_parts(known.as_ref(), &after, &self.ports.timers)
            .unwrap();
        self.world.dynamo().commit(parts).await.unwrap();
    }

    async fn swept_until_now(&self) {
        let key = dynamo::key(format!("watermark#{EVIDENCE_TIMER}"), "watermark");
        let minute = self.world.now().minute() - 1;
        let item = to_item(&key, &Watermark { minute }).unwrap();
        let part = Part::put(self.world.table("TimersTable"), item);
        self.world.dynamo().commit::<()>(vec![part]).await.unwrap();
    }

    async fn sweep(&self) -> Answer {
        handle(&self.ports).await.unwrap()
    }

    async fn warnings(&self) -> usize {
        let all = self.world.events().await;
        all.iter().filter(|event| event.name == "payment.dispute_due").count()
    }

    /// Lets days pass, swept each hour.
    async fn days(&self, days: i64) {
        for _ in 0..days * 24 {
            self.world.clock().advance_seconds(3_600);
            self.sweep().await;
        }
    }
}

#[tokio::test]
async fn staff_are_told_once_a_day_before_evidence_is_due() {
    let shop = Shop::new().await;
    shop.days(1).await;
    assert_eq!(shop.warnings().await, 0);
    shop.days(1).await;
    assert_eq!(shop.warnings().await, 1);
    let cases = shop
        .ports
        .payments
        .cases(&shop.world.now().day(), None)
        .await
        .unwrap()
        .items;
    assert_eq!(
        (cases.len(), cases[0].why, cases[0].order),
        (1, Why::Case(CaseReason::EvidenceDue), Some(shop.order))
    );
    shop.days(2).await;
    assert_eq!(shop.warnings().await, 1);
}

#[tokio::test]
async fn a_later_due_time_moves_the_warning_and_the_list() {
    let shop = Shop::new().await;
    let first = shop.known().await.unwrap().listed_on;
    shop.days(1).await;
    shop.told(DisputeOutcome::Open, Some(5)).await;
    let second = shop.known().await.unwrap().listed_on;
    assert_ne!(first, second);
    for (day, listed) in [(first, 0), (second, 1)] {
        let due = shop.ports.payments.disputes_due(&day, None).await.unwrap().items;
        assert_eq!(due.len(), listed, "{day}");
    }
    shop.days(3).await;
    assert_eq!(shop.warnings().await, 0);
    shop.days(1).await;
    assert_eq!(shop.warnings().await, 1);
}

#[tokio::test]
async fn nobody_is_told_of_a_dispute_that_is_over() {
    let shop = Shop::new().await;
    shop.told(DisputeOutcome::Lost, None).await;
    shop.days(3).await;
    assert_eq!(shop.warnings().await, 0);
}

#[tokio::test]
async fn a_crash_around_any_store_call_tells_staff_once_in_the_end() {
    let mut points = 0;
    for when in [When::Before, When::After] {
        for at in 0.. {
            let shop = Shop::new().await;
            shop.world.clock().advance_seconds(2 * DAY_S);
            shop.swept_until_now().await;
            let crash = Crash::new(at, when);
            let crashing = ports(&shop.world, crash.store(shop.world.client(), shop.world.ambient()));
            let _: Result<Answer, StoreError> = handle(&crashing).await;
            if !crash.happened() {
                break;
            }
            shop.world.clock().advance_seconds(60);
            shop.sweep().await;
            assert_eq!(shop.warnings().await, 1, "crash {when:?} call {at}");
            points += 1;
        }
    }
    println!("dispute deadlines: {points} crash points visited");
    assert!(points > 10, "{points}");
}
