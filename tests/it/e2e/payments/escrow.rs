//! Money that the platform holds for a merchant.

use serde_json::{Value, json};
use tests::doubles::stripe::{DisputeEnd, Telling};

use super::{super::order::scan, PROVIDERS, Stage, Started, paid, tables::bring_forward};

/// The order is shipped and signed for.
async fn deliver(stage: &Stage, started: &Started, number: &str) {
    stage.settle().await;
    let shipment = stage.shop.shipments(&started.order).await.pop().unwrap();
    let picked = stage.shop.step(&shipment, "pick", &json!({})).await;
    let packed = stage.shop.step(&picked, "pack", &json!({})).await;
    let shipped = json!({"carrier": "shunfeng", "number": number});
    stage.shop.step(&packed, "ship", &shipped).await;
    let signed = json!([{"time": "2026-11-23 10:00:00", "context": "signed", "ftime": "2026-11-23 10:00:00",
        "status": "签收", "statusCode": "3"}]);
    scan(stage, number, "3", signed).await;
    let completed = |order: &Value| order["state"]["name"] == "completed";
    stage.shop.until(&started.order, completed).await;
    stage.settle().await;
}

async fn escrow(stage: &Stage, order: &str) -> Value {
    stage.shop.money(order).await["escrow"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_the_merchants_a_while_after_delivery_unless_it_is_disputed() {
    let stage = Stage::with(&[("EscrowDays", "7")]).await;
    let started = paid(&stage, PROVIDERS[0], 1).await;
    assert_eq!(escrow(&stage, &started.order).await, "held");
    stage.audit().await;
    deliver(&stage, &started, "SF9000000001").await;
    assert_eq!(
        stage.fire("EscrowReleaseFunction").await["fired"],
        0,
        "not before its time"
    );

    let once = Telling::default();
    let dispute = stage
        .stripe
        .dispute(started.object(), None, 4_000_000_000, false, &once);
    let (dispute, _) = dispute.await.unwrap();
    let disputed = |money: &Value| money["status"] == "disputed";
    stage.shop.until_money(&started.order, disputed).await;
    assert_eq!(bring_forward(&stage, "escrow-release").await, 1);
    assert_eq!(stage.fire("EscrowReleaseFunction").await["fired"], 1);
    assert_eq!(
        escrow(&stage, &started.order).await,
        "held",
        "a dispute stops the clock"
    );
    stage.audit().await;

    let won = stage.stripe.end_dispute(&dispute, DisputeEnd::Won, &once).await;
    won.unwrap();
    stage
        .shop
        .until_money(&started.order, |money| money["status"] == "paid")
        .await;
    assert!(
        bring_forward(&stage, "escrow-release").await > 0,
        "it is looked at again"
    );
    stage.fire("EscrowReleaseFunction").await;
    assert_eq!(escrow(&stage, &started.order).await, "released");
    let path = "/v1/ledger/accounts/merchant_payable/balance?currency=CNY";
    let owed = stage.shop.staff.get(path).await.expect(200)["balance"]["amount"].clone();
    assert_eq!(owed, -started.amount());
    stage.audit().await;
}
