//! Signing keys and their public halves.

use std::{collections::BTreeMap, sync::Arc};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::der::rsa_public_key;

/// The most keys of a key set that are read.
pub const KEYS_MAX: usize = 8;

/// Where a key is in its life. The next key is published long before the first token is signed with it, as gateways keep
/// the key set for two hours; the previous one stays published until its last token has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// Signs.
    Current,
    /// Published, does not sign yet.
    Next,
    /// Published, signs no more.
    Previous,
}

/// The secret does not hold usable keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing keys: {0}")]
pub struct SigningKeysError(&'static str);

/// The private key that signs, and the public halves of all keys.
#[derive(Clone)]
pub struct SigningKeys {
    pub(super) kid: String,
    pub(super) pair: Arc<RsaKeyPair>,
    public: PublicKeys,
}

#[derive(Deserialize)]
struct Raw {
    current: String,
    keys: Vec<RawKey>,
}

#[derive(Deserialize)]
struct RawKey {
    kid: String,
    pkcs8: String,
    status: KeyStatus,
}

impl SigningKeys {
    /// From the secret's JSON: `{"current": "kid1", "keys": [{"kid": "kid1", "pkcs8": "base64 DER", "status":
    /// "current"}]}`. The DER is PKCS#8 or a bare `RSAPrivateKey` of at least 2,048 bits.
    ///
    /// # Errors
    ///
    /// When the secret does not have that shape.
    pub fn parse(secret: &SecretString) -> Result<Self, SigningKeysError> {
        // serde's error is not shown: it could quote the secret.
        let raw: Raw =
            serde_json::from_str(secret.expose_secret()).map_err(|_| SigningKeysError("not the expected JSON"))?;
        if raw.keys.len() > KEYS_MAX {
            return Err(SigningKeysError("too many keys"));
        }
        let mut signing = None;
        let mut public = BTreeMap::new();
        for key in &raw.keys {
            let pair = pair(&key.pkcs8)?;
            let half = PublicKey::of(&pair).ok_or(SigningKeysError("a key has no readable public half"))?;
            if public.insert(key.kid.clone(), half).is_some() {
                return Err(SigningKeysError("a kid is used twice"));
            }
            if key.kid == raw.current {
                if key.status != KeyStatus::Current {
                    return Err(SigningKeysError("the current key does not have the status current"));
                }
                signing = Some((key.kid.clone(), Arc::new(pair)));
            }
        }
        let (kid, pair) = signing.ok_or(SigningKeysError("the current kid has no key"))?;
        Ok(Self {
            kid,
            pair,
            public: PublicKeys(public),
        })
    }

    /// The public halves of all keys: what `jwks.json` publishes.
    pub const fn public(&self) -> &PublicKeys {
        &self.public
    }
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeys")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

fn pair(base64: &str) -> Result<RsaKeyPair, SigningKeysError> {
    let der = STANDARD
        .decode(base64)
        .map_err(|_| SigningKeysError("a key is not base64"))?;
    RsaKeyPair::from_pkcs8(&der)
        .or_else(|_| RsaKeyPair::from_der(&der))
        .map_err(|_| SigningKeysError("a key is not an RSA private key of at least 2,048 bits"))
}

/// Public RSA keys by key id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, PublicKey>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// A text that is no JSON Web Key Set with an RSA signing key in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON Web Key Set with an RSA signing key")]
pub struct KeySetError;

#[derive(Serialize, Deserialize)]
struct KeySet<K> {
    keys: Vec<K>,
}

#[derive(Serialize)]
struct Jwk<'a> {
    kty: &'a str,
    r#use: &'a str,
    alg: &'a str,
    kid: &'a str,
    n: String,
    e: String,
}

/// Members of a foreign key: another provider may stand in for us. Members that are not named here are ignored.
#[derive(Deserialize)]
struct ForeignJwk {
    kty: String,
    r#use: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl PublicKeys {
    /// From a JSON Web Key Set (RFC 7517). Keys of other kinds and for other uses are left out.
    ///
    /// # Errors
    ///
    /// When the text is no key set, or no key of it is for RS256.
    pub fn parse_jwks(text: &[u8]) -> Result<Self, KeySetError> {
        let set: KeySet<ForeignJwk> = serde_json::from_slice(text).map_err(|_| KeySetError)?;
        let keys: BTreeMap<_, _> = set
            .keys
            .into_iter()
            .take(KEYS_MAX)
            .filter_map(PublicKey::foreign)
            .collect();
        if keys.is_empty() {
            return Err(KeySetError);
        }
        Ok(Self(keys))
    }

    /// The JSON Web Key Set.
    ///
    /// # Errors
    ///
    /// Never for keys that were read by this module.
    pub fn to_jwks(&self) -> Result<String, serde_json::Error> {
        let keys = self
            .0
            .iter()
            .map(|(kid, key)| Jwk {
                kty: "RSA",
                r#use: "sig",
                alg: "RS256",
                kid,
                n: URL_SAFE_NO_PAD.encode(&key.modulus),
                e: URL_SAFE_NO_PAD.encode(&key.exponent),
            })
            .collect();
        serde_json::to_string(&KeySet { keys })
    }

    /// Whether a key has this id.
    pub fn contains(&self, kid: &str) -> bool {
        self.0.contains_key(kid)
    }

    /// Whether the key `kid` signed the message by RS256.
    pub(super) fn verify(&self, kid: &str, message: &[u8], signature: &[u8]) -> bool {
        self.0.get(kid).is_some_and(|key| {
            RsaPublicKeyComponents {
                n: &key.modulus,
                e: &key.exponent,
            }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
        })
    }
}

impl PublicKey {
    fn of(pair: &RsaKeyPair) -> Option<Self> {
        let (modulus, exponent) = rsa_public_key(pair.public_key().as_ref())?;
        Some(Self {
            modulus: modulus.to_vec(),
            exponent: exponent.to_vec(),
        })
    }

    fn foreign(jwk: ForeignJwk) -> Option<(String, Self)> {
        let fits = jwk.kty == "RSA"
            && jwk.r#use.is_none_or(|usage| usage == "sig")
            && jwk.alg.is_none_or(|algorithm| algorithm == "RS256");
        let number = |text: Option<String>| {
            let bytes = URL_SAFE_NO_PAD.decode(text?).ok()?;
            Some(bytes.into_iter().skip_while(|&byte| byte == 0).collect::<Vec<u8>>())
        };
        let key = Self {
            modulus: number(jwk.n)?,
            exponent: number(jwk.e)?,
        };
        fits.then_some((jwk.kid?, key))
    }
}
