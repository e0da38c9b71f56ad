//! Refunds and disputes: what the order, its records and staff see of them, from asked to their end.

use kernel::{Actor, RefundId};
use payments::{
    Account, CaseReason, DisputeOutcome, Fact, FactKind, NoticeSource, Reading, Reference, RefundAsk, RefundReason,
    RefundRequest, RefundedUnits, ask_refund, events::latest::Why,
};

use super::*;

async fn paid(shop: &mut Shop) -> OrderId {
    let order = shop.order().await;
    let payment = shop.intent(order, "pi_1", TOTAL, Mode::PaymentIntent).await;
    let told = intent_object("pi_1", order, payment, TOTAL, TOTAL);
    shop.notice("evt_pi_1", "payment_intent.succeeded", told).await;
    shop.settle().await;
    order
}

/// Staff ask for a refund of one unit, as the desk does; the order is told by the event.
async fn asked(shop: &mut Shop, order: OrderId, amount: i64) -> RefundRequest {
    let money = shop.money(order).await;
    let line = shop.load(order).await.lines()[0].id;
    let ask = RefundAsk {
        amount: sample::cny(amount),
        reason: RefundReason::Damaged,
        payment: None,
        lines: vec![RefundedUnits { line, quantity: 1 }],
        by: Actor::system("test"),
    };
    let ids = || RefundId::generate(&shop.world.ambient());
    let settled = ask_refund(&money.state, &ask, shop.world.now(), ids).unwrap();
    let parts = shop.ports.payments.settle_parts(&settled, None).unwrap();
    shop.world.dynamo().commit(parts).await.unwrap();
    shop.settle().await;
    settled.refunds[0].clone()
}

/// Something that we found out by asking.
async fn found(shop: &mut Shop, source: NoticeSource, kind: FactKind) -> Kept {
    let object = object_id("pi_1");
    let reading = Reading {
        reference: Reference {
            object: Some(object.clone()),
            ..Reference::default()
        },
        asked: None,
        livemode: false,
        occurred_at: None,
        evidence_due_at: None,
        card: None,
        facts: vec![Fact {
            provider: Provider::Stripe,
            payment: object,
            kind,
        }],
    };
    let payments = &shop.ports.payments;
    let kept = payments.keep_reading(source, Provider::Stripe, &reading).await.unwrap();
    shop.settle().await;
    kept
}

