use http::HeaderValue;
use proptest::{prelude::*, strategy::ValueTree};

use super::*;

const NOW: i64 = 1_775_640_600;
const SECRET: &str = "whsec_first_of_two_secrets";
const OTHER: &str = "whsec_second_of_two_secrets";
const BODY: &[u8] =
    br#"{"id":"evt_1","object":"event","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1"}}}"#;

fn sign(secret: &str, time: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let text = [time.as_bytes(), b".", body].concat();
    hex::encode(hmac::sign(&key, &text))
}

fn secrets(list: &[&str]) -> Secrets {
    Secrets::parse(&SecretString::from(serde_json::json!({ "secrets": list }).to_string())).unwrap()
}

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(SIGNATURE_HEADER, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn check(values: &[&str], body: &[u8]) -> Result<Verified, Refusal> {
    secrets(&[SECRET, OTHER]).verify(&headers(values), body, Timestamp::from_seconds(NOW))
}

fn signed_at(seconds: i64) -> String {
    let time = seconds.to_string();
    format!("t={time},v1={}", sign(SECRET, &time, BODY))
}

#[test]
fn a_signed_event_is_taken() {
    let verified = check(&[&signed_at(NOW)], BODY).unwrap();
    assert_eq!(
        (verified.delivery.as_str(), verified.kind.as_str()),
        ("evt_1", "payment_intent.succeeded")
    );
}

#[test]
fn every_signature_is_tried_with_every_secret() {
    let time = NOW.to_string();
    let (first, second, wrong) = (
        sign(SECRET, &time, BODY),
        sign(OTHER, &time, BODY),
        sign("whsec_x", &time, BODY),
    );
    for header in [
        format!("t={time},v1={first},v1={wrong}"),
        format!("t={time},v1={wrong},v1={first}"),
        format!("t={time},v1={wrong},v1={second},v0={first}"),
        format!("v1={second},t={time}"),
    ] {
        assert!(check(&[&header], BODY).is_ok(), "{header}");
    }
    assert_eq!(
        check(&[&format!("t={time},v1={wrong}")], BODY),
        Err(Refusal::SignatureWrong)
    );
}

#[test]
fn the_time_is_bounded_on_both_sides() {
    for (offset, expected) in [
        (-300, Ok(())),
        (300, Ok(())),
        (-301, Err(Refusal::Stale)),
        (301, Err(Refusal::FromTheFuture)),
        (-86_400, Err(Refusal::Stale)),
        (86_400 * 365, Err(Refusal::FromTheFuture)),
    ] {
        assert_eq!(check(&[&signed_at(NOW + offset)], BODY).map(drop), expected, "{offset}");
    }
}

#[test]
fn the_older_scheme_does_not_count() {
    let time = NOW.to_string();
    let right = sign(SECRET, &time, BODY);
    assert_eq!(
        check(&[&format!("t={time},v0={right}")], BODY),
        Err(Refusal::SignatureMalformed)
    );
    let downgraded = format!("t={time},v1={},v0={right}", "0".repeat(64));
    assert_eq!(check(&[&downgraded], BODY), Err(Refusal::SignatureWrong));
}

#[test]
fn two_signatures_are_none() {
    let one = signed_at(NOW);
    assert_eq!(check(&[&one, &one], BODY), Err(Refusal::SignatureTwice));
    // The gateway joins copies of a header by a comma.
    assert_eq!(check(&[&format!("{one},{one}")], BODY), Err(Refusal::SignatureTwice));
    assert_eq!(check(&[], BODY), Err(Refusal::SignatureMissing));
}

#[test]
fn a_header_of_another_form_is_refused() {
    let time = NOW.to_string();
    let right = sign(SECRET, &time, BODY);
    for bad in [
        "",
        "t=,v1=",
        "t=1",
        &right,
        &format!("t=-{time},v1={right}"),
        &format!("t=+{time},v1={right}"),
        &format!("v1={right}"),
    ] {
        assert_eq!(check(&[bad], BODY), Err(Refusal::SignatureMalformed), "{bad}");
    }
    let many = |count: usize| format!("t={time}{}", format!(",v1={right}").repeat(count));
    assert!(check(&[&many(SIGNATURES_MAX)], BODY).is_ok());
    assert_eq!(
        check(&[&many(SIGNATURES_MAX + 1)], BODY),
        Err(Refusal::SignatureMalformed)
    );
    // A time that is right, and too long; one that is as long as they may be.
    for (time, refusal) in [
        (format!("{NOW:0>12}"), Ok(())),
        (format!("{NOW:0>13}"), Err(Refusal::SignatureMalformed)),
        ("9".repeat(TIME_DIGITS_MAX), Err(Refusal::FromTheFuture)),
    ] {
        let header = format!("t={time},v1={}", sign(SECRET, &time, BODY));
        assert_eq!(check(&[&header], BODY).map(drop), refusal, "{time}");
    }
    assert_eq!(
        check(&[&format!("t={time},v1={}", right.to_uppercase())], BODY),
        Err(Refusal::SignatureWrong)
    );
    assert_eq!(
        check(&[&format!("t={time},v1={}", &right[..63])], BODY),
        Err(Refusal::SignatureWrong)
    );
    assert_eq!(check(&[&format!("t={time},v1=")], BODY), Err(Refusal::SignatureWrong));
}

#[test]
fn a_signed_body_that_is_no_event_is_refused_after_the_signature() {
    let time = NOW.to_string();
    let bodies: [&[u8]; 9] = [
        b"[]",
        b"",
        b"{}",
        b"null",
        br#"["evt_1","x"]"#,
        br#"{"id":"evt_1"}"#,
        br#"{"id":"a#b","type":"x"}"#,
        br#"{"id":"evt_1","type":""}"#,
        b"\xff",
    ];
    for body in bodies {
        let header = format!("t={time},v1={}", sign(SECRET, &time, body));
        assert_eq!(check(&[&header], body), Err(Refusal::NotAnEvent));
        assert_eq!(check(&[&signed_at(NOW)], body), Err(Refusal::SignatureWrong));
    }
}

#[test]
fn secrets_that_protect_nothing_are_refused() {
    for bad in [
        "",
        "[]",
        r#"{"secrets":[]}"#,
        r#"{"secrets":[""]}"#,
        r#"{"secrets":["whsec_short"]}"#,
    ] {
        assert!(Secrets::parse(&SecretString::from(bad)).is_err(), "{bad}");
    }
}

#[test]
fn as_many_secrets_as_a_change_of_them_needs_and_none_too_short() {
    let parse = |count: usize, length: usize| {
        let list = vec!["s".repeat(length); count];
        Secrets::parse(&SecretString::from(serde_json::json!({ "secrets": list }).to_string())).is_ok()
    };
    for (count, length, taken) in [
        (1, SECRET_BYTES_MIN, true),
        (1, SECRET_BYTES_MIN - 1, false),
        (1, SECRET_BYTES_MIN + 1, true),
        (SECRETS_MAX, SECRET_BYTES_MIN, true),
        (SECRETS_MAX + 1, SECRET_BYTES_MIN, false),
        (SECRETS_MAX + 2, SECRET_BYTES_MIN, false),
    ] {
        assert_eq!(parse(count, length), taken, "{count} of {length}");
    }
    let mixed = format!(r#"{{"secrets":["{SECRET}","short"]}}"#);
    assert!(Secrets::parse(&SecretString::from(mixed)).is_err());
}

#[test]
fn answers_are_any_status_that_stripe_counts() {
    let secrets = secrets(&[SECRET]);
    let accepted = secrets.accepted();
    assert_eq!(
        (accepted.status, accepted.content_type, accepted.body),
        (200, Some("application/json"), r#"{"received":true}"#)
    );
    for (reply, status) in [
        (secrets.refused(Refusal::TooLarge), 413),
        (secrets.refused(Refusal::SignatureMissing), 400),
        (secrets.refused(Refusal::SignatureWrong), 400),
        (secrets.refused(Refusal::NotAnEvent), 400),
        (secrets.unavailable(), 503),
    ] {
        assert_eq!(reply, Reply::empty(status));
    }
}

#[test]
fn the_headers_name_is_read_in_any_case() {
    for name in ["Stripe-Signature", "STRIPE-SIGNATURE", "stripe-signature"] {
        let mut headers = HeaderMap::new();
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(&signed_at(NOW)).unwrap());
        assert!(
            secrets(&[SECRET])
                .verify(&headers, BODY, Timestamp::from_seconds(NOW))
                .is_ok()
        );
    }
}

/// A change of one byte: replaced, gone, or pushed in.
#[derive(Debug, Clone, Copy)]
enum Change {
    Flip(u8),
    Drop,
    Push(u8),
}

fn changed(text: &[u8], at: usize, change: Change) -> Vec<u8> {
    let (before, rest) = text.split_at(at);
    let (byte, after) = rest.split_first().unwrap();
    match change {
        Change::Flip(bits) => [before, &[byte ^ bits], after].concat(),
        Change::Drop => [before, after].concat(),
        Change::Push(new) => [before, &[new], rest].concat(),
    }
}

fn a_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (1..=255_u8).prop_map(Change::Flip),
        Just(Change::Drop),
        any::<u8>().prop_map(Change::Push)
    ]
}

