//! Disputes: payers' banks take money back, and may give it again.

use serde_json::{Value, json};
use tests::doubles::stripe::{DisputeEnd, Telling};

use super::{
    PROVIDERS, Stage, Started, cases, paid,
    tables::{DAY_S, now_ms},
};

/// A paid order whose payer's bank took all of it back; and the dispute.
async fn disputed(stage: &Stage, due_by: i64) -> (Started, String) {
    let started = paid(stage, PROVIDERS[0], 1).await;
    let once = Telling::default();
    let dispute = stage.stripe.dispute(started.object(), None, due_by, false, &once);
    let (dispute, _) = dispute.await.unwrap();
    let money = stage
        .shop
        .until_money(&started.order, |money| money["status"] == "disputed")
        .await;
    assert_eq!(money["withdrawn"]["amount"], started.amount(), "{money}");
    (started, dispute)
}

async fn end(stage: &Stage, dispute: &str, end: DisputeEnd) {
    let once = Telling::default();
    let told = stage.stripe.end_dispute(dispute, end, &once).await.unwrap();
    assert!(super::accepted(&told), "{told:?}");
}

/// What the order tells of disputes: how far each is.
async fn told(stage: &Stage, order: &str) -> Vec<Value> {
    let order = stage.shop.order(order).await;
    let adjustments = order["adjustments"].as_array().unwrap().iter();
    let disputes = adjustments.filter(|adjustment| adjustment["kind"] == "dispute");
    disputes.map(|dispute| dispute["status"].clone()).collect()
}

fn next_week() -> i64 {
    now_ms() / 1_000 + 7 * DAY_S
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_a_dispute_that_is_won_comes_back() {
    let stage = Stage::set().await;
    let (started, dispute) = disputed(&stage, next_week()).await;
    stage.audit().await;
    let refund = json!({"amount": {"amount": 1, "currency": "CNY"}, "reason": "goodwill"});
    let version = stage.shop.money(&started.order).await["version"].clone();
    let refused = stage.shop.refund(&stage.shop.staff, &started.order, &version, &refund);
    refused.await.expect(422);
    let day = kernel::Timestamp::from_seconds(next_week()).day();
    let path = format!("/v1/payments/disputes?day={day}");
    let listed = stage.shop.staff.get(&path).await.expect(200);
    assert_eq!(listed["items"][0]["id"], dispute, "{listed}");

    end(&stage, &dispute, DisputeEnd::Won).await;
    let money = stage
        .shop
        .until_money(&started.order, |money| money["status"] == "paid")
        .await;
    assert_eq!(money["withdrawn"]["amount"], 0, "{money}");
    assert_eq!(told(&stage, &started.order).await.last().unwrap(), "failed");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_a_dispute_that_is_lost_is_gone() {
    let stage = Stage::set().await;
    let (started, dispute) = disputed(&stage, next_week()).await;
    end(&stage, &dispute, DisputeEnd::Lost).await;
    let charged_back = |money: &Value| money["status"] == "charged_back";
    stage.shop.until_money(&started.order, charged_back).await;
    assert_eq!(told(&stage, &started.order).await.last().unwrap(), "completed");
    // Told again, newest first, nothing changes.
    let before = stage.shop.money(&started.order).await;
    stage.stripe.redeliver().await;
    stage.settle().await;
    assert_eq!(stage.shop.money(&started.order).await, before);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_are_told_once_that_evidence_is_due_within_a_day() {
    let stage = Stage::set().await;
    let (_, dispute) = disputed(&stage, now_ms() / 1_000 + DAY_S / 2).await;
    assert_eq!(stage.fire("DisputeDeadlineFunction").await["fired"], 1);
    assert_eq!(stage.fire("DisputeDeadlineFunction").await["fired"], 0);
    stage.settle().await;
    let cases = cases(&stage).await;
    let due: Vec<_> = cases.iter().filter(|(why, _)| why == "evidence_due").collect();
    assert_eq!(due, [&("evidence_due".to_owned(), dispute)], "{cases:?}");
    stage.audit().await;
}
