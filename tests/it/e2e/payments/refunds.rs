//! Staff give money back: asked for, sent, and told how it ended.

use serde_json::{Value, json};
use tests::doubles::{
    alipay::RefundPlan as AlipayPlan,
    stripe::{RefundEnd as StripeEnd, RefundPlan as StripePlan, Telling},
    wechat_pay::{RefundEnd, RefundPlan},
};

use super::{PRICE, PROVIDERS, Stage, Started, cases, paid, tables::bring_forward};

/// Asks for the money of one unit of the first line, as the money stands now.
pub(super) async fn ask_for_a_unit(stage: &Stage, order: &str) -> Value {
    let line = stage.shop.order(order).await["lines"][0]["id"].clone();
    let unit = json!({"lines": [{"line_id": line, "quantity": 1}], "reason": "returned"});
    let version = stage.shop.money(order).await["version"].clone();
    let asked = stage.shop.refund(&stage.shop.staff, order, &version, &unit).await;
    let refund = asked.expect(201)["refunds"][0].clone();
    assert_eq!(
        (&refund["progress"], &refund["amount"]["amount"]),
        (&json!("requested"), &json!(PRICE)),
        "{refund}"
    );
    refund
}

fn amount(amount: i64) -> Value {
    json!({"amount": {"amount": amount, "currency": "CNY"}, "reason": "goodwill"})
}

/// Refunds wait from now on, until somebody says how they end. That they wait, Stripe tells so.
pub(super) fn let_refunds_wait(stage: &Stage, telling: Telling) {
    stage.stripe.plan_refunds(StripePlan::Waits(telling));
    stage.wechat_pay.plan_refunds(RefundPlan::Waits);
    stage.alipay.plan_refunds(AlipayPlan::Waits);
}

/// A refund that waits reaches its payer.
pub(super) async fn succeed(stage: &Stage, provider: &str, refund: &Value, telling: &Telling) {
    let id = refund["id"].as_str().unwrap();
    let told = match provider {
        "stripe" => {
            let refund = stripe_refund(stage, id).await;
            stage.stripe.end_refund(&refund, StripeEnd::Succeeded, telling).await
        }
        "wechat_pay" => stage.wechat_pay.end_refund(id, RefundEnd::Success, telling).await,
        _ => stage.alipay.end_refund(id, telling).await,
    };
    assert!(super::accepted(&told.unwrap()), "{provider}");
}

