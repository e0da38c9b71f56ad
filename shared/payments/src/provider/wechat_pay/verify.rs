//! Whether the platform wrote these bytes, and what is sealed inside.
//!
//! `Wechatpay-Signature` is RSA with SHA-256 over `timestamp\nnonce\nbody\n`, under the key that `Wechatpay-Serial` names.
//! The algorithm is ours: a message that names another is refused. The time is bounded on both sides. Then the event's
//! `resource` is opened with AES-256-GCM under an `APIv3` key.
//!
//! Some deliveries are probes with a wrong signature (`WECHATPAY/SIGNTEST/…`): they are refused like any other, and the
//! right one follows, so one wrong signature means nothing.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::HeaderMap;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    super::{Ingress, Refusal, Reply, Verified},
    keys::Notices,
    parse::Kind,
};

/// The one signature type that is taken.
pub const SIGNATURE_TYPE: &str = "WECHATPAY2-SHA256-RSA2048";
/// How far the signed time may be from ours, in seconds, to either side; exclusive.
pub const TOLERANCE_S: i64 = 300;
/// The one algorithm that content is sealed with.
const CONTENT_ALGORITHM: &str = "AEAD_AES_256_GCM";
/// Digits of a time in seconds, at most.
const TIME_DIGITS_MAX: usize = 12;
/// The longest nonce of a signature that is read, in bytes; theirs have 32.
const NONCE_BYTES_MAX: usize = 128;
/// The longest event type that is kept, in bytes.
const KIND_BYTES_MAX: usize = 64;

/// The signature of a message, as its headers give it.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    /// As received: it is signed as text.
    time: &'a str,
    seconds: i64,
    nonce: &'a str,
    pub(super) signature: &'a str,
    pub(super) serial: &'a str,
}

impl<'a> Signed<'a> {
    pub(super) fn parse(headers: &'a HeaderMap) -> Result<Self, Refusal> {
        let needed = |name| header(headers, name)?.ok_or(Refusal::SignatureMissing);
        let signature = needed("wechatpay-signature")?;
        let serial = needed("wechatpay-serial")?;
        let time = needed("wechatpay-timestamp")?;
        let nonce = needed("wechatpay-nonce")?;
        if header(headers, "wechatpay-signature-type")?.is_some_and(|kind| kind != SIGNATURE_TYPE) {
            return Err(Refusal::SignatureMalformed);
        }
        let digits = !time.is_empty() && time.len() <= TIME_DIGITS_MAX && time.bytes().all(|b| b.is_ascii_digit());
        if !digits || nonce.is_empty() || nonce.len() > NONCE_BYTES_MAX {
            return Err(Refusal::SignatureMalformed);
        }
        let seconds = time.parse().map_err(|_| Refusal::SignatureMalformed)?;
        Ok(Self {
            time,
            seconds,
            nonce,
            signature,
            serial,
        })
    }

    pub(super) const fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let age_s = now.seconds() - self.seconds;
        if age_s >= TOLERANCE_S {
            return Err(Refusal::Stale);
        }
        if age_s <= -TOLERANCE_S {
            return Err(Refusal::FromTheFuture);
        }
        Ok(())
    }

    /// What is signed. No header can hold a line feed, so no two messages share a text.
    pub(super) fn text(&self, body: &[u8]) -> Vec<u8> {
        [self.time.as_bytes(), b"\n", self.nonce.as_bytes(), b"\n", body, b"\n"].concat()
    }
}

/// The one value of a header. Two are none, whatever they say.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::SignatureTwice);
    }
    value.to_str().map(Some).map_err(|_| Refusal::SignatureMalformed)
}

#[derive(Deserialize)]
struct Event<'a> {
    id: String,
    #[serde(rename = "event_type")]
    kind: String,
    /// Looked into only where it is needed: others may have any form.
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Sealed {
    #[serde(default)]
    algorithm: String,
    #[serde(default)]
    ciphertext: String,
    #[serde(default)]
    nonce: String,
    /// May be empty, null or absent.
    associated_data: Option<String>,
}

