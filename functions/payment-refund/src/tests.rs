//! Refunds over embedded DynamoDB and a scripted provider.

mod crash;

use std::collections::BTreeSet;

use dynamo::Dynamo;
use kernel::{Actor, Id, Money, OrderId, RefundId};
use payments::{
    Intent, NoticeSource, Provider, REFUND_POLL_TIMER, RefundAsk, RefundProgress, RefundReason, RefundRecord,
    RefundState, Standing, ask_refund,
    double::{self, Double, RefundAnswer},
    provider::Providers as _,
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

pub(crate) fn store(world: &World, dynamo: Dynamo) -> Payments {
    Payments::new(
        dynamo,
        world.table("PaymentsTable"),
        world.table("LedgerTable"),
        world.outbox(),
    )
}

impl Shop {
    pub(crate) async fn new() -> Self {
        let world = World::new(&["payments"]).await;
        let double = Double::new(world.ambient());
        let ports = Ports {
            payments: store(&world, world.dynamo()),
            timers: world.timers(),
            providers: double.clone(),
        };
        Self {
            world,
            ports,
            double,
            booked: BTreeSet::new(),
        }
    }

    /// Ports whose store is `dynamo`.
    pub(crate) fn with(&self, dynamo: Dynamo) -> Ports<Double> {
        let timers = Timers::new(dynamo.clone(), self.world.table("TimersTable"));
        Ports {
            payments: store(&self.world, dynamo),
            timers,
            providers: self.double.clone(),
        }
    }

    /// Books what was noticed since the last time.
    pub(crate) async fn book(&mut self) {
        let mut events = self.world.events().await;
        // Events of one millisecond are in no order.
        events.retain(|event| self.booked.insert(event.id.to_string()));
        double::book(&self.ports.payments, &events).await.unwrap();
    }

    /// A paid order of 50.00.
    pub(crate) async fn paid(&mut self, provider: Provider) -> Intent {
        let (ambient, payments) = (self.world.ambient(), &self.ports.payments);
        let order = OrderId::generate(&ambient);
        let intent = double::intent(order, "k", provider, cny(5_000), ambient.now());
        assert_eq!(payments.open_intent(&intent, Vec::new()).await.unwrap(), None);
        self.double.pay(&intent);
        let told = self.double.query(&intent).await.unwrap();
        payments
            .keep_reading(NoticeSource::Query, provider, &told)
            .await
            .unwrap();
        self.book().await;
        intent
    }

    /// Asks for some of it back; the message that asks for it.
    pub(crate) async fn ask(&self, intent: &Intent, amount: i64) -> (RefundId, Envelope) {
        let money = self
            .ports
            .payments
            .order_money(intent.order, intent.amount)
            .await
            .unwrap();
        assert_eq!(money.state.standing, Standing::Accepted);
        let ask = RefundAsk {
            amount: cny(amount),
            reason: RefundReason::Goodwill,
            payment: None,
            lines: Vec::new(),
            by: Actor::system("test"),
        };
        let ids = || RefundId::generate(&self.world.ambient());
        let settled = ask_refund(&money.state, &ask, self.world.now(), ids).unwrap();
        let parts = self.ports.payments.settle_parts(&settled, None).unwrap();
        self.world.dynamo().commit(parts).await.unwrap();
        let refund = settled.refunds[0].id;
        let mut events = self.world.events().await.into_iter();
        let asked = events.find(|event| {
            event.name == "payment.refund_requested" && event.data["refund"] == refund.to_string().as_str()
        });
        (refund, asked.unwrap())
    }

    pub(crate) async fn record(&self, intent: &Intent, refund: RefundId) -> RefundRecord {
        let found = self.ports.payments.refund_record(intent.order, refund).await.unwrap();
        found.unwrap()
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

    async fn timers(&self) -> usize {
        let items = self.world.items("TimersTable").await;
        let ours = |item: &&serde_json::Value| item["pk"]["S"].as_str().unwrap().starts_with(REFUND_POLL_TIMER);
        items.iter().filter(ours).count()
    }
}

#[tokio::test]
async fn a_refund_is_sent_once_and_settles() {
    for provider in [Provider::Stripe, Provider::WechatPay, Provider::Alipay] {
        let mut shop = Shop::new().await;
        let intent = shop.paid(provider).await;
        let (refund, message) = shop.ask(&intent, 2_000).await;
        one(&shop.ports, message.clone()).await.unwrap();
        let record = shop.record(&intent, refund).await;
        assert_eq!((&record.request.state, record.request.version), (&RefundState::Sent, 3));
        assert_eq!(record.request.provider_refund, record.request.object());
        assert_eq!(shop.timers().await, 1);
        one(&shop.ports, message.clone()).await.unwrap();
        shop.book().await;
        one(&shop.ports, message).await.unwrap();
        assert_eq!(shop.double.refund_keys(), [refund.to_string().parse().unwrap()]);
        assert_eq!(shop.record(&intent, refund).await.progress, RefundProgress::Settled);
        let money = shop
            .ports
            .payments
            .order_money(intent.order, intent.amount)
            .await
            .unwrap();
        assert_eq!(money.state.folded.total.refunded, cny(2_000));
        assert_eq!(shop.cases().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_refund_that_is_on_its_way_is_sent_and_waits_for_its_outcome() {
    let mut shop = Shop::new().await;
    shop.double.answer_refunds(RefundAnswer::Pends);
    let intent = shop.paid(Provider::WechatPay).await;
    let (refund, message) = shop.ask(&intent, 2_000).await;
    one(&shop.ports, message).await.unwrap();
    shop.book().await;
    let record = shop.record(&intent, refund).await;
    assert_eq!(
        (record.request.state, record.progress),
        (RefundState::Sent, RefundProgress::Sent)
    );
    assert_eq!(shop.timers().await, 1);
}

#[tokio::test]
async fn a_refusal_is_a_case_and_is_not_sent_again() {
    let mut shop = Shop::new().await;
    shop.double.answer_refunds(RefundAnswer::Refused);
    let intent = shop.paid(Provider::Alipay).await;
    let (refund, message) = shop.ask(&intent, 2_000).await;
    one(&shop.ports, message.clone()).await.unwrap();
    one(&shop.ports, message).await.unwrap();
    let record = shop.record(&intent, refund).await;
    let code = "NOT_ENOUGH".to_owned();
    assert_eq!(record.request.state, RefundState::Refused { code });
    assert_eq!(record.progress, RefundProgress::NeedsPerson);
    assert_eq!(shop.cases().await, ["refund_refused"]);
    assert_eq!(shop.count("payment.held").await, 1);
    assert_eq!(shop.double.refund_keys().len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_again_under_the_same_key() {
    let mut shop = Shop::new().await;
    let intent = shop.paid(Provider::Stripe).await;
    let (refund, message) = shop.ask(&intent, 2_000).await;
    shop.double.down(Provider::Stripe, true);
    for version in 2..5 {
        assert!(matches!(
            one(&shop.ports, message.clone()).await,
            Err(Failure::Retry(_))
        ));
        let record = shop.record(&intent, refund).await;
        assert_eq!(
            (record.request.state, record.request.version),
            (RefundState::Sending, version)
        );
    }
    shop.double.down(Provider::Stripe, false);
    one(&shop.ports, message).await.unwrap();
    assert_eq!(shop.record(&intent, refund).await.request.state, RefundState::Sent);
    assert_eq!(shop.double.refund_keys(), [refund.to_string().parse().unwrap()]);
    assert_eq!(shop.timers().await, 1);
}

#[tokio::test]
async fn a_sender_that_was_believed_dead_changes_nothing_any_more() {
    let mut shop = Shop::new().await;
    let intent = shop.paid(Provider::Stripe).await;
    let (refund, message) = shop.ask(&intent, 2_000).await;
    shop.double.down(Provider::Stripe, true);
    assert!(one(&shop.ports, message.clone()).await.is_err());
    let dead = shop.record(&intent, refund).await.request;
    shop.double.down(Provider::Stripe, false);
    one(&shop.ports, message).await.unwrap();
    let late = payments::RefundRequest {
        state: RefundState::Refused {
            code: "late".to_owned(),
        },
        version: dead.version + 1,
        ..dead
    };
    assert_eq!(
        shop.ports.payments.put_refund(&late, Vec::new()).await.unwrap(),
        Some(payments::Stale)
    );
    assert_eq!(shop.record(&intent, refund).await.request.state, RefundState::Sent);
}

#[tokio::test]
async fn two_messages_at_once_make_one_refund() {
    for _ in 0..5 {
        let mut shop = Shop::new().await;
        let intent = shop.paid(Provider::WechatPay).await;
        let (refund, message) = shop.ask(&intent, 2_000).await;
        let (first, second) = tokio::join!(one(&shop.ports, message.clone()), one(&shop.ports, message));
        assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        shop.book().await;
        assert_eq!(shop.double.refunds_made(), 1);
        let keys = shop.double.refund_keys();
        assert!(keys.iter().all(|key| key.as_str() == refund.to_string()), "{keys:?}");
        let record = shop.record(&intent, refund).await;
        assert_eq!(
            (record.request.state, record.progress),
            (RefundState::Sent, RefundProgress::Settled)
        );
    }
}

#[tokio::test]
async fn a_message_of_no_refund_is_done_and_one_of_another_shape_is_terminal() {
    let mut shop = Shop::new().await;
    let intent = shop.paid(Provider::Stripe).await;
    let (_, message) = shop.ask(&intent, 2_000).await;
    let mut other = message.clone();
    other.data["refund"] = "rfd_0190a6d0000070008000000000000000".into();
    one(&shop.ports, other).await.unwrap();
    assert!(shop.double.refund_keys().is_empty());
    let mut garbled = message;
    garbled.data = serde_json::json!({});
    assert!(matches!(one(&shop.ports, garbled).await, Err(Failure::Terminal(_))));
}