/// Stripe's own id of a refund of ours.
pub(super) async fn stripe_refund(stage: &Stage, ours: &str) -> String {
    let api = tests::client::Api::new(&stage.stripe.url()).bearer("sk_test");
    let list = api.get("/v1/refunds?limit=100").await.expect(200);
    let mut refunds = list["data"].as_array().unwrap().iter();
    let refund = refunds.find(|refund| refund["metadata"]["refund_id"] == ours);
    refund.expect("Stripe knows the refund")["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// How far the order's one refund is.
pub(super) async fn until_progress(stage: &Stage, order: &str, progress: &str) -> Value {
    let money = stage
        .shop
        .until_money(order, |money| money["refunds"][0]["progress"] == progress)
        .await;
    money["refunds"][0].clone()
}

/// How far a refund is in the order that the platform reads which sold it.
async fn adjustment(stage: &Stage, order: &str, refund: &Value) -> Value {
    let path = format!("{}/orders/{order}", ucp::BASE_PATH);
    let order = stage.shop.agent.get(&path).await.expect(200);
    let adjustments = order["adjustments"].as_array().unwrap().iter();
    // Append-only: the last word counts.
    let found = adjustments
        .rev()
        .find(|one| one["type"] == "refund" && one["id"].as_str().unwrap().starts_with(refund["id"].as_str().unwrap()));
    found.unwrap_or_else(|| panic!("{refund} is not in {order}")).clone()
}

async fn a_line_goes_back(stage: &Stage, how: (&'static str, &str)) -> (Started, Value) {
    let started = paid(stage, how, 2).await;
    let_refunds_wait(stage, Telling::default());
    ask_for_a_unit(stage, &started.order).await;
    let refund = until_progress(stage, &started.order, "sent").await;
    let pending = adjustment(stage, &started.order, &refund).await;
    assert_eq!(pending["status"], "pending", "{pending}");
    assert_eq!(pending["line_items"][0]["quantity"], -1, "{pending}");
    stage.audit().await;
    (started, refund)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_asked_for_sent_and_settled_through_each_provider() {
    let stage = Stage::with(&[("UnsignedOrderReads", "true")]).await;
    for how in PROVIDERS {
        let (started, refund) = a_line_goes_back(&stage, how).await;
        succeed(&stage, how.0, &refund, &Telling::default()).await;
        if how.0 == "alipay" {
            // It only tells how much went back in all: which refund that was, it says when it is asked.
            stage.settle().await;
            assert!(bring_forward(&stage, "refund-poll").await > 0);
            stage.fire("PaymentPollingFunction").await;
        }
        let refund = until_progress(&stage, &started.order, "settled").await;
        let money = stage.shop.money(&started.order).await;
        assert_eq!(
            (&money["status"], &money["refunded"]["amount"]),
            (&json!("partially_refunded"), &json!(PRICE)),
            "{money}"
        );
        let completed = adjustment(&stage, &started.order, &refund).await;
        assert_eq!(completed["status"], "completed", "{completed}");
        // Told again, by everybody who told: the same.
        super::redeliver(&stage, how.0).await;
        stage.settle().await;
        assert_eq!(stage.shop.money(&started.order).await, money);
    }
    assert_eq!(cases(&stage).await, []);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_alipay_tells_as_a_running_total_is_given_back_once() {
    let stage = Stage::set().await;
    let started = paid(&stage, PROVIDERS[2], 2).await;
    for (nth, total) in [(0, PRICE), (1, 2 * PRICE)] {
        ask_for_a_unit(&stage, &started.order).await;
        let settled = |money: &Value| money["refunds"][nth]["progress"] == "settled";
        stage.shop.until_money(&started.order, settled).await;
        let told = |money: &Value| {
            let mut facts = money["facts"].as_array().unwrap().iter();
            facts.any(|told| told["fact"]["is"] == "refund_total" && told["fact"]["total"]["amount"] == total)
        };
        let money = stage.shop.until_money(&started.order, told).await;
        assert_eq!(money["refunded"]["amount"], total, "{money}");
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_at_once_never_exceed_what_was_captured() {
    let stage = Stage::set().await;
    let started = paid(&stage, PROVIDERS[1], 2).await;
    let_refunds_wait(&stage, Telling::default());
    let (most, version) = (amount(started.amount() - 1), json!(1));
    let asked: Vec<_> = (0..8)
        .map(|_| {
            let (shop, order) = (stage.shop.clone(), started.order.clone());
            let (version, most) = (version.clone(), most.clone());
            tokio::spawn(async move { shop.refund(&shop.staff, &order, &version, &most).await })
        })
        .collect();
    let mut answers = Vec::new();
    for asked in asked {
        answers.push(asked.await.unwrap());
    }
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(412)), (1, 7), "{answers:?}");
    // With the version that is right now, there is only that much left.
    let money = stage.shop.money(&started.order).await;
    assert_eq!(money["refundable"]["amount"], 1, "{money}");
    let version = money["version"].clone();
    let two = amount(2);
    let two = stage
        .shop
        .refund(&stage.shop.staff, &started.order, &version, &two)
        .await;
    assert_eq!(two.expect(422)["refundable"], 1);
    until_progress(&stage, &started.order, "sent").await;
    assert_eq!(stage.wechat_pay.refunds().len(), 1);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_give_back_what_their_role_allows() {
    let stage = Stage::with(&[("RefundLimits", "CNY:500")]).await;
    let started = paid(&stage, PROVIDERS[0], 1).await;
    let order = &started.order;
    let version = async || stage.shop.money(order).await["version"].clone();
    let reader = stage.shop.hire(&["payments.read"]).await;
    let denied = stage
        .shop
        .refund(&reader.api, order, &version().await, &amount(1))
        .await;
    denied.expect(403);
    let path = format!("/v1/orders/{order}/payments");
    reader.api.get(&path).await.expect(200);
    let stranger = stage.shop.hire(&["catalog.edit"]).await;
    stranger.api.get(&path).await.expect(403);

    let clerk = stage.shop.hire(&["payments.refund"]).await;
    let too_much = stage
        .shop
        .refund(&clerk.api, order, &version().await, &amount(501))
        .await;
    assert_eq!(too_much.expect(403)["limit"], 500);
    let some = stage
        .shop
        .refund(&clerk.api, order, &version().await, &amount(300))
        .await;
    some.expect(201);
    stage.settle().await;
    let more = stage
        .shop
        .refund(&clerk.api, order, &version().await, &amount(201))
        .await;
    assert_eq!(more.expect(403)["limit"], 500, "all refunds of an order together");
    let manager = stage.shop.hire(&["payments.refund.large"]).await;
    let more = stage
        .shop
        .refund(&manager.api, order, &version().await, &amount(600))
        .await;
    more.expect(201);
    let settled = |money: &Value| money["refunded"]["amount"] == 900;
    stage.shop.until_money(order, settled).await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_a_provider_will_not_make_is_a_case_for_a_person() {
    let stage = Stage::set().await;
    let mut refused = Vec::new();
    for how in PROVIDERS {
        stage.stripe.plan_refunds(StripePlan::NotEnough);
        stage.wechat_pay.plan_refunds(RefundPlan::NotEnough);
        stage.alipay.plan_refunds(AlipayPlan::NotEnough);
        let started = paid(&stage, how, 1).await;
        let refund = ask_for_a_unit(&stage, &started.order).await;
        until_progress(&stage, &started.order, "needs_person").await;
        refused.push(("refund_refused".to_owned(), refund["id"].as_str().unwrap().to_owned()));
    }
    refused.sort();
    assert_eq!(cases(&stage).await, refused);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_abnormal_needs_a_person_until_it_went_through() {
    let stage = Stage::set().await;
    let started = paid(&stage, PROVIDERS[1], 1).await;
    let end = RefundPlan::Ends(RefundEnd::Abnormal, 0, Telling::default());
    stage.wechat_pay.plan_refunds(end);
    let refund = ask_for_a_unit(&stage, &started.order).await;
    until_progress(&stage, &started.order, "needs_person").await;
    let id = refund["id"].as_str().unwrap();
    let reasons = cases(&stage).await;
    assert!(reasons.iter().any(|(why, _)| why == "refund_stuck"), "{reasons:?}");
    let once = Telling::default();
    stage
        .wechat_pay
        .end_refund(id, RefundEnd::Success, &once)
        .await
        .unwrap();
    until_progress(&stage, &started.order, "settled").await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_comes_back_after_it_succeeded_is_ours_again() {
    let stage = Stage::set().await;
    let started = paid(&stage, PROVIDERS[0], 1).await;
    let refund = ask_for_a_unit(&stage, &started.order).await;
    until_progress(&stage, &started.order, "settled").await;
    stage.audit().await;
    let theirs = stripe_refund(&stage, refund["id"].as_str().unwrap()).await;
    let once = Telling::default();
    stage
        .stripe
        .end_refund(&theirs, StripeEnd::Failed, &once)
        .await
        .unwrap();
    until_progress(&stage, &started.order, "failed").await;
    let money = stage.shop.money(&started.order).await;
    assert_eq!(
        (&money["status"], &money["refunded"]["amount"]),
        (&json!("paid"), &json!(0)),
        "{money}"
    );
    stage.audit().await;
}