/// Events of any content, at any time that is taken, changed anywhere in the signed text: body, time, or signature.
#[test]
fn every_change_of_one_byte_of_what_is_signed_is_refused() {
    let mut refused = std::collections::BTreeMap::from([("body", 0), ("time", 0), ("signature", 0)]);
    let cases = (
        "[a-z0-9]{1,20}",
        "\\PC{0,120}",
        -300..=300_i64,
        any::<prop::sample::Index>(),
        a_change(),
        0..3_u8,
    );
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..6_000 {
        let drawn = cases.new_tree(&mut runner).unwrap().current();
        let (id, text, offset, at, change, part) = drawn;
        let body = serde_json::json!({"id": format!("evt_{id}"), "type": "payment_intent.succeeded", "data": text})
            .to_string();
        let body = body.as_bytes();
        let time = (NOW + offset).to_string();
        let tag = sign(SECRET, &time, body);
        assert!(check(&[&format!("t={time},v1={tag}")], body).is_ok());
        let (part, original) = match part {
            0 => ("body", body),
            1 => ("time", time.as_bytes()),
            _ => ("signature", tag.as_bytes()),
        };
        let other = changed(original, at.index(original.len()), change);
        // A byte pushed in beside its equal, or dropped from between two, may leave the text as it was.
        let Some(header) = (match part {
            "body" => Some(format!("t={time},v1={tag}")),
            "time" => String::from_utf8(other.clone())
                .ok()
                .map(|time| format!("t={time},v1={tag}")),
            _ => String::from_utf8(other.clone())
                .ok()
                .map(|tag| format!("t={time},v1={tag}")),
        })
        .filter(|header| other != original && HeaderValue::from_str(header).is_ok()) else {
            continue;
        };
        // White space around an element is not part of it, and a comma ends one: then the signature is there, whole.
        if part != "body"
            && header.split(',').any(|element| element.trim() == format!("v1={tag}"))
            && time_of(&header) == Some(&time)
        {
            continue;
        }
        let given = if part == "body" { &*other } else { body };
        assert!(check(&[&header], given).is_err(), "{part} {change:?}: {header}");
        *refused.get_mut(part).unwrap() += 1;
    }
    println!("refused: {refused:?}");
    assert!(refused.values().sum::<u32>() >= 4_000, "{refused:?}");
    assert!(refused.values().all(|count| *count >= 500), "{refused:?}");
}

fn time_of(header: &str) -> Option<&str> {
    header.split(',').find_map(|element| element.trim().strip_prefix("t="))
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_pass(header in "\\PC{0,80}", body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = HeaderValue::from_str(&header) {
            let mut headers = HeaderMap::new();
            headers.append(SIGNATURE_HEADER, value);
            prop_assert!(secrets(&[SECRET]).verify(&headers, &body, Timestamp::from_seconds(NOW)).is_err());
        }
    }
}
