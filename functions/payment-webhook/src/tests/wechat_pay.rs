//! `WeChat` Pay at the webhook.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::*;

const FAIL: &str = r#"{"code":"FAIL","message":"refused"}"#;

/// As the platform sends it: sealed, and signed now.
pub(super) fn paid(ingress: &Ingress, id: &str) -> (Vec<(&'static str, String)>, String) {
    let transaction = json!({
        "transaction_id": "1217752501201407033233368018", "mchid": "1900000001", "appid": "wxd678efh567hg6787",
        "out_trade_no": PAYMENT[4..], "attach": ORDER, "trade_state": "SUCCESS", "trade_type": "NATIVE",
        "success_time": "2026-04-08T17:30:00+08:00", "amount": {"total": 100, "payer_total": 90, "currency": "CNY"},
    });
    let (nonce, about) = ("fdasflkja484", "transaction");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, b"dev-api-v3-key-public-not-secret").unwrap());
    let mut sealed = transaction.to_string().into_bytes();
    let unique = Nonce::try_assume_unique_for_key(nonce.as_bytes()).unwrap();
    key.seal_in_place_append_tag(unique, Aad::from(about.as_bytes()), &mut sealed)
        .unwrap();
    let sealed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sealed);
    let resource = json!({"original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "associated_data": about,
        "nonce": nonce, "ciphertext": sealed});
    let body = json!({"id": id, "create_time": "2026-04-08T17:30:00+08:00", "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS", "summary": "paid", "resource": resource})
    .to_string();
    (signed(ingress.now_s(), &body), body)
}

fn signed(time: i64, body: &str) -> Vec<(&'static str, String)> {
    let nonce = "593BEC0C930BF1AFEB40B4A08C8FB242";
    let signature = platform_key("wechat_platform").sign(format!("{time}\n{nonce}\n{body}\n").as_bytes());
    vec![
        ("Wechatpay-Timestamp", time.to_string()),
        ("Wechatpay-Nonce", nonce.to_owned()),
        ("Wechatpay-Signature", signature.unwrap()),
        ("Wechatpay-Serial", "PUB_KEY_ID_0114232134912410000000000000".to_owned()),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
    ]
}

#[tokio::test]
async fn a_notice_is_kept_sealed_and_open_once_and_answered_without_a_word() {
    let ingress = Ingress::new().await;
    for _ in 0..2 {
        let (headers, body) = paid(&ingress, "EV-1");
        assert_eq!(
            ingress.deliver("wechat_pay", &headers, body.clone()).await,
            (204, String::new())
        );
        // Signed anew for each attempt.
        ingress.world.clock().advance_seconds(3_600);
    }
    let (headers, body) = paid(&ingress, "EV-1");
    assert_eq!(
        ingress.deliver_in_base64("wechat_pay", &headers, &body).await,
        (204, String::new())
    );
    let kept = ingress.of("payment-notice").await;
    assert_eq!(kept.len(), 1);
    let notice = &kept[0]["notice"]["M"];
    assert!(notice["body"]["S"].as_str().unwrap().contains("ciphertext"));
    assert!(notice["content"]["S"].as_str().unwrap().contains("out_trade_no"));
    let events = ingress.world.events().await;
    assert_eq!((events.len(), events[0].key.as_str()), (1, ORDER));
}

#[tokio::test]
async fn what_is_refused_is_told_to_fail_and_kept_with_its_reason() {
    let ingress = Ingress::new().await;
    let (good, body) = paid(&ingress, "EV-1");
    let with = |at: usize, value: &str| {
        let mut headers = good.clone();
        headers[at].1 = value.to_owned();
        headers
    };
    let large = "x".repeat(web::BODY_BYTES_MAX + 1);
    for (headers, body, status, reason) in [
        (vec![], body.clone(), 400, "signature_missing"),
        (signed(ingress.now_s() - 301, &body), body.clone(), 400, "stale"),
        (
            signed(ingress.now_s() + 301, &body),
            body.clone(),
            400,
            "from_the_future",
        ),
        (with(3, "PUB_KEY_ID_1"), body.clone(), 400, "key_unknown"),
        (good.clone(), body.replace("paid", "PAID"), 400, "signature_wrong"),
        (signed(ingress.now_s(), "[]"), "[]".to_owned(), 400, "not_an_event"),
        (good.clone(), large, 413, "too_large"),
    ] {
        let (given, answer) = ingress.deliver("wechat_pay", &headers, body).await;
        assert_eq!(given, status, "{reason}");
        assert!(answer.starts_with(r#"{"code":"FAIL","#), "{answer}");
        assert!(status != 400 || answer == FAIL, "{answer}");
        let reasons = ingress.reasons().await;
        assert!(reasons.iter().any(|kept| kept == reason), "{reason}: {reasons:?}");
    }
    assert_eq!(
        (ingress.reasons().await.len(), ingress.world.events().await.len()),
        (7, 0)
    );
}

#[tokio::test]
async fn a_notice_that_cannot_be_kept_is_told_to_fail() {
    let mut ingress = Ingress::new().await;
    ingress.lose_the_store();
    let (headers, body) = paid(&ingress, "EV-1");
    let answer = ingress.deliver("wechat_pay", &headers, body).await;
    assert_eq!(answer, (503, r#"{"code":"FAIL","message":"unavailable"}"#.to_owned()));
}
