//! The keys that notices and answers are verified and opened with.

use std::collections::BTreeSet;

use http::HeaderMap;
use kernel::Timestamp;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    super::{Refusal, rsa::PublicKey},
    plain,
    verify::Signed,
};

/// How many platform keys may be configured at once: a public key and certificates, old and new.
pub(super) const PLATFORM_KEYS_MAX: usize = 8;
/// How many `APIv3` keys may be configured at once.
pub(super) const API_V3_KEYS_MAX: usize = 4;
/// The length of an `APIv3` key, in bytes. Its text is the key: it is not hex.
pub(super) const API_V3_KEY_BYTES: usize = 32;
/// The longest serial, merchant or application id, in bytes.
pub(super) const ID_BYTES_MAX: usize = 64;
/// What the ids of public keys begin with; a certificate's serial is hex.
const PUBLIC_KEY_PREFIX: &str = "PUB_KEY_ID_";

/// What the webhook, and every reader of answers, has to know: whose notices are ours, and the keys of the other side.
#[derive(Debug, Clone)]
pub struct Notices {
    pub(super) mchid: String,
    pub(super) appid: String,
    content: Vec<LessSafeKey>,
    platform: Vec<(String, PublicKey)>,
}

/// A configured value that is not what notices need. Never shows the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    r#"not {{"mchid","appid","api_v3_keys":[1 to {API_V3_KEYS_MAX} of {API_V3_KEY_BYTES} bytes],"platform_keys":[1 to {PLATFORM_KEYS_MAX} of {{"serial","public_key"}}, no serial twice]}}"#
)]
pub struct NoticesError;

#[derive(Deserialize)]
struct Configured {
    mchid: String,
    appid: String,
    api_v3_keys: Vec<String>,
    platform_keys: Vec<PlatformKey>,
}

#[derive(Deserialize)]
struct PlatformKey {
    serial: String,
    public_key: String,
}

impl Notices {
    /// From the JSON that Secrets Manager keeps as `WechatPayNotices`:
    /// `{"mchid","appid","api_v3_keys":["…"],"platform_keys":[{"serial","public_key"}]}`. A certificate is given by its
    /// serial in upper-case hex, as `Wechatpay-Serial` names it, and the public key in it.
    ///
    /// # Errors
    ///
    /// See [`NoticesError`].
    pub fn parse(json: &SecretString) -> Result<Self, NoticesError> {
        let configured: Configured = serde_json::from_str(json.expose_secret()).map_err(|_| NoticesError)?;
        let Configured {
            mchid,
            appid,
            api_v3_keys,
            platform_keys,
        } = configured;
        let some = (1..=API_V3_KEYS_MAX).contains(&api_v3_keys.len())
            && (1..=PLATFORM_KEYS_MAX).contains(&platform_keys.len());
        if !some || !plain(&mchid, ID_BYTES_MAX) || !plain(&appid, ID_BYTES_MAX) {
            return Err(NoticesError);
        }
        let mut serials = BTreeSet::new();
        let mut platform = Vec::with_capacity(platform_keys.len());
        for PlatformKey { serial, public_key } in platform_keys {
            if !plain(&serial, ID_BYTES_MAX) || !serials.insert(serial.clone()) {
                return Err(NoticesError);
            }
            let key = PublicKey::parse(&public_key).map_err(|_| NoticesError)?;
            platform.push((serial, key));
        }
        let content: Result<Vec<_>, _> = api_v3_keys.iter().map(|key| content_key(key)).collect();
        Ok(Self {
            mchid,
            appid,
            content: content?,
            platform,
        })
    }

    /// Whether the platform wrote this body: a notice, or an answer to a call.
    ///
    /// # Errors
    ///
    /// See [`Refusal`].
    pub(super) fn written(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Refusal> {
        let signed = Signed::parse(headers)?;
        signed.check_time(now)?;
        let mut keys = self.platform.iter();
        let (_, key) = keys
            .find(|(serial, _)| serial == signed.serial)
            .ok_or(Refusal::KeyUnknown)?;
        if !key.verifies(&signed.text(body), signed.signature) {
            return Err(Refusal::SignatureWrong);
        }
        Ok(())
    }

    /// What was sealed, under whichever `APIv3` key it was. A nonce of another length opens nothing.
    pub(super) fn open(&self, nonce: &str, associated_data: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = nonce.as_bytes().try_into().ok()?;
        self.content.iter().find_map(|key| {
            let mut text = sealed.to_vec();
            let aad = Aad::from(associated_data.as_bytes());
            let length = key
                .open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut text)
                .ok()?
                .len();
            text.truncate(length);
            Some(text)
        })
    }

    /// The public key that answers are asked to be signed with, where one is configured: the first.
    pub(super) fn public_key_id(&self) -> Option<&str> {
        let mut serials = self.platform.iter().map(|(serial, _)| serial.as_str());
        serials.find(|serial| serial.starts_with(PUBLIC_KEY_PREFIX))
    }
}

fn content_key(text: &str) -> Result<LessSafeKey, NoticesError> {
    // ring refuses any other length than 32 bytes.
    let key = UnboundKey::new(&AES_256_GCM, text.as_bytes()).map_err(|_| NoticesError)?;
    Ok(LessSafeKey::new(key))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::testing::secret, *};

    fn parse(change: impl FnOnce(&mut Value)) -> Result<Notices, NoticesError> {
        let mut json = secret("WechatPayNotices");
        change(&mut json);
        Notices::parse(&SecretString::from(json.to_string()))
    }

    #[test]
    fn several_keys_stand_side_by_side_within_limits() {
        let key = secret("WechatPayNotices")["platform_keys"][0]["public_key"].clone();
        let keys = |count: usize| -> Value {
            (0..count)
                .map(|n| json!({"serial": format!("{n:X}"), "public_key": key}))
                .collect()
        };
        assert!(parse(|_| ()).is_ok_and(|notices| notices.public_key_id().is_some()));
        assert!(
            parse(|json| json["platform_keys"] = keys(PLATFORM_KEYS_MAX)).is_ok_and(|n| n.public_key_id().is_none())
        );
        assert!(parse(|json| json["api_v3_keys"] = vec!["k".repeat(32); API_V3_KEYS_MAX].into()).is_ok());
        assert!(parse(|json| json["platform_keys"] = keys(PLATFORM_KEYS_MAX + 1)).is_err());
        assert!(parse(|json| json["api_v3_keys"] = vec!["k".repeat(32); API_V3_KEYS_MAX + 1].into()).is_err());
    }

    #[test]
    fn a_secret_that_protects_nothing_is_refused_and_not_shown() {
        type Change = fn(&mut Value);
        let changes: [Change; 9] = [
            |json| json["api_v3_keys"] = json!([]),
            |json| json["platform_keys"] = json!([]),
            |json| json["api_v3_keys"] = json!(["secret-of-31-bytes-000000000000"]),
            |json| json["api_v3_keys"] = json!(["00".repeat(32)]),
            |json| json["platform_keys"][0]["public_key"] = json!("secret"),
            |json| json["platform_keys"][0]["serial"] = json!("a\"b"),
            |json| {
                let twice = vec![json["platform_keys"][0].clone(); 2];
                json["platform_keys"] = twice.into();
            },
            |json| json["mchid"] = json!(""),
            |json| json["appid"] = json!("wx\n"),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let error = parse(change).expect_err(&number.to_string());
            assert!(!error.to_string().contains("secret-"), "{number}");
        }
        assert!(Notices::parse(&SecretString::from("[]")).is_err());
    }
}
