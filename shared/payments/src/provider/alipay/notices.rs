//! Whether Alipay wrote these bytes.
//!
//! The signature is a field of the form that it signs. The algorithm is fixed: what the form calls it can only make it
//! refused. There is no time to check, as none is signed afresh: the delivery id, and the facts' own keys, make a copy
//! harmless.

use http::HeaderMap;
use kernel::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    super::{Ingress, Refusal, Reply, Verified, rsa::PublicKey},
    form::{self, Parameters, SIGN, SIGN_TYPE},
};
use crate::ObjectId;

/// The algorithm: RSA PKCS#1 v1.5 with SHA-256.
pub(super) const ALGORITHM: &str = "RSA2";
/// The charset that requests and notices are of.
pub(super) const CHARSET: &str = "utf-8";
/// The type of the notices that tell of a trade.
pub(super) const TRADE_NOTICE: &str = "trade_status_sync";
/// What a notice for somebody else is kept as: it names the field that is not ours, and `parse` makes a case of it.
pub(super) const MISADDRESSED: &str = "misaddressed";
/// How many public keys may be configured at once: one, and the next while keys are being changed.
const KEYS_MAX: usize = 4;
/// The longest delivery id, in bytes.
const DELIVERY_BYTES_MAX: usize = 256;
/// The longest type that is kept, in bytes.
const KIND_BYTES_MAX: usize = 64;
/// How every failure is answered: any text but `success`.
const FAIL: &str = "fail";

/// Whom Alipay's notices must be for, and the keys that prove that they, and answers, are Alipay's.
#[derive(Debug, Clone)]
pub struct Notices {
    app_id: String,
    seller_id: String,
    keys: Vec<PublicKey>,
}

/// A configured value that is no such thing. Never shows the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(r#"not {{"app_id","seller_id","public_keys":[…]}} with 1 to {KEYS_MAX} RSA public keys"#)]
pub struct NoticesError;

#[derive(Deserialize)]
struct Configured {
    app_id: String,
    seller_id: String,
    public_keys: Vec<String>,
}

impl Notices {
    /// From the JSON that Secrets Manager keeps: `{"app_id":"…","seller_id":"2088…","public_keys":["MII…"]}`. The keys are
    /// Alipay's, as its console shows them, not our application's.
    ///
    /// # Errors
    ///
    /// When it has another shape, or a key that is none.
    pub fn parse(json: &SecretString) -> Result<Self, NoticesError> {
        let configured: Configured = serde_json::from_str(json.expose_secret()).map_err(|_| NoticesError)?;
        let Configured {
            app_id,
            seller_id,
            public_keys,
        } = configured;
        let count = public_keys.len();
        if app_id.is_empty() || seller_id.is_empty() || count == 0 || count > KEYS_MAX {
            return Err(NoticesError);
        }
        let keys: Result<Vec<_>, _> = public_keys.iter().map(|key| PublicKey::parse(key)).collect();
        Ok(Self {
            app_id,
            seller_id,
            keys: keys.map_err(|_| NoticesError)?,
        })
    }

    /// Whether one of Alipay's keys signed the text.
    pub(super) fn verifies(&self, text: &str, signature: &str) -> bool {
        self.keys.iter().any(|key| key.verifies(text.as_bytes(), signature))
    }

    /// The field of a trade's notice that names somebody else than us.
    fn misaddressed(&self, notice: &Parameters) -> Option<&'static str> {
        if notice.get("app_id") != Some(&self.app_id) {
            return Some("app_id");
        }
        (notice.get("seller_id") != Some(&self.seller_id)).then_some("seller_id")
    }

    fn event(&self, notice: &Parameters) -> Option<Verified> {
        let about_a_trade = notice.get("notify_type").is_some_and(|kind| kind == TRADE_NOTICE);
        let misaddressed = about_a_trade.then(|| self.misaddressed(notice)).flatten();
        Some(Verified {
            delivery: delivery(notice.get("notify_id")?)?,
            kind: kind(notice, about_a_trade),
            content: misaddressed.map(|field| format!("{MISADDRESSED}={field}")),
        })
    }
}

impl Ingress for Notices {
    fn verify(&self, _: &HeaderMap, body: &[u8], _: Timestamp) -> Result<Verified, Refusal> {
        let notice = form::decode(body)?;
        let charset = notice.get("charset");
        if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case(CHARSET)) {
            return Err(Refusal::SignatureMalformed);
        }
        let signature = notice.get(SIGN).filter(|sign| !sign.is_empty());
        let signature = signature.ok_or(Refusal::SignatureMissing)?;
        if notice.get(SIGN_TYPE).is_none_or(|kind| kind != ALGORITHM) {
            return Err(Refusal::Downgraded);
        }
        let signed = notice
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| *name != SIGN && *name != SIGN_TYPE);
        if !self.verifies(&form::signed_text(signed), signature) {
            return Err(Refusal::SignatureWrong);
        }
        self.event(&notice).ok_or(Refusal::NotAnEvent)
    }

    fn accepted(&self) -> Reply {
        said(200, "success")
    }

    fn refused(&self, refusal: Refusal) -> Reply {
        match refusal {
            Refusal::TooLarge => said(413, FAIL),
            _ => said(400, FAIL),
        }
    }

    fn unavailable(&self) -> Reply {
        said(503, FAIL)
    }
}

const fn said(status: u16, body: &'static str) -> Reply {
    Reply {
        status,
        content_type: Some("text/plain"),
        body,
    }
}

/// Ids of old have characters that may not stand in a key: those are known by their digest.
fn delivery(id: &str) -> Option<ObjectId> {
    if id.is_empty() || id.len() > DELIVERY_BYTES_MAX {
        return None;
    }
    let digest = || hex::encode(ring::digest::digest(&ring::digest::SHA256, id.as_bytes()));
    id.parse().or_else(|_| format!("digest-{}", digest()).parse()).ok()
}

fn kind(notice: &Parameters, about_a_trade: bool) -> String {
    let name = if about_a_trade { "trade_status" } else { "notify_type" };
    let plain = |kind: &&String| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
        !kind.is_empty() && kind.len() <= KIND_BYTES_MAX && kind.bytes().all(plain)
    };
    notice
        .get(name)
        .filter(plain)
        .map_or_else(|| "unknown".to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests;
