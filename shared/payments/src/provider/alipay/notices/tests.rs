mod changes;

use http::HeaderValue;
use proptest::prelude::*;

use super::{
    super::testing::{APP_ID, NOW, SELLER_ID, forge, notices, notices_with, other_key, sign},
    *,
};

/// Signed by openssl, not by us.
const GOLDEN: &str = include_str!("../golden/notice.txt");
/// The same, with SHA-1, and labelled RSA2.
const GOLDEN_SHA1: &str = include_str!("../golden/notice_sha1.txt");

fn check(body: &[u8]) -> Result<Verified, Refusal> {
    notices().verify(&HeaderMap::new(), body, Timestamp::from_seconds(NOW))
}

fn golden() -> Parameters {
    form::decode(GOLDEN.as_bytes()).unwrap()
}

fn encode(form: &Parameters) -> String {
    let mut encoder = form_urlencoded::Serializer::new(String::new());
    encoder.extend_pairs(form).finish()
}

fn signed(form: &Parameters) -> String {
    let pairs = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    form::signed_text(pairs.filter(|(name, _)| *name != SIGN && *name != SIGN_TYPE))
}

/// The golden notice with other fields, signed by Alipay.
fn notice(fields: &[(&str, Option<&str>)]) -> String {
    let mut form = golden();
    for (name, value) in fields {
        match value {
            Some(value) => form.insert((*name).to_owned(), (*value).to_owned()),
            None => form.remove(*name),
        };
    }
    let signature = sign(&signed(&form));
    form.insert(SIGN.to_owned(), signature);
    encode(&form)
}

#[test]
fn a_signed_notice_is_taken() {
    let verified = check(GOLDEN.as_bytes()).unwrap();
    assert_eq!(verified.delivery.as_str(), "2026040800222172958099990000000001");
    assert_eq!((verified.kind.as_str(), verified.content), ("TRADE_SUCCESS", None));
    assert_eq!(golden()["buyer_logon_id"], "100%+***@example.com");
}

#[test]
fn headers_do_not_matter_however_they_are_written() {
    for (name, value) in [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("Content-Type", "text/html"),
        ("CONTENT-TYPE", "APPLICATION/X-WWW-FORM-URLENCODED; CHARSET=GBK"),
        ("X-Sign", "forged"),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_static(value),
        );
        let taken = notices().verify(&headers, GOLDEN.as_bytes(), Timestamp::from_seconds(0));
        assert_eq!(taken, check(GOLDEN.as_bytes()), "{name}");
    }
}

#[test]
fn the_order_of_parameters_and_the_writing_of_escapes_do_not_matter() {
    let mut pairs: Vec<&str> = GOLDEN.split('&').collect();
    pairs.reverse();
    let spaced = GOLDEN.replace('+', "%20");
    let padded = format!("&{GOLDEN}&&empty=&");
    for body in [pairs.join("&"), spaced, padded, GOLDEN.replace("%3A", "%3a")] {
        assert_eq!(check(body.as_bytes()), check(GOLDEN.as_bytes()), "{body}");
    }
}

#[test]
fn every_key_is_tried_and_another_ones_signature_is_none() {
    let more = notices_with(&[other_key()]);
    let now = Timestamp::from_seconds(NOW);
    assert!(more.verify(&HeaderMap::new(), GOLDEN.as_bytes(), now).is_ok());
    let mut form = golden();
    form.insert(SIGN.to_owned(), forge(&signed(&form)));
    let forged = encode(&form);
    assert_eq!(check(forged.as_bytes()), Err(Refusal::SignatureWrong));
    assert!(more.verify(&HeaderMap::new(), forged.as_bytes(), now).is_ok());
}

