//! What providers tell that nobody asked for: other amounts, unknown payments, refunds made in their own pages.

use serde_json::{Value, json};
use tests::doubles::{
    stripe::{DisputeEnd, Telling},
    wechat_pay::Pay,
};

use super::{PRICE, PROVIDERS, Stage, accepted, cases, is_paid, paid, pay, redeliver, start, tables::now_ms};

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_another_amount_or_of_an_unknown_payment_is_a_case_and_books_nothing() {
    let stage = Stage::set().await;
    let wrong_amount = Telling {
        wrong_amount: Some(1),
        ..Telling::default()
    };
    let unknown = Telling {
        unknown_order: true,
        ..Telling::default()
    };
    let mut all = Vec::new();
    for how in PROVIDERS {
        for telling in [&wrong_amount, &unknown] {
            let started = start(&stage, how).await;
            let told = pay(&stage, &started, telling.clone()).await;
            assert!(accepted(&told), "it is signed, so it is taken: {told:?}");
            all.push(started);
        }
    }
    stage.settle().await;
    for started in &all {
        let money = stage.shop.money(&started.order).await;
        assert_eq!(money["captured"]["amount"], 0, "{money}");
    }
    let reasons = cases(&stage).await;
    let count = |reason: &str| reasons.iter().filter(|(why, _)| why == reason).count();
    assert_eq!(count("wrong_amount"), PROVIDERS.len(), "{reasons:?}");
    assert!(count("unknown_payment") >= PROVIDERS.len(), "{reasons:?}");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_made_in_a_providers_own_pages_is_booked_and_leaves_less_to_give_back() {
    let stage = Stage::set().await;
    let once = Telling::default();
    for how in PROVIDERS {
        let started = paid(&stage, how, 1).await;
        let (order, object) = (&started.order, started.object());
        let told = match how.0 {
            "stripe" => stage.stripe.refund(object, 300, &once).await,
            "wechat_pay" => {
                let url = format!("{}/webhooks/payments/wechat_pay", stage.platform.base_url);
                let refund = stage.wechat_pay.refund_by_hand(object, 300, &url, &once).await;
                refund.unwrap()
            }
            _ => stage.alipay.refund_by_hand(object, 300, &once).await.unwrap(),
        };
        assert!(accepted(&told), "{told:?}");
        let refunded = |money: &Value| money["refunded"]["amount"] == 300;
        let money = stage.shop.until_money(order, refunded).await;
        assert_eq!(money["refundable"]["amount"], started.amount() - 300, "{money}");
        let all = json!({"amount": {"amount": started.amount(), "currency": "CNY"}, "reason": "goodwill"});
        let version = money["version"].clone();
        let asked = stage.shop.refund(&stage.shop.staff, order, &version, &all).await;
        assert_eq!(asked.expect(422)["refundable"], started.amount() - 300);
        redeliver(&stage, how.0).await;
        stage.settle().await;
        assert_eq!(stage.shop.money(order).await["refunded"]["amount"], 300);
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payer_with_a_coupon_pays_the_order_in_full() {
    let stage = Stage::set().await;
    let started = start(&stage, PROVIDERS[1]).await;
    let pay = Pay {
        payer_total: Some(PRICE / 2),
        ..Pay::exactly(started.object())
    };
    let told = stage.wechat_pay.pay(&pay).await.unwrap();
    assert!(accepted(&told), "{told:?}");
    is_paid(&stage, &started).await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_a_payers_bank_moves_no_money_before_it_becomes_a_dispute() {
    let stage = Stage::set().await;
    let started = paid(&stage, PROVIDERS[0], 1).await;
    let once = Telling::default();
    let due_by = now_ms() / 1_000 + 30 * 86_400;
    let inquiry = stage.stripe.dispute(started.object(), Some(PRICE), due_by, true, &once);
    let (dispute, _) = inquiry.await.unwrap();
    let asked = |money: &Value| money["disputes"][0]["outcome"] == "inquiry";
    let money = stage.shop.until_money(&started.order, asked).await;
    assert_eq!(
        (&money["status"], &money["withdrawn"]["amount"]),
        (&json!("paid"), &json!(0)),
        "{money}"
    );
    stage.audit().await;
    for (end, status, withdrawn) in [
        (DisputeEnd::Escalated, "disputed", PRICE),
        (DisputeEnd::UnderReview, "disputed", PRICE),
        (DisputeEnd::Lost, "charged_back", PRICE),
    ] {
        stage.stripe.end_dispute(&dispute, end, &once).await.unwrap();
        let told = |money: &Value| money["status"] == status && money["withdrawn"]["amount"] == withdrawn;
        stage.shop.until_money(&started.order, told).await;
        stage.audit().await;
    }
    // Part of it is still ours to give back.
    let money = stage.shop.money(&started.order).await;
    assert_eq!(money["refundable"]["amount"], started.amount() - PRICE, "{money}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_a_provider_was_down_for_is_repeated_under_its_key() {
    let stage = Stage::set().await;
    let variant = stage.goods("Patient goods", 3).await;
    for (provider, mode) in PROVIDERS {
        let (session, order) = stage.shop.place(&[(&variant, 1)]).await;
        let set_down = |down: bool| match provider {
            "stripe" => stage.stripe.control().down(down),
            "wechat_pay" => stage.wechat_pay.control().down(down),
            _ => stage.alipay.control().down(down),
        };
        let body = json!({"checkout_id": session, "provider": provider, "mode": mode});
        let path = format!("/v1/orders/{order}/payments");
        let ask = async || {
            let sent = stage.shop.agent.try_json(http::Method::POST, &path, "the-key", &body);
            sent.await.unwrap()
        };
        set_down(true);
        ask().await.expect(502);
        set_down(false);
        let (first, again) = (ask().await.expect(201), ask().await.expect(201));
        assert_eq!(first, again);
        let started = super::Started {
            order,
            provider,
            answer: first,
        };
        pay(&stage, &started, Telling::default()).await;
        is_paid(&stage, &started).await;
    }
    stage.audit().await;
}