#[tokio::test]
async fn a_refund_is_pending_when_it_is_asked_for_and_completed_when_the_payer_has_it() {
    let mut shop = Shop::new().await;
    let order = paid(&mut shop).await;
    let request = asked(&mut shop, order, 1_000).await;
    let told = |status| vec![(request.id.to_string(), status, -1_000)];
    assert_eq!(shop.adjustments(order).await, told(AdjustmentStatus::Pending));
    assert_eq!(shop.load(order).await.adjustments()[0].lines[0].quantity, -1);
    let refund = request.object().unwrap();
    let amount = request.amount;
    found(
        &mut shop,
        NoticeSource::Refund,
        FactKind::RefundPending {
            refund: refund.clone(),
            amount,
        },
    )
    .await;
    assert_eq!(shop.adjustments(order).await, told(AdjustmentStatus::Pending));
    let version = shop.load(order).await.version();
    let succeeded = FactKind::RefundSucceeded { refund, amount };
    assert_eq!(
        found(&mut shop, NoticeSource::Refund, succeeded.clone()).await,
        Kept::New
    );
    assert_eq!(
        found(&mut shop, NoticeSource::Query, succeeded.clone()).await,
        Kept::New
    );
    assert_eq!(found(&mut shop, NoticeSource::Query, succeeded).await, Kept::Duplicate);
    assert_eq!(shop.adjustments(order).await, told(AdjustmentStatus::Completed));
    assert_eq!(shop.load(order).await.version(), version + 1);
    assert_eq!(
        shop.books().await,
        BTreeMap::from([
            ("clearing".to_owned(), TOTAL - 1_000),
            ("sales".to_owned(), -TOTAL),
            ("refunds".to_owned(), 1_000)
        ])
    );
    assert_eq!(shop.cases().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refund_that_fails_or_needs_a_person_is_a_case_and_the_order_says_so() {
    let mut shop = Shop::new().await;
    let order = paid(&mut shop).await;
    for (kind, reason, status) in [
        (0, CaseReason::RefundStuck, AdjustmentStatus::Pending),
        (1, CaseReason::RefundFailed, AdjustmentStatus::Failed),
    ] {
        let request = asked(&mut shop, order, 700).await;
        let (refund, amount) = (request.object().unwrap(), request.amount);
        let kind = match kind {
            0 => FactKind::RefundAbnormal { refund, amount },
            _ => FactKind::RefundFailed { refund, amount },
        };
        found(&mut shop, NoticeSource::Refund, kind.clone()).await;
        found(&mut shop, NoticeSource::Query, kind).await;
        let last = shop.adjustments(order).await.pop().unwrap();
        assert_eq!(last, (request.id.to_string(), status, -700));
        let day = shop.world.now().day();
        let cases = shop.ports.payments.cases(&day, None).await.unwrap().items;
        let of: Vec<_> = cases.iter().filter(|case| case.why == Why::Case(reason)).collect();
        assert_eq!((of.len(), of[0].order), (1, Some(order)));
    }
    assert_eq!(shop.events("payment.held").await.len(), 2);
    assert_eq!(shop.books().await["clearing"], TOTAL);
}

#[tokio::test]
async fn a_cancelled_units_promise_becomes_its_refund() {
    let mut shop = Shop::new().await;
    let order = paid(&mut shop).await;
    let act = Act::by(Actor::system("test"), shop.world.now());
    let loaded = shop.load(order).await;
    let units = LineQuantity {
        line: loaded.lines()[1].id,
        quantity: 1,
    };
    let cancel = sales::order::Cancel::Units(vec![units]);
    let cancelled = shop
        .ports
        .orders
        .cancel(&shop.ports.inventory, loaded, &cancel, &act)
        .await
        .unwrap();
    assert_eq!(shop.ports.orders.commit(cancelled.parts).await.unwrap(), None);
    shop.settle().await;
    let request = shop.money(order).await.state.requests[0].clone();
    assert_eq!(
        shop.adjustments(order).await,
        [(
            request.id.to_string(),
            AdjustmentStatus::Pending,
            -request.amount.amount()
        )]
    );
    let told = shop.load(order).await.adjustments().last().unwrap().clone();
    assert_eq!((told.lines[0].line, told.lines[0].quantity), (units.line, -1));
    let (refund, amount) = (request.object().unwrap(), request.amount);
    found(
        &mut shop,
        NoticeSource::Refund,
        FactKind::RefundSucceeded { refund, amount },
    )
    .await;
    assert_eq!(
        shop.adjustments(order).await,
        [(request.id.to_string(), AdjustmentStatus::Completed, -amount.amount())]
    );
}

fn dispute_object(status: &str, due: Option<i64>) -> Value {
    json!({"id": "dp_1", "payment_intent": "pi_1", "amount": TOTAL, "currency": "cny", "status": status,
        "evidence_details": {"due_by": due}})
}

#[tokio::test]
async fn a_dispute_has_a_record_a_day_a_case_and_an_adjustment_until_it_is_over() {
    let mut shop = Shop::new().await;
    let order = paid(&mut shop).await;
    let due = shop.world.now().plus_seconds(7 * 86_400);
    let created = dispute_object("needs_response", Some(due.seconds()));
    shop.notice("evt_d1", "charge.dispute.created", created).await;
    shop.settle().await;
    let dispute = shop.money(order).await.disputes[0].clone();
    assert_eq!(
        (dispute.outcome, dispute.amount, dispute.evidence_due_at),
        (DisputeOutcome::Open, sample::cny(TOTAL), Some(due))
    );
    let listed = shop.ports.payments.disputes_due(&due.day(), None).await.unwrap();
    assert_eq!(listed.items, [dispute]);
    assert!(shop.cases().await[0].contains("disputed"));
    assert_eq!(
        shop.adjustments(order).await,
        [("dp_1".to_owned(), AdjustmentStatus::Pending, -TOTAL)]
    );
    let timers = shop.world.items("TimersTable").await;
    let set = timers
        .iter()
        .filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("dispute-evidence"));
    assert_eq!(set.count(), 1);
    // The same with a later due time moves no money, and moves the list.
    let later = due.plus_seconds(2 * 86_400);
    let updated = dispute_object("under_review", Some(later.seconds()));
    shop.notice("evt_d2", "charge.dispute.updated", updated).await;
    shop.settle().await;
    for (day, count) in [(due, 0), (later, 1)] {
        let listed = shop.ports.payments.disputes_due(&day.day(), None).await.unwrap();
        assert_eq!(listed.items.len(), count);
    }
    assert_eq!(shop.books().await["disputes"], TOTAL);
    shop.notice("evt_d3", "charge.dispute.closed", dispute_object("lost", None))
        .await;
    shop.settle().await;
    assert_eq!(shop.money(order).await.disputes[0].outcome, DisputeOutcome::Lost);
    assert_eq!(
        shop.adjustments(order).await,
        [("dp_1".to_owned(), AdjustmentStatus::Completed, -TOTAL)]
    );
    assert_eq!(format!("{:?}", shop.load(order).await.payment().status), "ChargedBack");
    assert_eq!(shop.cases().await.len(), 1);
}

#[tokio::test]
async fn money_is_held_for_the_merchant_until_some_days_after_the_last_delivery() {
    let mut shop = Shop::new().await;
    shop.ports.escrow_days = 7;
    let order = paid(&mut shop).await;
    assert_eq!(
        shop.books().await,
        BTreeMap::from([("clearing".to_owned(), TOTAL), ("escrow".to_owned(), -TOTAL)])
    );
    let timers = async |shop: &Shop| {
        let items = shop.world.items("TimersTable").await.into_iter();
        let held = items.filter(|item| item["pk"]["S"].as_str().unwrap().starts_with("escrow-release"));
        held.map(|item| number(&item["due_ms"])).collect::<Vec<_>>()
    };
    assert_eq!(timers(&shop).await, Vec::<i64>::new());
    shop.deliver(order).await;
    shop.world.clock().advance_seconds(60);
    shop.settle().await;
    let due = shop.world.now().plus_seconds(7 * 86_400 - 60);
    assert_eq!(timers(&shop).await, [due.millis()]);
    shop.seen.clear();
    shop.settle().await;
    assert_eq!(timers(&shop).await, [due.millis()]);
    shop.ports.payments.release(order).await.unwrap();
    let currency = sample::cny(0).currency();
    let balance = shop
        .ports
        .payments
        .balance(Account::MerchantPayable, currency, shop.world.now());
    assert_eq!(balance.await.unwrap(), sample::cny(-TOTAL));
    shop.books().await;
}
