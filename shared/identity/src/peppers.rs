//! The secret keys that stand between our table and whoever steals it.

use std::collections::BTreeMap;

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The least length of a pepper, in bytes.
const PEPPER_BYTES_MIN: usize = 32;
/// The version of a secret that is a bare text.
const FIRST_VERSION: &str = "1";

/// What a keyed hash is for: the same text has another hash for each purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Under the slow hash of a password.
    Password,
    /// A one-time code.
    Code,
    /// The secret of a refresh token's successor.
    Successor,
    /// The tag that shows a refresh token to be ours.
    RefreshTag,
    /// The fingerprint of a request that may hold a password.
    Fingerprint,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Successor => "successor",
            Self::RefreshTag => "refresh-tag",
            Self::Fingerprint => "fingerprint",
        }
    }
}

/// Versioned HMAC-SHA-256 keys.
#[derive(Clone)]
pub struct Peppers {
    current: String,
    keys: BTreeMap<String, hmac::Key>,
}

/// The secret does not hold usable peppers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("peppers: {0}")]
pub struct PeppersError(&'static str);

#[derive(Deserialize)]
struct Raw {
    current: String,
    keys: BTreeMap<String, String>,
}

impl Peppers {
    /// From the secret: a bare text of at least 32 bytes (version `1`, what Secrets Manager generates), or
    /// `{"current": "2", "keys": {"1": "text", "2": "text"}}` once it was changed. Old versions stay as long as a
    /// password is hashed with them.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn parse(secret: &SecretString) -> Result<Self, PeppersError> {
        let text = secret.expose_secret().trim();
        let raw = if text.starts_with('{') {
            // serde's error is not shown: it could quote the secret.
            serde_json::from_str(text).map_err(|_| PeppersError("not the expected JSON"))?
        } else {
            Raw {
                current: FIRST_VERSION.to_owned(),
                keys: BTreeMap::from([(FIRST_VERSION.to_owned(), text.to_owned())]),
            }
        };
        if raw.keys.values().any(|key| key.len() < PEPPER_BYTES_MIN) {
            return Err(PeppersError("a key is shorter than 32 bytes"));
        }
        if !raw.keys.contains_key(&raw.current) {
            return Err(PeppersError("the current version has no key"));
        }
        let key = |text: String| hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
        Ok(Self {
            current: raw.current,
            keys: raw
                .keys
                .into_iter()
                .map(|(version, text)| (version, key(text)))
                .collect(),
        })
    }

    /// The version that new hashes are made with.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The keyed hash of a text with a version's key; `None` when there is no such version.
    pub(crate) fn mac(&self, version: &str, purpose: Purpose, text: &[u8]) -> Option<hmac::Tag> {
        let mut context = hmac::Context::with_key(self.keys.get(version)?);
        context.update(purpose.label().as_bytes());
        context.update(&[0]);
        context.update(text);
        Some(context.sign())
    }

    /// Every version, for hashes that do not say theirs.
    pub(crate) fn versions(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// The fingerprint of a request's body, for idempotency records. Keyed: a plain hash of a body that holds a password
    /// would let a thief of the table try passwords quickly.
    pub fn fingerprint(&self, body: &[u8]) -> String {
        self.mac(&self.current, Purpose::Fingerprint, body)
            .map(hex::encode)
            .unwrap_or_default()
    }
}

impl std::fmt::Debug for Peppers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peppers")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_text_is_version_one_of_the_versioned_form() {
        let text = "a".repeat(32);
        let bare = Peppers::parse(&SecretString::from(text.clone())).unwrap();
        let json = format!(r#"{{"current":"2","keys":{{"1":"{text}","2":"{}"}}}}"#, "b".repeat(40));
        let versioned = Peppers::parse(&SecretString::from(json)).unwrap();
        let mac = |peppers: &Peppers, version| peppers.mac(version, Purpose::Code, b"x").unwrap().as_ref().to_vec();
        assert_eq!(mac(&bare, "1"), mac(&versioned, "1"));
        assert_ne!(mac(&versioned, "1"), mac(&versioned, "2"));
        assert_eq!(versioned.current(), "2");
    }

    #[test]
    fn short_or_missing_keys_are_refused() {
        for secret in [
            "short",
            r#"{"current":"2","keys":{}}"#,
            r#"{"current":"1","keys":{"1":"short"}}"#,
            "{",
        ] {
            assert!(
                Peppers::parse(&SecretString::from(secret.to_owned())).is_err(),
                "{secret}"
            );
        }
    }

    #[test]
    fn each_purpose_has_its_own_hash() {
        let peppers = Peppers::parse(&SecretString::from("a".repeat(32))).unwrap();
        let mac = |purpose| peppers.mac("1", purpose, b"x").unwrap().as_ref().to_vec();
        assert_ne!(mac(Purpose::Code), mac(Purpose::Password));
    }
}
