//! Reconciliation over embedded DynamoDB, a virtual clock and a scripted provider.

mod books;
mod crash;
mod simulation;

use std::collections::BTreeSet;

use dynamo::Dynamo;
use kernel::{Actor, Id, Money, OrderId, RefundId};
use payments::{
    Intent, NoticeSource, Poll, RefundAsk, RefundReason, RefundSender, ask_refund,
    double::{self, Double, RefundAnswer, Tamper},
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

pub(crate) fn with(world: &World, dynamo: Dynamo, double: &Double) -> Ports<Double> {
    Ports {
        payments: Payments::new(
            dynamo,
            world.table("PaymentsTable"),
            world.table("LedgerTable"),
            world.outbox(),
        ),
        providers: double.clone(),
        enabled: vec![Provider::Stripe, Provider::WechatPay, Provider::Alipay],
        currencies: vec!["CNY".parse().unwrap()],
        ambient: world.ambient(),
    }
}

impl Shop {
    pub(crate) async fn new() -> Self {
        let world = World::new(&["payments"]).await;
        let double = Double::new(world.ambient());
        let ports = with(&world, world.dynamo(), &double);
        let shop = Self {
            world,
            ports,
            double,
            booked: BTreeSet::new(),
        };
        shop.closed_until_now().await;
        shop
    }

    /// A first run of all would add up a month for each account: thousands of queries that no test here needs.
    async fn closed_until_now(&self) {
        let day = self.world.now().plus_seconds(-4 * DAY_S);
        for account in Account::all() {
            let closing = payments::Closing {
                day: day.day(),
                balance: cny(0),
            };
            let key = dynamo::key(format!("closings#{account}#CNY"), day.day());
            let item = dynamo::to_item(&key, &closing).unwrap();
            let part = dynamo::Part::<()>::insert(self.world.table("LedgerTable"), item);
            self.world.dynamo().commit(vec![part]).await.unwrap();
        }
    }

    /// An intent, as `payment-start` leaves it; the payer pays; whether anybody tells us.
    pub(crate) async fn paid(&mut self, provider: Provider, told: bool) -> Intent {
        let ambient = self.world.ambient();
        let order = OrderId::generate(&ambient);
        let intent = double::intent(order, "k", provider, cny(5_000), ambient.now());
        let poll = Poll::first(&intent).unwrap().timer(&intent).unwrap();
        let timer = self.world.timers().set(&poll).unwrap();
        let opened = self.ports.payments.open_intent(&intent, vec![timer]).await.unwrap();
        assert_eq!(opened, None);
        self.double.pay(&intent);
        if told {
            self.tell(&intent).await;
        }
        intent
    }

    /// A notice comes, and is settled.
    pub(crate) async fn tell(&mut self, intent: &Intent) {
        let told = self.double.query(intent).await.unwrap();
        let source = NoticeSource::Query;
        let kept = self.ports.payments.keep_reading(source, intent.provider, &told).await;
        kept.unwrap();
        self.book().await;
    }

    pub(crate) async fn book(&mut self) {
        let mut events = self.world.events().await;
        // Events of one millisecond are in no order.
        events.retain(|event| self.booked.insert(event.id.to_string()));
        double::book(&self.ports.payments, &events).await.unwrap();
    }

    /// Some of a payment goes back.
    pub(crate) async fn refunded(&mut self, intent: &Intent, answer: RefundAnswer) -> RefundId {
        self.double.answer_refunds(answer);
        let money = self
            .ports
            .payments
            .order_money(intent.order, intent.amount)
            .await
            .unwrap();
        let ask = RefundAsk {
            amount: cny(2_000),
            reason: RefundReason::Returned,
            payment: None,
            lines: Vec::new(),
            by: Actor::system("test"),
        };
        let ids = || RefundId::generate(&self.world.ambient());
        let settled = ask_refund(&money.state, &ask, self.world.now(), ids).unwrap();
        let parts = self.ports.payments.settle_parts(&settled, None).unwrap();
        self.world.dynamo().commit(parts).await.unwrap();
        let sender = RefundSender {
            payments: &self.ports.payments,
            timers: &self.world.timers(),
            providers: &self.double,
        };
        let refund = settled.refunds[0].id;
        sender.send(intent.order, refund).await.unwrap();
        self.book().await;
        refund
    }

    /// The next morning, 03:30 UTC, and its run.
    pub(crate) async fn morning(&mut self) -> Answer {
        self.until_morning();
        let answer = handle(&self.ports).await;
        self.book().await;
        answer
    }

    pub(crate) fn until_morning(&self) {
        let now = self.world.now();
        let mut morning: kernel::Timestamp = format!("{}T03:30:00Z", now.day()).parse().unwrap();
        if morning <= now {
            morning = morning.plus_seconds(DAY_S);
        }
        self.world.clock().set(morning);
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

    pub(crate) async fn told(&self, name: &str) -> usize {
        let events = self.world.events().await;
        events.iter().filter(|event| event.name == name).count()
    }

    /// What all cases are about and why, sorted.
    pub(crate) async fn cases(&self) -> Vec<(String, String)> {
        let items = self.world.items("PaymentsTable").await;
        let cases = items.iter().filter(|item| item["entity"]["S"] == "payment-case");
        let text = |value: &serde_json::Value| value["S"].as_str().unwrap().to_owned();
        let mut cases: Vec<_> = cases
            .map(|item| (text(&item["of"]), text(&item["why"]["M"]["case"])))
            .collect();
        cases.sort();
        cases
    }

    /// Balances of all accounts, now, but those that are nothing.
    pub(crate) async fn balances(&self) -> Vec<(String, i64)> {
        let mut balances = Vec::new();
        for account in Account::all() {
            let currency = cny(0).currency();
            let balance = self
                .ports
                .payments
                .balance(account, currency, self.world.now())
                .await
                .unwrap();
            if balance.amount() != 0 {
                balances.push((account.to_string(), balance.amount()));
            }
        }
        balances
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers give texts and ids alike")]
pub(crate) fn case(of: impl ToString, why: CaseReasonName) -> (String, String) {
    (of.to_string(), why.to_owned())
}

pub(crate) type CaseReasonName = &'static str;

pub(crate) fn object(intent: &Intent) -> payments::ObjectId {
    double::object(intent).unwrap()
}

#[tokio::test]
async fn books_and_statements_that_agree_are_no_case() {
    let mut shop = Shop::new().await;
    for provider in [Provider::Stripe, Provider::WechatPay, Provider::Alipay] {
        let intent = shop.paid(provider, true).await;
        shop.refunded(&intent, RefundAnswer::Succeeds).await;
    }
    let first = shop.morning().await;
    assert_eq!(
        (first.rows, first.entries, first.differences, first.failed),
        (6, 6, 0, 0)
    );
    for _ in 0..4 {
        assert_eq!(shop.morning().await.failed, 0);
    }
    assert_eq!(shop.cases().await, []);
    assert_eq!(shop.told("payment.reconciliation_difference").await, 0);
}

#[tokio::test]
async fn a_payment_that_is_missing_here_is_a_case_and_booked() {
    for provider in [Provider::Stripe, Provider::WechatPay, Provider::Alipay] {
        let mut shop = Shop::new().await;
        let intent = shop.paid(provider, false).await;
        assert_eq!(shop.morning().await.differences, 1);
        assert_eq!(shop.captured(&intent).await, 5_000);
        for _ in 0..4 {
            assert_eq!(shop.morning().await.differences, 0);
        }
        assert_eq!(shop.cases().await, [case(object(&intent), "missing_here")]);
        assert_eq!(shop.told("payment.reconciliation_difference").await, 1);
        assert_eq!(shop.told("payment.held").await, 0);
    }
}

#[tokio::test]
async fn each_planted_disagreement_is_told_once_however_often_it_is_found() {
    let mut shop = Shop::new().await;
    let mut planted = Vec::new();
    for (tamper, why) in [
        (Tamper::Gone, "missing_there"),
        (Tamper::More(1), "amount_differs"),
        (Tamper::More(-1), "amount_differs"),
        (Tamper::Failed, "state_differs"),
    ] {
        for provider in [Provider::Stripe, Provider::Alipay] {
            let whole = shop.paid(provider, true).await;
            let back = shop.paid(provider, true).await;
            let refund = shop.refunded(&back, RefundAnswer::Succeeds).await;
            shop.double.tamper(&object(&whole), tamper);
            shop.double.tamper(&refund.to_string().parse().unwrap(), tamper);
            planted.extend([case(object(&whole), why), case(refund, why)]);
        }
    }
    let unreadable = shop.paid(Provider::WechatPay, true).await;
    shop.double.tamper(&object(&unreadable), Tamper::Unreadable);
    let day = payments::statement_day(Provider::WechatPay, shop.world.now());
    planted.push(case(format!("statement-{day}"), "statement_unreadable"));
    planted.sort();
    for _ in 0..5 {
        assert_eq!(shop.morning().await.failed, 0);
        assert_eq!(shop.cases().await, planted);
    }
    assert_eq!(shop.told("payment.reconciliation_difference").await, planted.len());
}

#[tokio::test]
async fn a_refund_that_arrived_after_its_statement_was_written_is_no_case() {
    let mut shop = Shop::new().await;
    let intent = shop.paid(Provider::Stripe, true).await;
    let refund = shop.refunded(&intent, RefundAnswer::Pends).await;
    assert_eq!(shop.morning().await.differences, 0);
    shop.double.settle_refund(refund);
    // Nobody tells of it: the statement does, once it is read again.
    assert_eq!(shop.morning().await.differences, 1);
    assert_eq!(shop.cases().await, [case(refund, "state_differs")]);
    assert_eq!(shop.morning().await.differences, 0);
}

#[tokio::test]
async fn a_row_of_nothing_that_we_know_is_a_case() {
    let mut shop = Shop::new().await;
    let stranger = double::intent(
        OrderId::generate(&shop.world.ambient()),
        "k",
        Provider::Alipay,
        cny(700),
        shop.world.now(),
    );
    shop.double.pay(&stranger);
    shop.morning().await;
    shop.morning().await;
    assert_eq!(shop.cases().await, [case(object(&stranger), "missing_here")]);
}

#[tokio::test]
async fn what_was_booked_today_is_looked_at_tomorrow() {
    let mut shop = Shop::new().await;
    shop.until_morning();
    // 10:30 in Beijing, on the day of the run.
    shop.world.clock().advance_seconds(-3_600);
    let intent = shop.paid(Provider::WechatPay, true).await;
    shop.double.tamper(&object(&intent), Tamper::Gone);
    assert_eq!(shop.morning().await.differences, 0);
    assert_eq!(shop.morning().await.differences, 1);
    assert_eq!(shop.cases().await, [case(object(&intent), "missing_there")]);
}

#[tokio::test]
async fn a_provider_that_is_down_fails_alone_and_the_next_run_goes_on() {
    let mut shop = Shop::new().await;
    let (stripe, alipay) = (
        shop.paid(Provider::Stripe, false).await,
        shop.paid(Provider::Alipay, false).await,
    );
    shop.double.down(Provider::Alipay, true);
    let answer = shop.morning().await;
    assert_eq!((answer.differences, answer.failed), (1, 3));
    assert_eq!((shop.captured(&stripe).await, shop.captured(&alipay).await), (5_000, 0));
    shop.double.down(Provider::Alipay, false);
    shop.world.clock().advance_seconds(3_600);
    let pages = shop.double.statement_calls();
    let answer = handle(&shop.ports).await;
    shop.book().await;
    assert_eq!((answer.differences, answer.failed), (1, 0));
    assert_eq!(shop.captured(&alipay).await, 5_000);
    // Three days of Alipay: what was read is not read again.
    assert_eq!(shop.double.statement_calls() - pages, 3);
    assert_eq!(handle(&shop.ports).await, Answer::default());
}

#[tokio::test]
async fn a_day_that_could_never_be_read_is_a_case_when_it_is_given_up() {
    let mut shop = Shop::new().await;
    shop.ports.enabled = vec![Provider::Stripe];
    shop.double.down(Provider::Stripe, true);
    let last = shop.world.now().day();
    for given_up in 0..3 {
        shop.morning().await;
        assert_eq!(shop.cases().await.len(), given_up);
    }
    shop.double.down(Provider::Stripe, false);
    for _ in 0..2 {
        shop.morning().await;
        let cases = shop.cases().await;
        assert_eq!(cases.len(), 3);
        assert_eq!(cases[2], case(format!("statement-{last}"), "statement_unreadable"));
    }
}

#[tokio::test]
async fn a_long_statement_that_is_cut_off_goes_on_at_its_page() {
    let mut shop = Shop::new().await;
    shop.ports.enabled = vec![Provider::WechatPay];
    for _ in 0..70 {
        shop.paid(Provider::WechatPay, true).await;
    }
    shop.until_morning();
    // The process ends as it asks for the third of four pages.
    let day = 2;
    shop.double.die_at(day + 2, payments::crash::When::Before);
    tokio::select! {
        biased;
        () = shop.double.died() => {}
        _ = handle(&shop.ports) => {}
    }
    assert!(shop.double.is_dead());
    shop.double.revive();
    let answer = handle(&shop.ports).await;
    assert_eq!((answer.rows, answer.entries, answer.differences), (30, 70, 0));
    assert_eq!(handle(&shop.ports).await, Answer::default());
}

#[tokio::test]
async fn two_runs_at_once_tell_and_book_once() {
    let mut shop = Shop::new().await;
    shop.double.charge(30);
    for _ in 0..5 {
        shop.paid(Provider::Stripe, false).await;
    }
    shop.until_morning();
    let (first, second) = tokio::join!(handle(&shop.ports), handle(&shop.ports));
    assert_eq!(first.differences + second.differences, 5);
    let third = handle(&shop.ports).await;
    assert_eq!((third.differences, third.failed), (0, 0));
    shop.book().await;
    assert_eq!(shop.told("payment.reconciliation_difference").await, 5);
    let balances = shop.balances().await;
    assert!(balances.contains(&("fees".to_owned(), 150)), "{balances:?}");
    assert!(
        balances.contains(&("provider_clearing:stripe".to_owned(), 24_850)),
        "{balances:?}"
    );
}