#[test]
fn another_algorithm_is_refused_whatever_it_is_called() {
    assert_eq!(check(GOLDEN_SHA1.as_bytes()), Err(Refusal::SignatureWrong));
    for kind in ["RSA", "SM2", "MD5", "HmacSHA256", "RSA2 ", "rsa2", ""] {
        for golden in [GOLDEN, GOLDEN_SHA1] {
            let named = golden.replace("sign_type=RSA2", &format!("sign_type={kind}"));
            assert_eq!(check(named.as_bytes()), Err(Refusal::Downgraded), "{kind}");
        }
    }
    for golden in [GOLDEN, GOLDEN_SHA1] {
        let unnamed = golden.replace("&sign_type=RSA2", "");
        assert_eq!(check(unnamed.as_bytes()), Err(Refusal::Downgraded));
    }
}

#[test]
fn signing_the_algorithms_name_with_the_rest_is_not_how_notices_are_signed() {
    let mut form = golden();
    let with_type = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signature = sign(&form::signed_text(with_type.filter(|(name, _)| *name != SIGN)));
    form.insert(SIGN.to_owned(), signature);
    assert_eq!(check(encode(&form).as_bytes()), Err(Refusal::SignatureWrong));
}

#[test]
fn a_parameter_twice_is_refused() {
    for pair in GOLDEN.split('&') {
        let name = pair.split('=').next().unwrap();
        let expected = if name.starts_with("sign") {
            Refusal::SignatureTwice
        } else {
            Refusal::SignatureMalformed
        };
        for copy in [pair.to_owned(), format!("{name}=x"), format!("{name}=")] {
            assert_eq!(check(format!("{GOLDEN}&{copy}").as_bytes()), Err(expected), "{copy}");
            assert_eq!(check(format!("{copy}&{GOLDEN}").as_bytes()), Err(expected), "{copy}");
        }
    }
}

#[test]
fn two_fields_cannot_be_hidden_in_one() {
    // The text that is signed is the same: only the borders moved.
    let hidden = GOLDEN
        .replace("&receipt_amount=19.99", "")
        .replace("point_amount=0.00", "point_amount=0.00%26receipt_amount%3D19.99");
    assert_ne!(hidden, GOLDEN);
    let mut form = golden();
    form.remove("receipt_amount");
    form.insert("point_amount".to_owned(), "0.00&receipt_amount=19.99".to_owned());
    assert_eq!(signed(&form), signed(&golden()));
    assert_eq!(check(hidden.as_bytes()), Err(Refusal::SignatureMalformed));
    assert_eq!(check(encode(&form).as_bytes()), Err(Refusal::SignatureMalformed));
}

#[test]
fn another_charset_and_no_signature_are_refused() {
    assert_eq!(
        check(notice(&[("charset", Some("GBK"))]).as_bytes()),
        Err(Refusal::SignatureMalformed)
    );
    assert!(check(notice(&[("charset", Some("UTF-8"))]).as_bytes()).is_ok());
    let (unsigned, _) = GOLDEN.split_once("&sign=").unwrap();
    for body in [
        unsigned.to_owned(),
        format!("{unsigned}&sign="),
        String::new(),
        "x".to_owned(),
    ] {
        assert_eq!(check(body.as_bytes()), Err(Refusal::SignatureMissing), "{body}");
    }
    assert_eq!(
        check(format!("{unsigned}&sign_type=RSA2&sign=AAAA").as_bytes()),
        Err(Refusal::SignatureWrong)
    );
    assert_eq!(check(b"\xff=\xff"), Err(Refusal::SignatureMalformed));
}

#[test]
fn a_notice_for_somebody_else_is_kept_as_such() {
    for (field, value) in [
        ("app_id", Some("2021000000000002")),
        ("app_id", None),
        ("seller_id", Some("2088000000000002")),
        ("seller_id", None),
    ] {
        let verified = check(notice(&[(field, value)]).as_bytes()).unwrap();
        let content = verified.content.unwrap();
        assert_eq!(content, format!("misaddressed={field}"));
        let parsed = super::super::parse(content.as_bytes());
        assert_eq!(parsed, Err(crate::provider::ParseError(field)));
    }
    assert!(golden()["app_id"] == APP_ID && golden()["seller_id"] == SELLER_ID);
}

