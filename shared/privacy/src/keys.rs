//! Master keys: they wrap data keys and key the blind index.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{aead, hmac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Bytes of every key.
pub(crate) const KEY_BYTES: usize = 32;

/// The master keys by version, and the key of the blind index.
pub struct MasterKeys {
    current: String,
    wrapping: BTreeMap<String, aead::LessSafeKey>,
    index: hmac::Key,
}

/// The secret does not hold usable keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("master keys: {0}")]
pub struct MasterKeysError(&'static str);

#[derive(Deserialize)]
struct Raw {
    current: String,
    keys: BTreeMap<String, String>,
    index: String,
}

fn bytes(text: &str) -> Result<[u8; KEY_BYTES], MasterKeysError> {
    let wrong = MasterKeysError("a key is not base64 of 32 bytes");
    STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or(wrong)
}

pub(crate) fn sealing_key(bytes: &[u8; KEY_BYTES]) -> Option<aead::LessSafeKey> {
    aead::UnboundKey::new(&aead::AES_256_GCM, bytes)
        .ok()
        .map(aead::LessSafeKey::new)
}

impl MasterKeys {
    /// From the secret's JSON: `{"current": "1", "keys": {"1": "base64 of 32 bytes"}, "index": "base64 of 32 bytes"}`.
    /// Old versions stay until nothing is wrapped with them.
    ///
    /// # Errors
    ///
    /// When the secret does not have that shape.
    pub fn parse(secret: &SecretString) -> Result<Self, MasterKeysError> {
        // serde's error is not shown: it could quote the secret.
        let raw: Raw =
            serde_json::from_str(secret.expose_secret()).map_err(|_| MasterKeysError("not the expected JSON"))?;
        let mut wrapping = BTreeMap::new();
        for (version, text) in &raw.keys {
            let key = sealing_key(&bytes(text)?).ok_or(MasterKeysError("a key is unusable"))?;
            wrapping.insert(version.clone(), key);
        }
        if !wrapping.contains_key(&raw.current) {
            return Err(MasterKeysError("the current version has no key"));
        }
        let index = hmac::Key::new(hmac::HMAC_SHA256, &bytes(&raw.index)?);
        Ok(Self {
            current: raw.current,
            wrapping,
            index,
        })
    }

    pub(crate) fn current(&self) -> &str {
        &self.current
    }

    pub(crate) fn wrapping(&self, version: &str) -> Option<&aead::LessSafeKey> {
        self.wrapping.get(version)
    }

    pub(crate) const fn index(&self) -> &hmac::Key {
        &self.index
    }
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MasterKeys")
            .field("current", &self.current)
            .finish_non_exhaustive()
    }
}
