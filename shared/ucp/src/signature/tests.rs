use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use kernel::Timestamp;
use secrecy::SecretString;
use web::{Egress, OutgoingRequest};

use super::*;
use crate::{Jwk, content_digest};

/// Made for this test.
const KEY: &str = r#"{"current":"k1","keys":[{"kid":"k1","pkcs8":"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggUv5MISrVd+5iYVmusHeItuR+68Cv6Zh1jqb0Gzo/GehRANCAARpyjEv9EqXMNe8AEiiPJ2h0TvMIMtcTaJHkEdsxR1n9KMruNfx/rhplMlZF1kmnnQJ8P4BCpOiLJjgglwMubzt"}]}"#;
/// Signed by another implementation, over the message of [`golden`].
const GOLDEN_SIGNATURE: &str =
    "sig1=:6I+Q+TYHkufMmmMPy//ZIAg24H7chksRLjo2d/e/pU8bqjxbL1+YjrFh8b63I5T0oWz6N5mjUwlsRiwslrjPmw==:";
const GOLDEN_INPUT: &str =
    r#"sig1=("@method" "@authority" "@path" "ucp-agent" "idempotency-key" "content-digest" "content-type");keyid="k1""#;
const BODY: &[u8] = br#"{"line_items":[]}"#;

fn key() -> SigningKey {
    SigningKey::parse(&SecretString::from(KEY)).unwrap()
}

fn target() -> Target {
    Target::Request {
        method: "POST".into(),
        authority: "merchant.example.com".into(),
        path: "/ucp/2026-04-08/checkout-sessions".into(),
        query: None,
    }
}

fn golden() -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: &str| headers.insert(name, HeaderValue::from_str(value).unwrap());
    add("ucp-agent", r#"profile="https://platform.example/ucp.json""#);
    add("idempotency-key", "550e8400-e29b-41d4-a716-446655440000");
    add("content-type", "application/json");
    add("content-digest", &content_digest(BODY));
    add("signature-input", GOLDEN_INPUT);
    add("signature", GOLDEN_SIGNATURE);
    headers
}

fn verified(headers: &HeaderMap, body: &[u8]) -> Result<(), VerifyError> {
    verify(&target(), headers, body, key().public_keys())
}

#[test]
fn the_base_is_the_one_of_the_rfc() {
    let components = ["@method", "@authority", "@path", "content-type"];
    let text = super::base::base(&target(), &golden(), &components, "(…)").unwrap();
    let expected = "\"@method\": POST\n\"@authority\": merchant.example.com\n\"@path\": /ucp/2026-04-08/checkout-sessions\n\
                    \"content-type\": application/json\n\"@signature-params\": (…)";
    assert_eq!(text, expected);
}

#[test]
fn a_signature_of_another_implementation_holds() {
    assert_eq!(verified(&golden(), BODY), Ok(()));
}

#[test]
fn every_changed_part_is_refused() {
    assert_eq!(
        verified(&golden(), br#"{"line_items":[ ]}"#),
        Err(VerifyError::DigestMismatch)
    );
    for name in ["ucp-agent", "idempotency-key", "content-type"] {
        let mut headers = golden();
        headers.insert(name, HeaderValue::from_static("other"));
        assert_eq!(verified(&headers, BODY), Err(VerifyError::Invalid), "{name}");
    }
    let other = Target::Request {
        method: "PUT".into(),
        authority: "merchant.example.com".into(),
        path: "/".into(),
        query: None,
    };
    assert_eq!(
        verify(&other, &golden(), BODY, key().public_keys()),
        Err(VerifyError::Invalid)
    );
    let flipped = GOLDEN_SIGNATURE.replacen("sig1=:", "sig1=:A", 1).replacen("=:", ":", 0);
    let mut headers = golden();
    headers.insert("signature", HeaderValue::from_str(&flipped).unwrap());
    assert!(verified(&headers, BODY).is_err());
}

#[test]
fn a_signature_that_leaves_out_what_it_must_cover_is_refused() {
    let mut headers = golden();
    headers.insert(
        "signature-input",
        HeaderValue::from_static(r#"sig1=("@method" "@path");keyid="k1""#),
    );
    assert_eq!(verified(&headers, BODY), Err(VerifyError::Invalid));
    headers.remove("signature-input");
    assert_eq!(verified(&headers, BODY), Err(VerifyError::Missing));
}

#[test]
fn unknown_keys_and_other_algorithms_are_told_apart() {
    assert_eq!(verify(&target(), &golden(), BODY, &[]), Err(VerifyError::KeyNotFound));
    let other = Jwk {
        kid: "k1".into(),
        kty: "OKP".into(),
        crv: Some("Ed25519".into()),
        x: None,
        y: None,
        usage: None,
        alg: None,
    };
    assert_eq!(
        verify(&target(), &golden(), BODY, &[other]),
        Err(VerifyError::AlgorithmUnsupported)
    );
}

#[test]
fn what_we_send_verifies_with_what_we_publish_and_not_when_one_byte_changed() {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let mut request = OutgoingRequest {
        method: Method::POST,
        url: "https://Platform.example:8443/hooks?shop=1".into(),
        headers,
        body: Bytes::from_static(b"{\"id\":\"ord_1\"}"),
        timeout: std::time::Duration::from_secs(1),
        egress: Egress::Stranger,
    };
    sign_request(&mut request, &key(), Timestamp::from_seconds(1_775_640_600)).unwrap();
    let input = request.headers["signature-input"].to_str().unwrap();
    assert!(
        input.ends_with(r#""content-digest" "content-type");created=1775640600;keyid="k1""#),
        "{input}"
    );
    assert!(!input.contains("alg"));
    let target = Target::Request {
        method: "POST".into(),
        authority: "platform.example:8443".into(),
        path: "/hooks".into(),
        query: Some("shop=1".into()),
    };
    assert_eq!(
        verify(&target, &request.headers, &request.body, key().public_keys()),
        Ok(())
    );
    for at in 0..request.body.len() {
        let mut changed = request.body.to_vec();
        changed[at] ^= 1;
        assert_eq!(
            verify(&target, &request.headers, &changed, key().public_keys()),
            Err(VerifyError::DigestMismatch)
        );
    }
}

#[test]
fn a_response_is_bound_to_its_status() {
    let mut response = web::raw_json(201, "{}".to_owned());
    sign_response(&mut response, &key(), Timestamp::from_seconds(1)).unwrap();
    let keys = key();
    assert_eq!(
        verify(
            &Target::Response { status: 201 },
            response.headers(),
            b"{}",
            keys.public_keys()
        ),
        Ok(())
    );
    let other = verify(
        &Target::Response { status: 200 },
        response.headers(),
        b"{}",
        keys.public_keys(),
    );
    assert_eq!(other, Err(VerifyError::Invalid));
}
