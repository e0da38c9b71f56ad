//! Our signing key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::Jwk;

/// Bytes of a coordinate and of the private scalar.
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
    kid: String,
    x: String,
    y: String,
    d: String,
    #[serde(default)]
    published: Vec<Jwk>,
}

impl SigningKey {
    /// From the secret's JSON: a private P-256 JWK `{"kid", "x", "y", "d"}`; `published` lists more public JWKs: the key
    /// before this one for at least 7 days after a change, or the next one before it.
    ///
    /// # Errors
    ///
    /// When the secret does not have that shape.
    pub fn parse(secret: &SecretString) -> Result<Self, SigningKeyError> {
        // serde's error is not shown: it could quote the secret.
        let raw: Raw = serde_json::from_str(secret.expose_secret()).map_err(|_| SigningKeyError("not the expected JSON"))?;
        let (x, y, d) = (coordinate(&raw.x)?, coordinate(&raw.y)?, coordinate(&raw.d)?);
        let point: Vec<u8> = [4].into_iter().chain(x).chain(y).collect();
        #[expect(clippy::disallowed_methods, reason = "ECDSA blinds with ring's own source, which it lets nobody replace")]
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &d, &point, &random)
            .map_err(|_| SigningKeyError("private and public part do not fit"))?;
        let own = Jwk {
            kid: raw.kid.clone(),
            kty: "EC".to_owned(),
            crv: Some("P-256".to_owned()),
            x: Some(raw.x),
            y: Some(raw.y),
            usage: Some("sig".to_owned()),
            alg: Some("ES256".to_owned()),
        };
        let public = std::iter::once(own).chain(raw.published).collect();
        Ok(Self { kid: raw.kid, pair, public, random })
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
        self.pair.sign(&self.random, text.as_bytes()).ok().map(|signature| signature.as_ref().to_vec())
    }
}

pub(super) fn coordinate(text: &str) -> Result<[u8; FIELD_BYTES], SigningKeyError> {
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| SigningKeyError("not base64url"))?;
    bytes.try_into().map_err(|_| SigningKeyError("a coordinate has 32 bytes"))
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}
