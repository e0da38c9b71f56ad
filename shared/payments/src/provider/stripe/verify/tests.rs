use http::HeaderValue;
use proptest::prelude::*;

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
    let many = format!("t={time}{}", format!(",v1={right}").repeat(17));
    assert_eq!(check(&[&many], BODY), Err(Refusal::SignatureMalformed));
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
    let bodies: [&[u8]; 8] = [
        b"[]",
        b"",
        b"{}",
        b"null",
        br#"["evt_1","x"]"#,
        br#"{"id":"evt_1"}"#,
        br#"{"id":"a#b","type":"x"}"#,
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
fn every_change_of_one_byte_of_the_signed_text_is_refused() {
    let time = NOW.to_string();
    let header = format!("t={time},v1={}", sign(SECRET, &time, BODY));
    assert!(check(&[&header], BODY).is_ok());
    let mut count = 0;
    for at in 0..BODY.len() {
        for flip in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] {
            let mut body = BODY.to_vec();
            body[at] ^= flip;
            assert_eq!(
                check(&[&header], &body),
                Err(Refusal::SignatureWrong),
                "byte {at} ^ {flip}"
            );
            count += 1;
        }
        for body in [
            [&BODY[..at], &BODY[at + 1..]].concat(),
            [&BODY[..at], b" ", &BODY[at..]].concat(),
        ] {
            assert_eq!(
                check(&[&header], &body),
                Err(Refusal::SignatureWrong),
                "byte {at} gone or pushed"
            );
            count += 1;
        }
        // The rest of the digits of the signature and of the time.
        for (at, byte) in header.bytes().enumerate() {
            let mut changed = header.clone().into_bytes();
            changed[at] = if byte == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed == header || check(&[&changed], BODY).is_err(), "{changed}");
            count += 1;
        }
    }
    assert!(count >= 2_000, "{count}");
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
