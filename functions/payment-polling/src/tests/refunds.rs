//! Refunds that are asked about.

use kernel::{Actor, RefundId};
use payments::{RefundAsk, RefundProgress, RefundReason, RefundSender, RefundState, ask_refund, double::RefundAnswer};

use super::*;

impl Shop {
    /// A paid order, of which some is asked back; nobody has sent it.
    pub(crate) async fn asked_back(&mut self, provider: Provider) -> (Intent, RefundId) {
        let intent = self.started(provider, false).await;
        self.double.pay(&intent);
        self.minute().await;
        let money = self
            .ports
            .payments
            .order_money(intent.order, intent.amount)
            .await
            .unwrap();
        let ask = RefundAsk {
            amount: cny(2_000),
            reason: RefundReason::Damaged,
            payment: None,
            lines: Vec::new(),
            by: Actor::system("test"),
        };
        let ids = || RefundId::generate(&self.world.ambient());
        let settled = ask_refund(&money.state, &ask, self.world.now(), ids).unwrap();
        let parts = self.ports.payments.settle_parts(&settled, None).unwrap();
        self.world.dynamo().commit(parts).await.unwrap();
        (intent, settled.refunds[0].id)
    }

    /// What `payment-refund` does.
    pub(crate) async fn send(&self, intent: &Intent, refund: RefundId) -> bool {
        let sender = RefundSender {
            payments: &self.ports.payments,
            timers: &self.ports.timers,
            providers: &self.double,
        };
        sender.send(intent.order, refund).await.is_ok()
    }

    pub(crate) async fn refund(&self, intent: &Intent, refund: RefundId) -> (RefundState, RefundProgress) {
        let record = self.ports.payments.refund_record(intent.order, refund).await.unwrap();
        record.map(|record| (record.request.state, record.progress)).unwrap()
    }
}

#[tokio::test]
async fn a_refund_that_was_on_its_way_is_found_when_it_arrived() {
    let mut shop = Shop::new().await;
    shop.double.answer_refunds(RefundAnswer::Pends);
    let (intent, refund) = shop.asked_back(Provider::WechatPay).await;
    assert!(shop.send(&intent, refund).await);
    shop.book().await;
    shop.minute().await;
    assert_eq!(shop.refund(&intent, refund).await.1, RefundProgress::Sent);
    shop.double.settle_refund(refund);
    shop.minutes(4).await;
    assert_eq!(shop.refund(&intent, refund).await.1, RefundProgress::Settled);
    assert_eq!((shop.timers().await, shop.double.refund_keys().len()), (0, 1));
}

#[tokio::test]
async fn a_refund_whose_sender_died_is_sent_under_the_same_key() {
    let mut shop = Shop::new().await;
    let (intent, refund) = shop.asked_back(Provider::Stripe).await;
    shop.double.down(Provider::Stripe, true);
    assert!(!shop.send(&intent, refund).await);
    assert_eq!(shop.minute().await.unanswered, 1);
    shop.double.down(Provider::Stripe, false);
    shop.minute().await;
    assert_eq!(
        shop.refund(&intent, refund).await,
        (RefundState::Sent, RefundProgress::Settled)
    );
    assert_eq!(shop.double.refund_keys(), [refund.to_string().parse().unwrap()]);
    assert_eq!(shop.timers().await, 0);
}

#[tokio::test]
async fn a_refund_that_never_arrives_is_a_case_after_a_week() {
    let mut shop = Shop::new().await;
    shop.double.answer_refunds(RefundAnswer::Pends);
    let (intent, refund) = shop.asked_back(Provider::Alipay).await;
    assert!(shop.send(&intent, refund).await);
    for minutes in [1, 4, 25, 24 * 60 - 30, 2 * 24 * 60, 4 * 24 * 60] {
        assert_eq!(shop.cases().await, Vec::<String>::new());
        assert_eq!(shop.jump(minutes).await.fired, 1);
    }
    assert_eq!(shop.cases().await, ["refund_stuck"]);
    assert_eq!(shop.count("payment.held").await, 1);
    assert_eq!((shop.timers().await, shop.double.refund_keys().len()), (0, 1));
}

#[tokio::test]
async fn a_refusal_ends_the_asking() {
    let mut shop = Shop::new().await;
    shop.double.answer_refunds(RefundAnswer::Refused);
    let (intent, refund) = shop.asked_back(Provider::Alipay).await;
    assert!(shop.send(&intent, refund).await);
    shop.minute().await;
    assert_eq!(shop.refund(&intent, refund).await.1, RefundProgress::NeedsPerson);
    assert_eq!(
        (shop.timers().await, shop.cases().await),
        (0, vec!["refund_refused".to_owned()])
    );
}
