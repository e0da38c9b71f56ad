//! Every provider's verifier, over any headers and any body. Nothing may panic, hang, or grow without bound; and nothing
//! that the fuzzer makes up may verify, since it has no key.

#![no_main]

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::Timestamp;
use libfuzzer_sys::fuzz_target;
use payments::{
    Provider,
    provider::{Ingresses, alipay, stripe, wechat_pay},
};
use ring::hmac;
use secrecy::SecretString;

/// Public development values.
const SECRETS: &str = include_str!("../../../infra/local/secrets.dev.json");
/// The moment that the seeds are signed at.
const NOW: i64 = 1_775_640_600;
/// The names of the headers that any provider reads; the fuzzer picks by number.
const HEADERS: [&str; 7] = [
    "stripe-signature",
    "wechatpay-timestamp",
    "wechatpay-nonce",
    "wechatpay-signature",
    "wechatpay-serial",
    "wechatpay-signature-type",
    "content-type",
];
/// Headers of one input.
const HEADERS_MAX: usize = 10;

static KEYS: LazyLock<Ingresses> = LazyLock::new(|| {
    let secrets: serde_json::Value = serde_json::from_str(SECRETS).expect("the development secrets are JSON");
    let secret = |name: &str| SecretString::from(secrets[name].to_string());
    Ingresses {
        stripe: Some(stripe::Secrets::parse(&secret("StripeWebhook")).expect("they are well-formed")),
        wechat_pay: Some(wechat_pay::Notices::parse(&secret("WechatPayNotices")).expect("they are well-formed")),
        alipay: Some(alipay::Notices::parse(&secret("AlipayNotices")).expect("they are well-formed")),
    }
});

/// Any body, properly signed as Stripe does: what comes after the signature must not panic either.
fn signed(body: &[u8]) {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec_dev_public_not_a_secret_0000000001");
    let text = [NOW.to_string().as_bytes(), b".", body].concat();
    let header = format!("t={NOW},v1={}", hex::encode(hmac::sign(&key, &text)));
    let mut headers = HeaderMap::new();
    headers.insert("stripe-signature", HeaderValue::from_str(&header).expect("plain text"));
    let keys = KEYS.of(Provider::Stripe).expect("it has keys");
    let _ = keys.verify(&headers, body, Timestamp::from_seconds(NOW));
}

// Input: a number of the provider; lines `<number of the header> <value>`; an empty line; the body.
fuzz_target!(|input: &[u8]| {
    let Some((provider, rest)) = input.split_first() else {
        return;
    };
    if provider % 4 == 3 {
        return signed(rest);
    }
    let provider = [Provider::Stripe, Provider::WechatPay, Provider::Alipay][usize::from(*provider % 4)];
    let mut headers = HeaderMap::new();
    let mut rest = rest;
    for _ in 0..HEADERS_MAX {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            break;
        };
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        let Some((name, value)) = line.split_first() else {
            break;
        };
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.append(HeaderName::from_static(HEADERS[usize::from(*name) % HEADERS.len()]), value);
        }
    }
    let keys = KEYS.of(provider).expect("it has keys");
    let verdict = keys.verify(&headers, rest, Timestamp::from_seconds(NOW));
    assert!(verdict.is_err(), "a forgery was taken");
});
