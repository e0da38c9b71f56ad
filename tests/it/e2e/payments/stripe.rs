//! Stripe's hosted page, and what staff do about a payment.

use serde_json::json;
use tests::doubles::stripe::Telling;

use super::{PROVIDERS, Stage, accepted, is_paid, paid, pay, start};

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_page_tells_of_its_session_and_of_its_intent_and_pays_the_order_once() {
    for out_of_order in [false, true] {
        let stage = Stage::set().await;
        let started = start(&stage, ("stripe", "checkout_session")).await;
        assert!(started.answer["url"].as_str().unwrap().starts_with("https://"));
        let telling = Telling {
            out_of_order,
            times: 2,
            ..Telling::default()
        };
        let told = pay(&stage, &started, telling).await;
        assert!(told.len() >= 4 && accepted(&told), "{told:?}");
        is_paid(&stage, &started).await;
        stage.audit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_and_nothing_goes_back_while_staff_hold_an_order() {
    let stage = Stage::set().await;
    let started = paid(&stage, PROVIDERS[0], 1).await;
    let order = &started.order;
    let (hold, release) = (
        format!("/v1/orders/{order}/payments/hold"),
        format!("/v1/orders/{order}/payments/release"),
    );
    let reason = json!({"reason": "the payer called"});
    let clerk = stage.shop.hire(&["payments.refund"]).await;
    clerk.api.post(&hold, &reason).await.expect(403);
    stage.shop.staff.post(&hold, &reason).await.expect(200);
    let version = stage.shop.money(order).await["version"].clone();
    let some = json!({"amount": {"amount": 100, "currency": "CNY"}, "reason": "goodwill"});
    let refused = stage.shop.refund(&clerk.api, order, &version, &some).await;
    refused.expect(409);
    stage.shop.staff.post(&release, &reason).await.expect(200);
    let asked = stage.shop.refund(&clerk.api, order, &version, &some).await;
    asked.expect(201);
    let back = |money: &serde_json::Value| money["refunded"]["amount"] == 100;
    stage.shop.until_money(order, back).await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_notice_that_is_handed_on_again_changes_nothing() {
    let stage = Stage::set().await;
    for how in PROVIDERS {
        let started = paid(&stage, how, 1).await;
        let money = stage.shop.money(&started.order).await;
        let delivery = money["facts"][0]["delivery"].as_str().unwrap();
        let path = format!("/v1/payments/notices/{}/{delivery}", how.0);
        stage.shop.staff.get(&path).await.expect(200);
        let again = format!("{path}/redrive");
        stage.shop.staff.post(&again, &json!({})).await.expect(202);
        stage.settle().await;
        assert_eq!(stage.shop.money(&started.order).await, money);
    }
    stage.audit().await;
}
