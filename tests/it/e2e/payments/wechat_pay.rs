//! `WeChat` Pay: a code to scan, an application to open, a page of a phone; notices as they come.

use serde_json::json;
use tests::{
    client::Api,
    doubles::{stripe::Telling, wechat_pay::Account},
};

use super::{Stage, accepted, is_paid, pay, redeliver, start, start_some};

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_paid_and_told_twice_and_late_pays_the_order_once() {
    let stage = Stage::set().await;
    let started = start(&stage, ("wechat_pay", "native")).await;
    let code = started.answer["qr_code"].as_str().unwrap();
    assert!(code.starts_with("weixin://wxpay/"), "{}", started.answer);
    assert_eq!(started.object().len(), 32, "{}", started.answer);
    let twice_and_late = Telling {
        times: 2,
        at_once: true,
        delay_ms: 300,
        ..Telling::default()
    };
    let told = pay(&stage, &started, twice_and_late).await;
    assert!(told.len() == 2 && accepted(&told), "{told:?}");
    let money = is_paid(&stage, &started).await;
    let again = redeliver(&stage, started.provider).await;
    assert!(accepted(&again), "{again:?}");
    stage.settle().await;
    assert_eq!(stage.shop.money(&started.order).await, money, "copies change nothing");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_that_are_forged_changed_old_probes_or_of_an_unknown_key_book_nothing() {
    let stage = Stage::set().await;
    let bad = |change: fn(&mut Telling)| {
        let mut telling = Telling::default();
        change(&mut telling);
        telling
    };
    let mut all = Vec::new();
    for telling in [
        bad(|telling| telling.forged = true),
        bad(|telling| telling.tampered = true),
        bad(|telling| telling.probe = true),
        bad(|telling| telling.unknown_serial = true),
        bad(|telling| telling.skew_s = -302),
    ] {
        let started = start(&stage, ("wechat_pay", "native")).await;
        let told = pay(&stage, &started, telling.clone()).await;
        assert!(
            told.iter().all(|one| !one.accepted && one.status == 400),
            "{telling:?}: {told:?}"
        );
        all.push(started);
    }
    stage.settle().await;
    for started in &all {
        let money = stage.shop.money(&started.order).await;
        assert_eq!((&money["status"], &money["facts"]), (&json!("unpaid"), &json!([])));
    }
    let refused = stage
        .shop
        .staff
        .get("/v1/payments/notices/wechat_pay")
        .await
        .expect(200);
    assert_eq!(refused["items"].as_array().unwrap().len(), all.len(), "{refused}");

    let told = redeliver(&stage, "wechat_pay").await;
    assert!(accepted(&told), "{told:?}");
    for started in &all {
        is_paid(&stage, started).await;
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_opens_the_payers_application_is_signed_by_the_merchant() {
    let stage = Stage::set().await;
    let payer = json!({"openid": "oPayer00000000000000000000001"});
    let started = start_some(&stage, ("wechat_pay", "jsapi"), 1, &payer).await;
    let application = &started.answer["application"];
    let text = |name: &str| application[name].as_str().unwrap_or_else(|| panic!("{application}"));
    let signed = ["appId", "timeStamp", "nonceStr", "package"].map(|name| format!("{}\n", text(name)));
    assert!(text("package").starts_with("prepay_id="), "{application}");
    assert_eq!(text("signType"), "RSA");
    let account = Account::dev();
    assert!(account.signed_by_merchant(signed.concat().as_bytes(), text("paySign")));
    let other = signed.concat().replace("prepay_id=", "prepay_id=x");
    assert!(!account.signed_by_merchant(other.as_bytes(), text("paySign")));
    pay(&stage, &started, Telling::default()).await;
    is_paid(&stage, &started).await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phones_browser_is_sent_to_a_page() {
    let stage = Stage::set().await;
    let started = start(&stage, ("wechat_pay", "h5")).await;
    let url = started.answer["url"].as_str().unwrap();
    let path = url.strip_prefix(&stage.wechat_pay.url()).expect("a page of theirs");
    assert_eq!(Api::new(&stage.wechat_pay.url()).get(path).await.status, 200);
    pay(&stage, &started, Telling::default()).await;
    is_paid(&stage, &started).await;
    stage.audit().await;
}
