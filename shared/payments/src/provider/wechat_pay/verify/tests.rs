use kernel::Timestamp;
use serde_json::{Value, json};

use super::{
    super::testing::{
        NONCE, NOW, event, headers, notices, notices_with, other_key, platform_key, sealed, secret, signed, signed_by,
        transaction,
    },
    *,
};

mod changes;
mod content;

type Fields = [(&'static str, Vec<u8>); 5];

const BODY: &[u8] = br#"{"id":"EV-1","event_type":"PAYSCORE.USER_CONFIRM","resource":{}}"#;

fn at(notices: &Notices, fields: &[(&str, Vec<u8>)], body: &[u8], now: i64) -> Result<Verified, Refusal> {
    notices.verify(&headers(fields).unwrap(), body, Timestamp::from_seconds(now))
}

fn check(fields: &[(&str, Vec<u8>)], body: &[u8]) -> Result<Verified, Refusal> {
    at(&notices(), fields, body, NOW)
}

fn good() -> Fields {
    signed_by(&platform_key(), &NOW.to_string(), NONCE, BODY)
}

/// The good headers, one of them changed.
fn with(name: &str, value: &[u8]) -> Fields {
    good().map(|(field, old)| (field, if field == name { value.to_vec() } else { old }))
}

#[test]
fn golden_notices_of_another_implementation_are_taken_and_opened() {
    let golden: Vec<Value> = serde_json::from_str(include_str!("../golden/notices.json")).unwrap();
    assert_eq!(golden.len(), 4);
    for notice in golden {
        let fields = notice["headers"].as_object().unwrap().iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap().into()))
            .collect();
        let verified = check(&fields, notice["body"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(verified.content.as_deref(), notice["content"].as_str());
        assert!(notice["body"].as_str().unwrap().contains(verified.delivery.as_str()));
    }
}

#[test]
fn what_is_not_needed_is_taken_unopened_whatever_it_holds() {
    for resource in ["{}", "null", "7", r#""text""#, r#"{"algorithm":"NEW","nonce":null}"#] {
        let body = format!(r#"{{"id":"EV-1","event_type":"PAYSCORE.USER_CONFIRM","resource":{resource}}}"#);
        let verified = notices().verify(&signed(body.as_bytes()), body.as_bytes(), Timestamp::from_seconds(NOW));
        let verified = verified.unwrap();
        assert_eq!(
            (verified.delivery.as_str(), verified.kind.as_str()),
            ("EV-1", "PAYSCORE.USER_CONFIRM")
        );
        assert_eq!(verified.content, None);
    }
}

#[test]
fn the_time_is_bounded_on_both_sides() {
    for (offset, expected) in [
        (-299, Ok(())),
        (299, Ok(())),
        (-300, Err(Refusal::Stale)),
        (300, Err(Refusal::FromTheFuture)),
        (-301, Err(Refusal::Stale)),
        (301, Err(Refusal::FromTheFuture)),
        (-86_400, Err(Refusal::Stale)),
        (86_400 * 365, Err(Refusal::FromTheFuture)),
    ] {
        let fields = signed_by(&platform_key(), &(NOW + offset).to_string(), NONCE, BODY);
        assert_eq!(check(&fields, BODY).map(drop), expected, "{offset}");
    }
}

#[test]
fn names_of_headers_are_read_in_any_case() {
    for change in [str::to_lowercase, str::to_uppercase] {
        let fields = good().map(|(name, value)| (change(name), value));
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        assert!(check(&fields, BODY).is_ok());
    }
}

#[test]
fn each_header_is_there_once() {
    for (missing, (name, value)) in good().into_iter().enumerate() {
        let mut fields = good().to_vec();
        fields.push((name, value.clone()));
        assert_eq!(check(&fields, BODY), Err(Refusal::SignatureTwice), "{name}");
        // As some gateways join them.
        let joined = [value.as_slice(), b",", value.as_slice()].concat();
        assert!(check(&with(name, &joined), BODY).is_err(), "{name}");
        let mut fields = good().to_vec();
        fields.remove(missing);
        let expected = if name.ends_with("Type") {
            Ok(())
        } else {
            Err(Refusal::SignatureMissing)
        };
        assert_eq!(check(&fields, BODY).map(drop), expected, "{name}");
    }
}

#[test]
fn no_other_algorithm_is_taken_whoever_signed() {
    for kind in [
        "WECHATPAY2-SM2-WITH-SM3",
        "WECHATPAY2-SHA1-RSA2048",
        "wechatpay2-sha256-rsa2048",
        "none",
        "",
    ] {
        let fields = with("Wechatpay-Signature-Type", kind.as_bytes());
        assert_eq!(check(&fields, BODY), Err(Refusal::SignatureMalformed), "{kind}");
    }
    // RSA with SHA-1, made with another tool, under the name of the right one.
    let sha1 = include_str!("../golden/sha1.txt").trim();
    assert_eq!(
        check(&with("Wechatpay-Signature", sha1.as_bytes()), BODY),
        Err(Refusal::SignatureWrong)
    );
}

#[test]
fn a_key_is_known_by_its_serial() {
    let unknown = with("Wechatpay-Serial", b"4A5B6C7D8E9F00112233445566778899AABBCCDD");
    assert_eq!(check(&unknown, BODY), Err(Refusal::KeyUnknown));
    let other = signed_by(&other_key(), &NOW.to_string(), NONCE, BODY);
    assert_eq!(check(&other, BODY), Err(Refusal::SignatureWrong));

    // A certificate beside the public key, while they switch.
    let both = notices_with(|json| {
        let certificate = secret("AlipayNotices")["public_keys"][0].clone();
        let keys = json["platform_keys"].as_array_mut().unwrap();
        keys.push(json!({"serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1", "public_key": certificate}));
    });
    assert!(at(&both, &good(), BODY, NOW).is_ok());
    let [time, nonce, signature, _, kind] = other;
    let serial = ("Wechatpay-Serial", b"5157F09EFDC096DE15EBE81A47057A7232F1B8E1".to_vec());
    assert!(
        at(
            &both,
            &[time.clone(), nonce.clone(), signature.clone(), serial, kind.clone()],
            BODY,
            NOW
        )
        .is_ok()
    );
    let [_, _, _, serial, _] = good();
    let crossed = at(&both, &[time, nonce, signature, serial, kind], BODY, NOW);
    assert_eq!(crossed, Err(Refusal::SignatureWrong));
}

#[test]
fn a_probe_is_a_bad_signature_like_any_other() {
    let probe = b"WECHATPAY/SIGNTEST/Zm9vYmFyZm9vYmFyZm9vYmFy";
    assert_eq!(
        check(&with("Wechatpay-Signature", probe), BODY),
        Err(Refusal::SignatureWrong)
    );
    assert_eq!(notices().refused(Refusal::SignatureWrong).status, 400);
}

#[test]
fn headers_of_another_form_are_refused() {
    for (name, value) in [
        ("Wechatpay-Timestamp", ""),
        ("Wechatpay-Timestamp", "-1775640600"),
        ("Wechatpay-Timestamp", "+1775640600"),
        ("Wechatpay-Timestamp", "1775640600.0"),
        ("Wechatpay-Timestamp", "0000001775640600"),
        ("Wechatpay-Nonce", ""),
        ("Wechatpay-Nonce", &"n".repeat(NONCE_BYTES_MAX + 1)),
        ("Wechatpay-Serial", "é"),
    ] {
        assert_eq!(
            check(&with(name, value.as_bytes()), BODY),
            Err(Refusal::SignatureMalformed),
            "{name} {value}"
        );
    }
}

#[test]
fn headers_are_read_up_to_their_longest() {
    let nonce = "n".repeat(NONCE_BYTES_MAX);
    assert!(check(&signed_by(&platform_key(), &NOW.to_string(), &nonce, BODY), BODY).is_ok());
    for (time, expected) in [
        (format!("{NOW:0>12}"), Ok(())),
        (format!("{NOW:0>13}"), Err(Refusal::SignatureMalformed)),
        ("9".repeat(TIME_DIGITS_MAX), Err(Refusal::FromTheFuture)),
    ] {
        let fields = signed_by(&platform_key(), &time, NONCE, BODY);
        assert_eq!(check(&fields, BODY).map(drop), expected, "{time}");
    }
    for (length, taken) in [(KIND_BYTES_MAX, true), (KIND_BYTES_MAX + 1, false)] {
        let body = format!(r#"{{"id":"EV-1","event_type":"{}"}}"#, "K".repeat(length));
        let fields = signed_by(&platform_key(), &NOW.to_string(), NONCE, body.as_bytes());
        assert_eq!(check(&fields, body.as_bytes()).is_ok(), taken, "{length}");
    }
}

#[test]
fn what_is_signed_and_no_event_is_refused() {
    for body in [
        "",
        "[]",
        "{}",
        "null",
        "not json",
        r#"["EV-1","X",null]"#,
        r#"{"id":"EV-1"}"#,
        r#"{"event_type":"X"}"#,
        r#"{"id":"a#b","event_type":"X"}"#,
        r#"{"id":"EV-1","event_type":""}"#,
        r#"{"id":7,"event_type":"X"}"#,
        r#"{"id":"EV-1","event_type":"TRANSACTION.SUCCESS"}"#,
        r#"{"id":"EV-1","event_type":"TRANSACTION.SUCCESS","resource":"text"}"#,
    ] {
        let refused = notices().verify(&signed(body.as_bytes()), body.as_bytes(), Timestamp::from_seconds(NOW));
        assert_eq!(refused, Err(Refusal::NotAnEvent), "{body}");
    }
}

#[test]
fn answers_are_what_the_platform_reads() {
    let notices = notices();
    assert_eq!(
        notices.accepted(),
        Reply {
            status: 204,
            content_type: None,
            body: ""
        }
    );
    for (reply, status, body) in [
        (
            notices.refused(Refusal::SignatureMissing),
            400,
            r#"{"code":"FAIL","message":"refused"}"#,
        ),
        (
            notices.refused(Refusal::KeyUnknown),
            400,
            r#"{"code":"FAIL","message":"refused"}"#,
        ),
        (
            notices.refused(Refusal::Stale),
            400,
            r#"{"code":"FAIL","message":"refused"}"#,
        ),
        (
            notices.refused(Refusal::TooLarge),
            413,
            r#"{"code":"FAIL","message":"too large"}"#,
        ),
        (notices.unavailable(), 503, r#"{"code":"FAIL","message":"unavailable"}"#),
    ] {
        assert_eq!(
            reply,
            Reply {
                status,
                content_type: Some("application/json"),
                body
            }
        );
    }
}
