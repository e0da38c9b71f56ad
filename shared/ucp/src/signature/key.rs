//! Our signing key.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::Jwk;

/// Bytes of a coordinate.
const FIELD_BYTES: usize = 32;

/// The key that signs, and the public parts of all keys that verifiers should know.
pub struct SigningKey {
    kid: String,
    pair: EcdsaKeyPair,
    public: Vec<Jwk>,
    random: SystemRandom,
}

/// The secret holds no usable key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing key: {0}")]
pub struct SigningKeyError(&'static str);

#[derive(Deserialize)]
struct Raw {
    current: String,
    keys: Vec<RawKey>,
}

#[derive(Deserialize)]
struct RawKey {
    kid: String,
    pkcs8: String,
}

impl SigningKey {
    /// From the secret's JSON: `{"current": "kid", "keys": [{"kid": "…", "pkcs8": "base64 of a P-256 key"}]}`. All keys are
    /// published: the one before the current stays for at least 7 days after a change.
    ///
    /// # Errors
    ///
    /// When the secret does not have that shape.
    pub fn parse(secret: &SecretString) -> Result<Self, SigningKeyError> {
        // serde's error is not shown: it could quote the secret.
        let raw: Raw =
            serde_json::from_str(secret.expose_secret()).map_err(|_| SigningKeyError("not the expected JSON"))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "ECDSA blinds with ring's own source, which it lets nobody replace"
        )]
        let random = SystemRandom::new();
        let mut current = None;
        let mut public = Vec::with_capacity(raw.keys.len());
        for key in &raw.keys {
            let bytes = STANDARD
                .decode(&key.pkcs8)
                .map_err(|_| SigningKeyError("pkcs8 is not base64"))?;
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &random)
                .map_err(|_| SigningKeyError("not a P-256 key in PKCS #8"))?;
            public.push(jwk(&key.kid, pair.public_key().as_ref())?);
            if key.kid == raw.current {
                current = Some(pair);
            }
        }
        let pair = current.ok_or(SigningKeyError("the current key is not among the keys"))?;
        Ok(Self {
            kid: raw.current,
            pair,
            public,
            random,
        })
    }

    /// By which verifiers find the key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What the profile publishes.
    pub fn public_keys(&self) -> &[Jwk] {
        &self.public
    }

    pub(super) fn sign(&self, text: &str) -> Option<Vec<u8>> {
        self.pair
            .sign(&self.random, text.as_bytes())
            .ok()
            .map(|signature| signature.as_ref().to_vec())
    }
}

fn jwk(kid: &str, point: &[u8]) -> Result<Jwk, SigningKeyError> {
    let odd = SigningKeyError("an odd public key");
    let (x, y) = point
        .get(1..)
        .and_then(|point| point.split_at_checked(FIELD_BYTES))
        .ok_or(odd)?;
    Ok(Jwk {
        kid: kid.to_owned(),
        kty: "EC".to_owned(),
        crv: Some("P-256".to_owned()),
        x: Some(URL_SAFE_NO_PAD.encode(x)),
        y: Some(URL_SAFE_NO_PAD.encode(y)),
        usage: Some("sig".to_owned()),
        alg: Some("ES256".to_owned()),
    })
}

pub(super) fn coordinate(text: &str) -> Result<[u8; FIELD_BYTES], SigningKeyError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| SigningKeyError("not base64url"))?;
    bytes
        .try_into()
        .map_err(|_| SigningKeyError("a coordinate has 32 bytes"))
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
