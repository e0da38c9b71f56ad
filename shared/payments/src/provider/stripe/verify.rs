//! Whether Stripe wrote these bytes.
//!
//! `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>][,v0=…]` over `<t>.<raw body>`, HMAC-SHA256 under the whole text of the
//! endpoint's secret. Every `v1` is tried with every configured secret, so that a secret can be rolled; `v0` is a weaker
//! scheme and never looked at. The time is bounded on both sides.

use http::HeaderMap;
use kernel::Timestamp;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::super::{Ingress, Refusal, Reply, Verified};

/// Where the signature is.
pub const SIGNATURE_HEADER: &str = "stripe-signature";
/// How far the signed time may be from ours, in seconds, to either side; inclusive.
pub const TOLERANCE_S: i64 = 300;
/// How many secrets may be configured at once.
const SECRETS_MAX: usize = 4;
/// The shortest secret that is taken, in bytes.
const SECRET_BYTES_MIN: usize = 16;
/// How many `v1` signatures of one header are tried.
const SIGNATURES_MAX: usize = 16;
/// Digits of a time in seconds, at most.
const TIME_DIGITS_MAX: usize = 12;

/// The signing secrets of our endpoint: one, or two and more while one is being rolled.
#[derive(Debug, Clone)]
pub struct Secrets(Vec<SecretString>);

/// A configured value that is no list of secrets. Never shows the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(r#"not {{"secrets":["whsec_…"]}} with 1 to {SECRETS_MAX} secrets of at least {SECRET_BYTES_MIN} bytes"#)]
pub struct SecretsError;

#[derive(Deserialize)]
struct Configured {
    secrets: Vec<String>,
}

impl Secrets {
    /// From the JSON that Secrets Manager keeps: `{"secrets":["whsec_…", …]}`.
    ///
    /// # Errors
    ///
    /// When it has another shape, or no secret that could protect anything.
    pub fn parse(json: &SecretString) -> Result<Self, SecretsError> {
        let configured: Configured = serde_json::from_str(json.expose_secret()).map_err(|_| SecretsError)?;
        let secrets = configured.secrets;
        if secrets.is_empty() || secrets.len() > SECRETS_MAX || secrets.iter().any(|s| s.len() < SECRET_BYTES_MIN) {
            return Err(SecretsError);
        }
        Ok(Self(secrets.into_iter().map(SecretString::from).collect()))
    }
}

/// Stripe takes any 2xx; all else is delivered again.
impl Ingress for Secrets {
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Verified, Refusal> {
        let signature = Signature::parse(header(headers)?)?;
        signature.check_time(now)?;
        let written = self.0.iter().any(|secret| signature.is_by(secret, body));
        if !written {
            return Err(Refusal::SignatureWrong);
        }
        event(body).ok_or(Refusal::NotAnEvent)
    }

    fn accepted(&self) -> Reply {
        Reply {
            status: 200,
            content_type: Some("application/json"),
            body: r#"{"received":true}"#,
        }
    }

    fn refused(&self, refusal: Refusal) -> Reply {
        match refusal {
            Refusal::TooLarge => Reply::empty(413),
            _ => Reply::empty(400),
        }
    }

    fn unavailable(&self) -> Reply {
        Reply::empty(503)
    }
}

fn header(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(SIGNATURE_HEADER).iter();
    let value = values.next().ok_or(Refusal::SignatureMissing)?;
    if values.next().is_some() {
        return Err(Refusal::SignatureTwice);
    }
    value.to_str().map_err(|_| Refusal::SignatureMalformed)
}

struct Signature<'a> {
    /// As received: it is signed as text.
    time: &'a str,
    seconds: i64,
    v1: Vec<&'a str>,
}

impl<'a> Signature<'a> {
    fn parse(header: &'a str) -> Result<Self, Refusal> {
        let mut time = None;
        let mut v1 = Vec::new();
        for element in header.split(',') {
            match element.trim().split_once('=') {
                // A second time means that two headers were joined by a proxy.
                Some(("t", _)) if time.is_some() => return Err(Refusal::SignatureTwice),
                Some(("t", value)) => time = Some(value),
                Some(("v1", value)) => v1.push(value),
                _ => {}
            }
        }
        let time: &str = time.ok_or(Refusal::SignatureMalformed)?;
        let digits = !time.is_empty() && time.len() <= TIME_DIGITS_MAX && time.bytes().all(|b| b.is_ascii_digit());
        if !digits || v1.is_empty() || v1.len() > SIGNATURES_MAX {
            return Err(Refusal::SignatureMalformed);
        }
        let seconds = time.parse().map_err(|_| Refusal::SignatureMalformed)?;
        Ok(Self { time, seconds, v1 })
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let age_s = now.seconds() - self.seconds;
        if age_s > TOLERANCE_S {
            return Err(Refusal::Stale);
        }
        if age_s < -TOLERANCE_S {
            return Err(Refusal::FromTheFuture);
        }
        Ok(())
    }

    fn is_by(&self, secret: &SecretString, body: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let mut context = hmac::Context::with_key(&key);
        context.update(self.time.as_bytes());
        context.update(b".");
        context.update(body);
        let expected = hex::encode(context.sign());
        self.v1
            .iter()
            .any(|given| bool::from(expected.as_bytes().ct_eq(given.as_bytes())))
    }
}

#[derive(Deserialize)]
struct Head {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

/// An event is an object with an id and a type. More is not asked: a valid event is never refused because a typed field
/// is missing. (serde would also take an array for the struct, hence the look at the first byte.)
fn event(body: &[u8]) -> Option<Verified> {
    let object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let head: Head = object.then(|| serde_json::from_slice(body).ok())??;
    let delivery = head.id.parse().ok()?;
    (!head.kind.is_empty()).then_some(Verified {
        delivery,
        kind: head.kind,
        content: None,
    })
}

#[cfg(test)]
mod tests;
