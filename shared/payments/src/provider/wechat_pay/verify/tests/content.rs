//! What is sealed inside of a signed event.

use super::*;

fn deliver(notices: &Notices, event: &Value) -> Result<Verified, Refusal> {
    let body = event.to_string();
    notices.verify(&signed(body.as_bytes()), body.as_bytes(), Timestamp::from_seconds(NOW))
}

#[test]
fn content_opens_under_every_configured_key() {
    let event = event("TRANSACTION.SUCCESS", &transaction());
    let ours = secret("WechatPayNotices")["api_v3_keys"][0].clone();
    let with_keys = |keys: Value| notices_with(|json| json["api_v3_keys"] = keys);
    for keys in [
        json!([ours, "k".repeat(32)]),
        json!(["k".repeat(32), "l".repeat(32), ours]),
    ] {
        assert!(deliver(&with_keys(keys), &event).is_ok());
    }
    assert_eq!(
        deliver(&with_keys(json!(["k".repeat(32)])), &event),
        Err(Refusal::Undecryptable)
    );
    let again = notices().refused(Refusal::Undecryptable);
    assert_eq!(
        (again.status, again.body),
        (500, r#"{"code":"FAIL","message":"not readable now"}"#)
    );
}

#[test]
fn associated_data_may_be_empty_or_absent_but_not_another() {
    let key = secret("WechatPayNotices")["api_v3_keys"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let mut event = event("TRANSACTION.SUCCESS", &transaction());
    event["resource"]["ciphertext"] = json!(sealed(&key, "fdasflkja484", "", &transaction().to_string()));
    assert_eq!(deliver(&notices(), &event), Err(Refusal::Undecryptable));
    for empty in [json!(""), Value::Null] {
        event["resource"]["associated_data"] = empty;
        assert!(deliver(&notices(), &event).is_ok());
    }
    event["resource"].as_object_mut().unwrap().remove("associated_data");
    assert!(deliver(&notices(), &event).is_ok());
}

#[test]
fn another_algorithm_or_a_nonce_of_another_length_opens_nothing() {
    for (name, value) in [
        ("algorithm", json!("AEAD_AES_128_GCM")),
        ("algorithm", json!("AES_256_ECB")),
        ("algorithm", json!("")),
        ("nonce", json!("")),
        ("nonce", json!("fdasflkja48")),
        ("nonce", json!("fdasflkja4844")),
        ("ciphertext", json!("")),
        ("ciphertext", json!("AAAA")),
        ("ciphertext", json!("%%")),
    ] {
        let mut event = event("TRANSACTION.SUCCESS", &transaction());
        event["resource"][name] = value.clone();
        assert_eq!(
            deliver(&notices(), &event),
            Err(Refusal::Undecryptable),
            "{name} {value}"
        );
    }
}

#[test]
fn a_notice_of_another_merchant_is_kept_and_marked() {
    for (event_type, name, value, foreign) in [
        ("TRANSACTION.SUCCESS", "mchid", json!("1900000002"), true),
        ("TRANSACTION.SUCCESS", "mchid", Value::Null, true),
        ("TRANSACTION.SUCCESS", "appid", json!("wx0"), true),
        ("TRANSACTION.SUCCESS", "appid", Value::Null, true),
        ("TRANSACTION.SUCCESS", "trade_type", json!("APP"), false),
        ("REFUND.SUCCESS", "mchid", json!("1900000002"), true),
        ("REFUND.SUCCESS", "appid", json!("wx0"), true),
        ("REFUND.SUCCESS", "appid", Value::Null, false),
    ] {
        let mut resource = transaction();
        resource[name] = value;
        let content = deliver(&notices(), &event(event_type, &resource))
            .unwrap()
            .content
            .unwrap();
        let content: Value = serde_json::from_str(&content).unwrap();
        assert_eq!(
            (&content["foreign"], &content["resource"]),
            (&json!(foreign), &resource),
            "{event_type} {name}"
        );
    }
}

#[test]
fn content_that_is_no_json_is_kept_as_none() {
    let key = secret("WechatPayNotices")["api_v3_keys"][0]
        .as_str()
        .unwrap()
        .to_owned();
    for (text, kept) in [("no json", "null"), ("[1]", "[1]"), ("7", "7")] {
        let mut event = event("REFUND.SUCCESS", &Value::Null);
        event["resource"]["ciphertext"] = json!(sealed(&key, "fdasflkja484", "transaction", text));
        let expected = format!(r#"{{"event_type":"REFUND.SUCCESS","foreign":true,"resource":{kept}}}"#);
        assert_eq!(deliver(&notices(), &event).unwrap().content, Some(expected));
    }
}