#[test]
fn every_delivery_has_an_id_that_can_stand_in_a_key() {
    let delivery = |id: &str| check(notice(&[("notify_id", Some(id))]).as_bytes()).map(|verified| verified.delivery);
    let old = delivery("RqPnCoPT3K9/vwbh3I+FioE227==").unwrap();
    assert_eq!(old.as_str().len(), "digest-".len() + 64);
    assert_eq!(delivery("RqPnCoPT3K9/vwbh3I+FioE227=="), Ok(old.clone()));
    assert_ne!(delivery("RqPnCoPT3K9/vwbh3I+FioE227="), Ok(old));
    assert_eq!(delivery(""), Err(Refusal::NotAnEvent));
    assert!(delivery(&"a".repeat(DELIVERY_BYTES_MAX)).is_ok());
    assert_eq!(delivery(&"a".repeat(DELIVERY_BYTES_MAX + 1)), Err(Refusal::NotAnEvent));
    assert_eq!(
        check(notice(&[("notify_id", None)]).as_bytes()),
        Err(Refusal::NotAnEvent)
    );
}

#[test]
fn a_notice_of_something_else_is_named_and_not_ours_to_judge() {
    let (longest, too_long) = ("K".repeat(KIND_BYTES_MAX), "K".repeat(KIND_BYTES_MAX + 1));
    let other = notice(&[("notify_type", Some("dut_user_sign")), ("seller_id", None)]);
    let verified = check(other.as_bytes()).unwrap();
    assert_eq!((verified.kind.as_str(), verified.content), ("dut_user_sign", None));
    for (fields, kind) in [
        (vec![("notify_type", None)], "unknown"),
        (vec![("trade_status", Some("a b"))], "unknown"),
        (vec![("trade_status", None)], "unknown"),
        (vec![("trade_status", Some("TRADE_CLOSED"))], "TRADE_CLOSED"),
        (vec![("trade_status", Some("trade.1"))], "trade.1"),
        (vec![("trade_status", Some(&longest))], &longest),
        (vec![("trade_status", Some(&too_long))], "unknown"),
    ] {
        assert_eq!(check(notice(&fields).as_bytes()).unwrap().kind, kind);
    }
}

#[test]
fn answers_are_what_alipay_compares_them_with() {
    let plain = |status, body| Reply {
        status,
        content_type: Some("text/plain"),
        body,
    };
    assert_eq!(notices().accepted(), plain(200, "success"));
    assert_eq!(notices().refused(Refusal::SignatureWrong), plain(400, "fail"));
    assert_eq!(notices().refused(Refusal::TooLarge), plain(413, "fail"));
    assert_eq!(notices().unavailable(), plain(503, "fail"));
}

#[test]
fn keys_that_protect_nothing_are_refused() {
    let of = |keys: &str| format!(r#"{{"app_id":"1","seller_id":"2","public_keys":{keys}}}"#);
    let key = format!("\"{}\"", other_key());
    let many = [key.as_str(); KEYS_MAX + 1].join(",");
    let parse = |json: &str| Notices::parse(&SecretString::from(json));
    assert!(parse(&of(&format!("[{key}]"))).is_ok());
    let most = [key.as_str(); KEYS_MAX].join(",");
    assert!(parse(&of(&format!("[{most}]"))).is_ok());
    for bad in [
        "[]",
        "[\"\"]",
        "[\"MIIB\"]",
        &format!("[{key},\"x\"]"),
        &format!("[{many}]"),
    ] {
        assert!(parse(&of(bad)).is_err(), "{bad}");
    }
    let without = |id: &str| of(&format!("[{key}]")).replace(id, "\"\"");
    for bad in ["", "[]", "{}", &without("\"1\""), &without("\"2\"")] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_pass(body in prop::collection::vec(any::<u8>(), 0..200), text in "(sign|sign_type|%|=|&|RSA2|app_id){0,12}") {
        prop_assert!(check(&body).is_err());
        prop_assert!(check(text.as_bytes()).is_err());
    }
}
