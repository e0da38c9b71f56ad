//! The issuer's keys: fetched through its discovery document, kept for two hours.
//!
//! AWS keeps a key set for up to two hours whatever happens. Here an unknown `kid` fetches again, once a minute at
//! most: a developer who restarts on new keys must not wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fetch::{FetchError, Fetcher};

/// How long a key set is used.
const CACHE_AGE_MAX: Duration = Duration::from_hours(2);
/// How soon an unknown key may ask for the set again.
const REFETCH_AFTER: Duration = Duration::from_mins(1);
/// Keys that are taken from one set.
const KEYS_MAX: usize = 50;

/// An RSA public key, big-endian and without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) modulus: Vec<u8>,
    pub(super) exponent: Vec<u8>,
}

/// Keys of one issuer.
pub(super) struct KeyCache {
    issuer: String,
    fetcher: Fetcher,
    cached: Mutex<Option<Cached>>,
}

struct Cached {
    keys: BTreeMap<String, Arc<Key>>,
    at: Instant,
}

impl KeyCache {
    pub(super) fn new(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            fetcher: Fetcher::default(),
            cached: Mutex::new(None),
        }
    }

    /// The key of that id. Requests that come meanwhile wait for the one fetch.
    pub(super) async fn find(&self, kid: &str) -> Result<Arc<Key>, String> {
        let mut cached = self.cached.lock().await;
        let age = cached.as_ref().map(|set| set.at.elapsed());
        let known = cached.as_ref().and_then(|set| set.keys.get(kid)).cloned();
        let usable = match (&known, age) {
            (Some(_), Some(age)) => age < CACHE_AGE_MAX,
            (None, Some(age)) => age < REFETCH_AFTER,
            (_, None) => false,
        };
        if !usable {
            let keys = self.fetch().await.map_err(|error| {
                tracing::warn!(%error, "gateway.keys_unavailable");
                error.description().to_owned()
            })?;
            let found = keys.get(kid).cloned();
            *cached = Some(Cached {
                keys,
                at: Instant::now(),
            });
            return found.ok_or_else(unknown);
        }
        known.ok_or_else(unknown)
    }

    async fn fetch(&self) -> Result<BTreeMap<String, Arc<Key>>, FetchError> {
        let discovery = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let document = self.fetcher.json(&discovery).await.map_err(FetchError::discovery)?;
        let field = |name: &str| document.get(name).and_then(Value::as_str);
        if field("issuer") != Some(self.issuer.as_str()) {
            return Err(FetchError::Issuer);
        }
        let set = self
            .fetcher
            .json(field("jwks_uri").ok_or(FetchError::NoKeySet)?)
            .await?;
        Ok(read_set(&set))
    }
}

fn unknown() -> String {
    "unable to find a signing key that matches the token".to_owned()
}

/// The RSA signature keys of a JWK set; what is not one is left out.
fn read_set(set: &Value) -> BTreeMap<String, Arc<Key>> {
    let keys = set
        .get("keys")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    keys.iter().filter_map(read_key).take(KEYS_MAX).collect()
}

fn read_key(jwk: &Value) -> Option<(String, Arc<Key>)> {
    let field = |name: &str| jwk.get(name).and_then(Value::as_str);
    let signs = field("kty") == Some("RSA")
        && field("use").is_none_or(|usage| usage == "sig")
        && field("alg").is_none_or(|alg| alg == "RS256");
    let number = |name: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(field(name)?).ok()?;
        let start = bytes.iter().position(|byte| *byte != 0)?;
        bytes.get(start..).map(<[u8]>::to_vec)
    };
    if !signs {
        return None;
    }
    Some((
        field("kid")?.to_owned(),
        Arc::new(Key {
            modulus: number("n")?,
            exponent: number("e")?,
        }),
    ))
}
