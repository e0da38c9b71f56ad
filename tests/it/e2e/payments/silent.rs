//! Providers that do not tell: they are asked.

use serde_json::json;
use tests::doubles::stripe::Telling;

use super::{PROVIDERS, Stage, cases, is_paid, pay, start, tables::bring_forward};

/// How often a start is sent before its caller is told that it failed.
const TRIES: usize = 2;
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
        let lost = [502; TRIES];
        match provider {
            "wechat_pay" => stage.wechat_pay.control().lose_next(&lost),
            _ => stage.alipay.control().lose_next(&lost),
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
