use serde_json::json;

use super::{
    super::testing::{cny, number, order, payment, refund as refunded, refund_id, transaction as paid},
    *,
};

fn content(event_type: &str, resource: &Value) -> String {
    json!({"event_type": event_type, "foreign": false, "resource": resource}).to_string()
}

fn told(event_type: &str, resource: &Value) -> Reading {
    match parse(&content(event_type, resource)) {
        Ok(Parsed::Told(reading)) => reading,
        other => panic!("{event_type}: {other:?}"),
    }
}

fn keys(reading: &Reading) -> Vec<String> {
    reading.facts.iter().map(|fact| fact.key().to_string()).collect()
}

#[test]
fn golden_notices_tell_their_fact_once_each() {
    let golden: Vec<Value> = serde_json::from_str(include_str!("../golden/notices.json")).unwrap();
    let (number, refund) = (number(), refund_id());
    let expected = [
        format!("wechat_pay#{number}#captured#1999"),
        format!("wechat_pay#{number}#refund_succeeded#{refund}#999"),
        format!("wechat_pay#{number}#refund_abnormal#{refund}#999"),
        format!("wechat_pay#{number}#refund_failed#{refund}#999"),
    ];
    for (notice, expected) in golden.iter().zip(expected) {
        let Ok(Parsed::Told(reading)) = parse(notice["content"].as_str().unwrap()) else {
            panic!("{expected}")
        };
        assert_eq!(keys(&reading), [expected]);
        assert_eq!(reading.asked, Some(cny(1_999)));
        assert_eq!(reading.reference.payment, Some(payment()));
        assert_eq!(
            reading.reference.object.map(|object| object.to_string()),
            Some(number.clone())
        );
    }
}

#[test]
fn a_payment_names_its_order_and_its_time() {
    let reading = told("TRANSACTION.SUCCESS", &paid());
    assert_eq!(reading.reference.order, Some(order()));
    assert_eq!(
        reading.occurred_at.map(|at| at.to_string()),
        Some("2026-04-08T09:30:00.000Z".to_owned())
    );
    assert_eq!(reading.livemode, LIVEMODE);
    let mut bare = paid();
    bare["attach"] = json!("");
    bare["success_time"] = Value::Null;
    bare["out_trade_no"] = json!("another-system-1");
    let reading = told("TRANSACTION.SUCCESS", &bare);
    assert_eq!(
        (reading.reference.order, reading.reference.payment, reading.occurred_at),
        (None, None, None)
    );
    assert_eq!(keys(&reading), ["wechat_pay#another-system-1#captured#1999"]);
}

#[test]
fn what_the_payer_paid_after_coupons_is_not_our_amount() {
    let mut resource = paid();
    resource["amount"]["payer_total"] = json!(1);
    assert_eq!(told("TRANSACTION.SUCCESS", &resource).asked, Some(cny(1_999)));
    resource["amount"] = json!({"total": 5, "payer_total": 5});
    assert_eq!(told("TRANSACTION.SUCCESS", &resource).asked, Some(cny(5)));
    resource["amount"]["currency"] = json!("USD");
    let asked = told("TRANSACTION.SUCCESS", &resource).asked.unwrap();
    assert_eq!(asked.currency().code(), "USD");
}

#[test]
fn other_types_are_ignored() {
    for event_type in [
        "TRANSACTION.FAIL",
        "TRANSACTION.PAY_BACK",
        "REFUND.PROCESSING",
        "REFUND.",
        "refund.success",
        "PAYSCORE.USER_PAID",
        "COMPLAINT.CREATE",
        "",
    ] {
        assert_eq!(
            parse(&content(event_type, &paid())),
            Ok(Parsed::Ignored),
            "{event_type}"
        );
    }
    // As the webhook keeps what was not opened: the event itself.
    let event = json!({"id": "EV-1", "event_type": "X", "resource": {"ciphertext": "AAAA"}});
    assert_eq!(parse(&event.to_string()), Ok(Parsed::Ignored));
}

#[test]
fn a_notice_of_another_merchant_is_a_case() {
    let foreign = json!({"event_type": "TRANSACTION.SUCCESS", "foreign": true, "resource": paid()});
    assert_eq!(parse(&foreign.to_string()), Err(ParseError("merchant")));
}

#[test]
fn a_field_that_is_needed_and_garbled_makes_a_case() {
    for (pointer, value, name) in [
        ("/trade_state", json!("NOTPAY"), "trade_state"),
        ("/trade_state", json!("CLOSED"), "trade_state"),
        ("/trade_state", json!("NEW"), "trade_state"),
        ("/trade_state", Value::Null, "trade_state"),
        ("/out_trade_no", json!("a#b"), "out_trade_no"),
        ("/out_trade_no", Value::Null, "out_trade_no"),
        ("/amount", Value::Null, "total"),
        ("/amount/total", json!(19.99), "total"),
        ("/amount/total", json!("1999"), "total"),
        ("/amount/total", json!(-1), "total"),
        ("/amount/total", json!(9_007_199_254_740_992_i64), "total"),
        ("/amount/currency", json!("xxx"), "currency"),
        ("/amount/currency", json!(156), "currency"),
    ] {
        let mut resource = paid();
        *resource.pointer_mut(pointer).unwrap() = value.clone();
        let parsed = parse(&content("TRANSACTION.SUCCESS", &resource));
        assert_eq!(parsed, Err(ParseError(name)), "{pointer} {value}");
    }
    for (pointer, value, name) in [
        // The type and the content must say the same.
        ("/refund_status", json!("CLOSED"), "refund_status"),
        ("/refund_status", json!("PROCESSING"), "refund_status"),
        ("/refund_status", Value::Null, "refund_status"),
        ("/out_refund_no", json!("r 1"), "out_refund_no"),
        ("/amount/refund", Value::Null, "refund"),
        ("/amount/total", Value::Null, "total"),
    ] {
        let mut resource = refunded("SUCCESS");
        *resource.pointer_mut(pointer).unwrap() = value.clone();
        let parsed = parse(&content("REFUND.SUCCESS", &resource));
        assert_eq!(parsed, Err(ParseError(name)), "{pointer} {value}");
    }
    for garbage in ["", "[]", "{}", r#"{"event_type":7}"#] {
        assert_eq!(parse(garbage), Err(ParseError("content")), "{garbage}");
    }
    for resource in [Value::Null, json!(7), json!([])] {
        assert_eq!(
            parse(&content("TRANSACTION.SUCCESS", &resource)),
            Err(ParseError("trade_state"))
        );
    }
}

#[test]
fn every_state_of_a_payment_is_known_or_said_to_be_unknown() {
    let number = number();
    for (state, fact) in [
        ("SUCCESS", Some("captured#1999")),
        ("REFUND", Some("captured#1999")),
        ("CLOSED", Some("progress#canceled")),
        ("REVOKED", Some("progress#canceled")),
        ("PAYERROR", Some("progress#failed")),
        ("NOTPAY", None),
        ("USERPAYING", None),
        ("ACCEPT", None),
    ] {
        let mut resource = paid();
        resource["trade_state"] = json!(state);
        let (reading, captured) = transaction(&resource).unwrap().unwrap();
        let expected: Vec<String> = fact
            .map(|fact| format!("wechat_pay#{number}#{fact}"))
            .into_iter()
            .collect();
        assert_eq!(keys(&reading), expected, "{state}");
        assert_eq!(
            (captured, reading.asked.is_some()),
            (expected.join("").contains("captured"), captured),
            "{state}"
        );
    }
    let mut resource = paid();
    resource["trade_state"] = json!("NEW");
    assert_eq!(transaction(&resource), Ok(None));
}
