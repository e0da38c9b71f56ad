//! Polling over embedded DynamoDB, a virtual clock and a scripted provider.

mod crash;
mod refunds;

use std::collections::BTreeSet;

use dynamo::{Dynamo, Record};
use kernel::{Id, Money, OrderId};
use payments::{
    Intent, IntentState, Poll, Provider,
    double::{self, Double},
};
use testkit::World;

use super::*;

pub(crate) fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

pub(crate) struct Shop {
    pub(crate) world: World,
    pub(crate) ports: Ports<Double>,
    pub(crate) double: Double,
    booked: BTreeSet<String>,
}

impl Shop {
    pub(crate) async fn new() -> Self {
        let world = World::new(&["payments"]).await;
        let double = Double::new(world.ambient());
        let ports = with(&world, world.dynamo(), &double);
        for kind in [POLL_TIMER, REFUND_POLL_TIMER] {
            swept_until_now(&world, kind).await;
        }
        Self {
            world,
            ports,
            double,
            booked: BTreeSet::new(),
        }
    }

    /// What `payment-start` leaves: an intent, whose its object is, and the first timer.
    pub(crate) async fn started(&self, provider: Provider, sending: bool) -> Intent {
        let ambient = self.world.ambient();
        let order = OrderId::generate(&ambient);
        let mut intent = double::intent(order, "k", provider, cny(5_000), ambient.now());
        if sending {
            intent.state = IntentState::Sending;
        }
        let poll = Poll::first(&intent).unwrap();
        let timer = self.ports.timers.set(&poll.timer(&intent).unwrap()).unwrap();
        let opened = self.ports.payments.open_intent(&intent, vec![timer]).await.unwrap();
        assert_eq!(opened, None);
        intent
    }

    /// Some minutes in which no timer comes due, and a sweep.
    pub(crate) async fn jump(&mut self, minutes: i64) -> Answer {
        self.world.clock().advance_seconds((minutes - 1) * 60);
        for kind in [POLL_TIMER, REFUND_POLL_TIMER] {
            swept_until_now(&self.world, kind).await;
        }
        self.minute().await
    }

    /// A minute, and its sweep.
    pub(crate) async fn minute(&mut self) -> Answer {
        self.minutes(1).await
    }

    /// Some minutes, and a sweep.
    pub(crate) async fn minutes(&mut self, minutes: i64) -> Answer {
        self.world.clock().advance_seconds(minutes * 60);
        let answer = handle(&self.ports).await.unwrap();
        self.book().await;
        answer
    }

    pub(crate) async fn book(&mut self) {
        let mut events = self.world.events().await;
        // Events of one millisecond are in no order.
        events.retain(|event| self.booked.insert(event.id.to_string()));
        double::book(&self.ports.payments, &events).await.unwrap();
    }

    pub(crate) async fn captured(&self, intent: &Intent) -> i64 {
        let money = self
            .ports
            .payments
            .order_money(intent.order, intent.amount)
            .await
            .unwrap();
        money.state.folded.total.captured.amount()
    }

    pub(crate) async fn count(&self, event: &str) -> usize {
        let events = self.world.events().await;
        events.iter().filter(|told| told.name == event).count()
    }

