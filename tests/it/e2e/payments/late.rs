//! Money that comes too late, or twice, goes back by itself.

use std::time::Duration;

use serde_json::{Value, json};
use tests::doubles::stripe::Telling;

use super::{PROVIDERS, Stage, Started, is_paid, pay};

/// The shortest time that an order waits for its payment.
const DUE: (&str, &str) = ("PaymentDueSeconds", "5");

/// Lets the order's time for payment go by.
async fn expire(stage: &Stage, order: &str) {
    while stage.shop.order(order).await["state"]["name"] != "expired" {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stage.fire("OrderExpiryFunction").await;
    }
    stage.settle().await;
}

fn all_back(money: &Value, reason: &str) -> bool {
    let refund = &money["refunds"][0];
    money["status"] == "refunded" && refund["progress"] == "settled" && refund["reason"] == reason
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_after_the_stock_went_elsewhere_goes_back_through_each_provider() {
    let stage = Stage::with(&[DUE]).await;
    let mut late = Vec::new();
    for (provider, mode) in PROVIDERS {
        let variant = stage.goods("Scarce goods", 1).await;
        let (session, order) = stage.shop.place(&[(&variant, 1)]).await;
        let asked = stage
            .shop
            .ask_for_payment((&session, &order), (provider, mode), &json!({}))
            .await;
        let answer = asked.expect(201);
        let started = Started {
            order,
            provider,
            answer,
        };
        late.push((variant, started));
    }
    for (variant, started) in &late {
        expire(&stage, &started.order).await;
        stage.shop.place(&[(variant, 1)]).await;
    }
    for (_, started) in &late {
        pay(&stage, started, Telling::default()).await;
    }
    for (_, started) in &late {
        let back = |money: &Value| all_back(money, "paid_after_close");
        let money = stage.shop.until_money(&started.order, back).await;
        assert_eq!(money["refunded"]["amount"], started.amount(), "{money}");
        let order = stage.shop.order(&started.order).await;
        assert_eq!(order["state"]["name"], "expired", "{order}");
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_paid_through_two_providers_keeps_the_first_payment() {
    let stage = Stage::set().await;
    let variant = stage.goods("Wanted goods", 1).await;
    let (session, order) = stage.shop.place(&[(&variant, 1)]).await;
    let mut both = Vec::new();
    for (provider, mode) in [PROVIDERS[1], PROVIDERS[2]] {
        let asked = stage
            .shop
            .ask_for_payment((&session, &order), (provider, mode), &json!({}))
            .await;
        both.push(Started {
            order: order.clone(),
            provider,
            answer: asked.expect(201),
        });
    }
    pay(&stage, &both[0], Telling::default()).await;
    is_paid(&stage, &both[0]).await;
    pay(&stage, &both[1], Telling::default()).await;
    let back = |money: &Value| {
        let refund = &money["refunds"][0];
        refund["progress"] == "settled" && refund["reason"] == "paid_twice" && refund["provider"] == "alipay"
    };
    let money = stage.shop.until_money(&order, back).await;
    assert_eq!(money["status"], "paid", "{money}");
    assert_eq!(money["refunded"]["amount"], both[1].amount(), "{money}");
    assert_eq!(stage.alipay.made().len(), 1);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_of_an_order_that_is_cancelled_goes_back() {
    let stage = Stage::set().await;
    let started = super::paid(&stage, PROVIDERS[1], 1).await;
    let version = format!("\"{}\"", stage.shop.order(&started.order).await["version"]);
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "cancel-1"),
        ("if-match", version.as_str()),
    ];
    let path = format!("/v1/orders/{}/cancel", started.order);
    let body = json!({"reason": "the buyer asked for it"}).to_string().into_bytes();
    let sent = stage.shop.staff.send(http::Method::POST, &path, &headers, body).await;
    sent.unwrap().expect(200);
    let back = |money: &Value| all_back(money, "order_cancelled");
    let money = stage.shop.until_money(&started.order, back).await;
    assert_eq!(money["refunded"]["amount"], started.amount(), "{money}");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_that_comes_late_brings_the_order_back_while_its_stock_is_free() {
    let stage = Stage::with(&[DUE]).await;
    let started = super::start(&stage, PROVIDERS[2]).await;
    expire(&stage, &started.order).await;
    pay(&stage, &started, Telling::default()).await;
    let money = is_paid(&stage, &started).await;
    assert_eq!(money["refunds"], json!([]), "{money}");
    stage.audit().await;
}