/// What [`super::parse()`] reads.
#[derive(Serialize)]
struct Content<'a> {
    event_type: &'a str,
    /// Whether another merchant or application is meant. It is kept all the same, and becomes a case.
    foreign: bool,
    resource: &'a RawValue,
}

/// Whose a resource says that it is.
#[derive(Deserialize, Default)]
struct Addressee {
    mchid: Option<String>,
    appid: Option<String>,
}

impl Ingress for Notices {
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Verified, Refusal> {
        self.written(headers, body, now)?;
        let event = event(body).ok_or(Refusal::NotAnEvent)?;
        let delivery = event.id.parse().map_err(|_| Refusal::NotAnEvent)?;
        // What we do not need is not opened: `parse` ignores it.
        let content = match Kind::of(&event.kind) {
            Some(kind) => Some(self.content(&event, kind)?),
            None => None,
        };
        Ok(Verified {
            delivery,
            kind: event.kind,
            content,
        })
    }

    /// Without a body: with a 200, a body that says `FAIL` is taken for a success, and an odd one for whatever.
    fn accepted(&self) -> Reply {
        Reply::empty(204)
    }

    fn refused(&self, refusal: Refusal) -> Reply {
        match refusal {
            Refusal::TooLarge => fail(413, r#"{"code":"FAIL","message":"too large"}"#),
            // Ours to repair: the key may be configured before the next delivery.
            Refusal::Undecryptable => fail(500, r#"{"code":"FAIL","message":"not readable now"}"#),
            Refusal::SignatureMissing
            | Refusal::SignatureTwice
            | Refusal::SignatureMalformed
            | Refusal::Downgraded
            | Refusal::Stale
            | Refusal::FromTheFuture
            | Refusal::SignatureWrong
            | Refusal::KeyUnknown
            | Refusal::NotAnEvent => fail(400, r#"{"code":"FAIL","message":"refused"}"#),
        }
    }

    fn unavailable(&self) -> Reply {
        fail(503, r#"{"code":"FAIL","message":"unavailable"}"#)
    }
}

const fn fail(status: u16, body: &'static str) -> Reply {
    Reply {
        status,
        content_type: Some("application/json"),
        body,
    }
}

/// An object with an id and a type. (serde would also take an array for the struct, hence the look at the first byte.)
fn event(body: &[u8]) -> Option<Event<'_>> {
    let object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    let event: Event<'_> = object.then(|| serde_json::from_slice(body).ok())??;
    (1..=KIND_BYTES_MAX).contains(&event.kind.len()).then_some(event)
}

impl Notices {
    fn content(&self, event: &Event<'_>, kind: Kind) -> Result<String, Refusal> {
        let sealed = event
            .resource
            .and_then(|sealed| serde_json::from_str(sealed.get()).ok());
        let sealed: Sealed = sealed.ok_or(Refusal::NotAnEvent)?;
        if sealed.algorithm != CONTENT_ALGORITHM {
            return Err(Refusal::Undecryptable);
        }
        let bytes = STANDARD
            .decode(&sealed.ciphertext)
            .map_err(|_| Refusal::Undecryptable)?;
        let associated_data = sealed.associated_data.as_deref().unwrap_or_default();
        let text = self
            .open(&sealed.nonce, associated_data, &bytes)
            .ok_or(Refusal::Undecryptable)?;
        // Signed and opened, and yet no JSON: kept without it, and a case.
        let resource: &RawValue = serde_json::from_slice(&text).unwrap_or(RawValue::NULL);
        let foreign = !self.concerns(resource, kind);
        let content = Content {
            event_type: &event.kind,
            foreign,
            resource,
        };
        serde_json::to_string(&content).map_err(|_| Refusal::NotAnEvent)
    }

    /// Refunds name the merchant only.
    fn concerns(&self, resource: &RawValue, kind: Kind) -> bool {
        let addressee: Addressee = serde_json::from_str(resource.get()).unwrap_or_default();
        let application = match kind {
            Kind::Transaction => addressee.appid.as_deref() == Some(self.appid.as_str()),
            Kind::Refund(_) => addressee.appid.is_none_or(|appid| appid == self.appid),
        };
        addressee.mchid.as_deref() == Some(self.mchid.as_str()) && application
    }
}

#[cfg(test)]
mod tests;
