//! Providers that do not tell: they are asked.

use serde_json::json;
use tests::doubles::stripe::Telling;

use super::{
    PRICE, PROVIDERS, Stage, cases, is_paid, paid, pay,
    refunds::{ask_for_a_unit, let_refunds_wait, stripe_refund, succeed, until_progress},
    start,
    tables::bring_forward,
};

/// Orders that nobody tells the payment of.
const ORDERS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn payments_that_nobody_tells_of_are_found_by_asking() {
    let stage = Stage::set().await;
    let mut all = Vec::new();
    for nth in 0..ORDERS {
        let started = start(&stage, PROVIDERS[nth % PROVIDERS.len()]).await;
        pay(&stage, &started, Telling::silent()).await;
        all.push(started);
    }
    let waiting = start(&stage, PROVIDERS[1]).await;
    stage.settle().await;
    for started in &all {
        assert_eq!(stage.shop.money(&started.order).await["status"], "unpaid");
    }
    assert_eq!(bring_forward(&stage, "payment-poll").await, ORDERS + 1);
    let swept = stage.fire("PaymentPollingFunction").await;
    assert_eq!(
        (&swept["fired"], &swept["unanswered"]),
        (&json!(ORDERS + 1), &json!(0)),
        "{swept}"
    );
    stage.settle().await;
    for started in &all {
        is_paid(&stage, started).await;
    }
    // The one that nobody paid is asked about again, the others are not.
    assert_eq!(stage.shop.money(&waiting.order).await["status"], "unpaid");
    assert_eq!(bring_forward(&stage, "payment-poll").await, 1);
    assert_eq!(cases(&stage).await, []);
    // What is told after it was found is known.
    let late = stage.wechat_pay.redeliver().await;
    assert!(late.is_empty(), "silence is silence: {late:?}");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_start_was_never_answered_is_found_by_asking() {
    let stage = Stage::set().await;
    for (provider, mode) in [PROVIDERS[1], PROVIDERS[2]] {
        let variant = stage.goods("Lost goods", 1).await;
        let (session, order) = stage.shop.place(&[(&variant, 1)]).await;
        // WeChat Pay is asked twice before the caller is told that it failed, Alipay once.
        match provider {
            "wechat_pay" => stage.wechat_pay.control().lose_next(&[502, 502]),
            _ => stage.alipay.control().lose_next(&[502]),
        }
        let answer = stage
            .shop
            .ask_for_payment((&session, &order), (provider, mode), &json!({}))
            .await;
        assert_eq!(answer.status, 502, "{}", answer.body);
        // The payer has the code all the same.
        let total = stage.shop.order(&order).await["total"]["amount"].clone();
        let made = match provider {
            "wechat_pay" => stage.wechat_pay.made(),
            _ => stage.alipay.made(),
        };
        let started = super::Started {
            order,
            provider,
            answer: json!({"provider_payment_id": made[0], "amount": total}),
        };
        pay(&stage, &started, Telling::silent()).await;
        assert_eq!(bring_forward(&stage, "payment-poll").await, 1);
        assert_eq!(stage.fire("PaymentPollingFunction").await["fired"], 1);
        stage.settle().await;
        is_paid(&stage, &started).await;
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_that_nobody_tells_the_end_of_are_found_by_asking() {
    let stage = Stage::set().await;
    let_refunds_wait(&stage, Telling::silent());
    let mut all = Vec::new();
    for how in PROVIDERS {
        let started = paid(&stage, how, 1).await;
        ask_for_a_unit(&stage, &started.order).await;
        let refund = until_progress(&stage, &started.order, "sent").await;
        succeed(&stage, how.0, &refund, &Telling::silent()).await;
        all.push(started);
    }
    stage.settle().await;
    assert_eq!(bring_forward(&stage, "refund-poll").await, PROVIDERS.len());
    let swept = stage.fire("PaymentPollingFunction").await;
    assert_eq!(swept["fired"], PROVIDERS.len(), "{swept}");
    for started in &all {
        until_progress(&stage, &started.order, "settled").await;
        let money = stage.shop.money(&started.order).await;
        assert_eq!(money["refunded"]["amount"], PRICE, "{money}");
    }
    assert_eq!(bring_forward(&stage, "refund-poll").await, 0, "nobody is asked again");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_whose_answer_was_lost_are_made_once() {
    let stage = Stage::set().await;
    let_refunds_wait(&stage, Telling::silent());
    for how in PROVIDERS {
        let started = paid(&stage, how, 1).await;
        match how.0 {
            "stripe" => stage.stripe.control().lose_next(&[500, 500]),
            "wechat_pay" => stage.wechat_pay.control().lose_next(&[500, 500]),
            _ => stage.alipay.control().lose_next(&[502]),
        }
        ask_for_a_unit(&stage, &started.order).await;
        until_progress(&stage, &started.order, "sending").await;
        // The message comes again, once its time is over.
        let refund = loop {
            stage.platform.handles.sqs.release_in_flight().await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let refund = stage.shop.money(&started.order).await["refunds"][0].clone();
            if refund["progress"] == "sent" {
                break refund;
            }
        };
        stage.settle().await;
        match how.0 {
            "stripe" => drop(stripe_refund(&stage, refund["id"].as_str().unwrap()).await),
            "wechat_pay" => assert_eq!(stage.wechat_pay.refunds().len(), 1),
            _ => {}
        }
        succeed(&stage, how.0, &refund, &Telling::default()).await;
        let refunded = |money: &serde_json::Value| money["refunded"]["amount"] == PRICE;
        stage.shop.until_money(&started.order, refunded).await;
    }
    stage.audit().await;
}
