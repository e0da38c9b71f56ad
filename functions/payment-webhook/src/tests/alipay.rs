//! Alipay at the webhook.

use super::*;

/// As Alipay sends it: a form, signed over its decoded values.
pub(super) fn paid(id: &str) -> String {
    form(&[("notify_id", id)])
}

fn form(changes: &[(&str, &str)]) -> String {
    let mut values = std::collections::BTreeMap::from([
        ("app_id", "2021000000000001"),
        ("seller_id", "2088000000000001"),
        ("charset", "utf-8"),
        ("notify_type", "trade_status_sync"),
        ("notify_time", "2026-04-08 17:30:00"),
        ("notify_id", "n-1"),
        ("trade_no", "2026040822001400000000000001"),
        ("out_trade_no", PAYMENT),
        ("passback_params", ORDER),
        ("subject", "100% wool & more"),
        ("trade_status", "TRADE_SUCCESS"),
        ("total_amount", "1.00"),
        ("gmt_payment", "2026-04-08 17:29:59"),
    ]);
    values.extend(changes.iter().copied());
    let text: Vec<_> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let sign = platform_key("alipay_platform").sign(text.join("&").as_bytes()).unwrap();
    values.extend([("sign_type", "RSA2"), ("sign", sign.as_str())]);
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(values)
        .finish()
}

#[tokio::test]
async fn a_notice_is_kept_once_as_it_was_sent_and_answered_with_the_seven_letters() {
    let ingress = Ingress::new().await;
    for _ in 0..2 {
        let answer = ingress.deliver("alipay", &[], paid("n-1")).await;
        assert_eq!(answer, (200, "success".to_owned()));
        // Alipay signs no time: a redelivery is the same bytes a day later.
        ingress.world.clock().advance_seconds(86_400);
    }
    let answer = ingress.deliver_in_base64("alipay", &[], &paid("n-1")).await;
    assert_eq!(answer, (200, "success".to_owned()));
    let kept = ingress.of("payment-notice").await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["notice"]["M"]["body"]["S"], paid("n-1"));
    let events = ingress.world.events().await;
    assert_eq!((events.len(), events[0].key.as_str()), (1, ORDER));
}

#[tokio::test]
async fn what_is_refused_is_told_to_fail_and_kept_with_its_reason() {
    let ingress = Ingress::new().await;
    let good = paid("n-1");
    let unsigned: Vec<_> = good.split('&').filter(|pair| !pair.starts_with("sign=")).collect();
    let large = "x".repeat(web::BODY_BYTES_MAX + 1);
    for (body, status, reason) in [
        (unsigned.join("&"), 400, "signature_missing"),
        (good.replace("1.00", "9.00"), 400, "signature_wrong"),
        (good.replace("RSA2", "RSA"), 400, "downgraded"),
        (format!("{good}&out_trade_no=x"), 400, "signature_malformed"),
        (form(&[("notify_id", "")]), 400, ""),
        (large, 413, "too_large"),
    ] {
        assert_eq!(
            ingress.deliver("alipay", &[], body).await,
            (status, "fail".to_owned()),
            "{reason}"
        );
        let reasons = ingress.reasons().await;
        assert!(
            reason.is_empty() || reasons.iter().any(|kept| kept == reason),
            "{reason}: {reasons:?}"
        );
    }
    assert_eq!(
        (ingress.reasons().await.len(), ingress.world.events().await.len()),
        (6, 0)
    );
}

#[tokio::test]
async fn a_notice_that_cannot_be_kept_is_told_to_fail() {
    let mut ingress = Ingress::new().await;
    ingress.lose_the_store();
    assert_eq!(
        ingress.deliver("alipay", &[], paid("n-1")).await,
        (503, "fail".to_owned())
    );
}