    /// Reasons of all cases.
    pub(crate) async fn cases(&self) -> Vec<String> {
        let items = self.world.items("PaymentsTable").await;
        let cases = items.iter().filter(|item| item["entity"]["S"] == "payment-case");
        cases
            .map(|item| item["why"]["M"]["case"]["S"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn watermark(&self) -> i64 {
        let items = self.world.items("TimersTable").await;
        let mark = items
            .iter()
            .find(|item| item["pk"]["S"] == format!("watermark#{POLL_TIMER}").as_str());
        mark.unwrap()["minute"]["N"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn timers(&self) -> usize {
        let items = self.world.items("TimersTable").await;
        items.iter().filter(|item| item["entity"]["S"] == "timer").count()
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Watermark {
    minute: i64,
}

impl Record for Watermark {
    const ENTITY: &'static str = "watermark";
    const SHAPE: u16 = 1;
}

/// The first sweep of all would look an hour back: hundreds of queries that no test here needs.
async fn swept_until_now(world: &World, kind: &str) {
    let key = dynamo::key(format!("watermark#{kind}"), "watermark");
    let minute = world.now().minute();
    let item = dynamo::to_item(&key, &Watermark { minute }).unwrap();
    let part = dynamo::Part::<()>::put(world.table("TimersTable"), item);
    world.dynamo().commit(vec![part]).await.unwrap();
}

pub(crate) fn with(world: &World, dynamo: Dynamo, double: &Double) -> Ports<Double> {
    Ports {
        payments: Payments::new(
            dynamo.clone(),
            world.table("PaymentsTable"),
            world.table("LedgerTable"),
            world.outbox(),
        ),
        timers: Timers::new(dynamo, world.table("TimersTable")),
        providers: double.clone(),
        ambient: world.ambient(),
        ask_timeout: Duration::from_millis(200),
    }
}

#[tokio::test]
async fn a_payment_that_nobody_told_of_is_found_at_the_next_of_1_5_and_30_minutes_and_24_hours() {
    for (paid_at, found_at) in [(0, 1), (2, 5), (6, 30), (40, 24 * 60)] {
        let mut shop = Shop::new().await;
        let intent = shop.started(Provider::WechatPay, false).await;
        for minute in 0..(found_at - 1).min(41) {
            if minute == paid_at {
                shop.double.pay(&intent);
            }
            shop.minute().await;
            assert_eq!(shop.captured(&intent).await, 0, "minute {minute}");
        }
        if paid_at == 0 {
            shop.double.pay(&intent);
        }
        if found_at > 41 {
            shop.jump(found_at - 42).await;
            assert_eq!(shop.captured(&intent).await, 0);
        }
        shop.minute().await;
        assert_eq!(shop.captured(&intent).await, 5_000, "minute {found_at}");
        assert_eq!((shop.timers().await, shop.count("payment.noticed").await), (0, 1));
    }
}

#[tokio::test]
async fn a_payment_that_was_told_of_is_not_asked_about() {
    let mut shop = Shop::new().await;
    let intent = shop.started(Provider::Alipay, false).await;
    shop.double.pay(&intent);
    shop.minute().await;
    shop.double.die_at(usize::MAX, payments::crash::When::Before);
    let poll = Poll::first(&intent).unwrap();
    payment::fire(&shop.ports, &Sweep::default(), &poll.to_string())
        .await
        .unwrap();
    assert_eq!(shop.double.calls(), 0);
}

#[tokio::test]
async fn a_payment_that_nobody_pays_ends_quietly() {
    let mut shop = Shop::new().await;
    shop.started(Provider::Stripe, false).await;
    for minutes in [1, 4, 25] {
        assert_eq!(shop.minutes(minutes).await.fired, 1);
        assert_eq!(shop.timers().await, 1);
    }
    assert_eq!(shop.jump(24 * 60 - 30).await.fired, 1);
    assert_eq!((shop.timers().await, shop.cases().await), (0, Vec::new()));
}

#[tokio::test]
async fn a_sweep_that_comes_late_skips_the_times_that_are_past() {
    let mut shop = Shop::new().await;
    let intent = shop.started(Provider::WechatPay, false).await;
    shop.minutes(45).await;
    shop.double.die_at(usize::MAX, payments::crash::When::Before);
    assert_eq!(shop.minutes(2).await.fired, 0);
    assert_eq!((shop.double.calls(), shop.timers().await), (0, 1));
    shop.double.pay(&intent);
    shop.jump(24 * 60 - 47).await;
    assert_eq!(shop.captured(&intent).await, 5_000);
}

#[tokio::test]
async fn a_payment_whose_start_died_is_started_again_under_its_id() {
    for provider in [Provider::Stripe, Provider::WechatPay, Provider::Alipay] {
        let mut shop = Shop::new().await;
        let intent = shop.started(provider, true).await;
        shop.minute().await;
        let found = shop
            .ports
            .payments
            .intent(intent.order, intent.id)
            .await
            .unwrap()
            .unwrap();
        let object = double::object(&intent).unwrap();
        assert!(
            matches!(&found.state, IntentState::Open { started } if started.object == object),
            "{found:?}"
        );
        assert_eq!(found.version, 3);
        shop.double.pay(&intent);
        shop.minutes(4).await;
        assert_eq!(shop.captured(&intent).await, 5_000);
    }
}

#[tokio::test]
async fn a_payment_that_may_not_be_paid_any_more_is_not_started_again() {
    let mut shop = Shop::new().await;
    let mut intent = shop.started(Provider::WechatPay, true).await;
    intent.pay_by = Some(shop.world.now());
    intent.version = 2;
    assert_eq!(shop.ports.payments.put_intent(&intent).await.unwrap(), None);
    shop.minute().await;
    let found = shop
        .ports
        .payments
        .intent(intent.order, intent.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.state, found.version), (IntentState::Sending, 2));
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_until_it_answers() {
    let mut shop = Shop::new().await;
    let intent = shop.started(Provider::Alipay, false).await;
    shop.double.pay(&intent);
    shop.double.down(Provider::Alipay, true);
    for _ in 0..5 {
        let answer = shop.minute().await;
        assert_eq!((answer.fired, answer.failed, answer.unanswered), (1, 0, 1));
    }
    shop.double.down(Provider::Alipay, false);
    shop.minute().await;
    assert_eq!(shop.captured(&intent).await, 5_000);
}

#[tokio::test]
async fn a_provider_that_is_down_for_days_becomes_a_case_and_holds_up_nobody() {
    let mut shop = Shop::new().await;
    shop.started(Provider::Alipay, false).await;
    shop.double.down(Provider::Alipay, true);
    for _ in 0..3 {
        assert_eq!(shop.minute().await.unanswered, 1);
    }
    shop.world.clock().advance_seconds(GIVE_UP_AFTER_S);
    let before = shop.watermark().await;
    handle(&shop.ports).await.unwrap();
    assert_eq!(
        (shop.timers().await, shop.cases().await),
        (0, vec!["silent".to_owned()])
    );
    // It goes on: the next sweep begins hours later.
    handle(&shop.ports).await.unwrap();
    assert!(shop.watermark().await > before + 120);
    swept_until_now(&shop.world, POLL_TIMER).await;
    let other = shop.started(Provider::WechatPay, false).await;
    shop.double.pay(&other);
    shop.minute().await;
    assert_eq!(shop.captured(&other).await, 5_000);
}

#[tokio::test]
async fn a_provider_that_hangs_blocks_nobody_and_is_left_alone_soon() {
    let mut shop = Shop::new().await;
    shop.double.hang(Provider::Alipay);
    for _ in 0..100 {
        shop.started(Provider::Alipay, false).await;
    }
    let others = [
        shop.started(Provider::WechatPay, false).await,
        shop.started(Provider::Stripe, false).await,
    ];
    for intent in &others {
        shop.double.pay(intent);
    }
    let swept = tokio::time::timeout(Duration::from_secs(20), shop.minute())
        .await
        .unwrap();
    assert_eq!((swept.fired, swept.failed), (102, 0));
    // Those that were already under way when it was found out, and no more.
    let most = u32::try_from(WIDTH).unwrap() * 4;
    assert!((8..=most).contains(&swept.unanswered), "{swept:?}");
    for intent in &others {
        assert_eq!(shop.captured(intent).await, 5_000);
    }
    assert_eq!(shop.timers().await, 100);
}

#[tokio::test]
async fn timers_of_nothing_are_dropped() {
    let shop = Shop::new().await;
    let sweep = Sweep::default();
    let missing = "ord_0190a6d0000070008000000000000000#pay_0190a6d0000070008000000000000000#0";
    for entity in ["junk", missing] {
        payment::fire(&shop.ports, &sweep, entity).await.unwrap();
    }
    let missing = "ord_0190a6d0000070008000000000000000#rfd_0190a6d0000070008000000000000000#0#1";
    for entity in ["junk", missing] {
        refund::fire(&shop.ports, &sweep, entity).await.unwrap();
    }
}
