//! Verifying what we are sent.

use http::HeaderMap;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use crate::{
    Jwk, digest,
    signature::{Target, base::base, key::coordinate},
    structured::{Bare, Member, Value, dictionary},
};

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// `Signature` or `Signature-Input` is missing, malformed, or they do not belong together.
    #[error("the signature is missing or malformed")]
    Missing,
    /// It does not hold, or does not cover what it must.
    #[error("the signature does not hold, or does not cover all that it must")]
    Invalid,
    /// The profile publishes no key of that id.
    #[error("the signer's profile publishes no such key")]
    KeyNotFound,
    /// The body is not the one of `Content-Digest`.
    #[error("the body does not match its digest")]
    DigestMismatch,
    /// The key is of a kind that we do not verify with.
    #[error("only ES256 signatures are supported")]
    AlgorithmUnsupported,
}

impl VerifyError {
    /// HTTP status and code.
    pub const fn code(self) -> (u16, &'static str) {
        match self {
            Self::Missing => (401, "signature_missing"),
            Self::Invalid => (401, "signature_invalid"),
            Self::KeyNotFound => (401, "key_not_found"),
            Self::DigestMismatch => (400, "digest_mismatch"),
            Self::AlgorithmUnsupported => (400, "algorithm_unsupported"),
        }
    }
}

/// Whether a message claims to be signed: then [`verify`] must agree.
pub fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key("signature") || headers.contains_key("signature-input")
}

/// Verifies a signed message against the signer's published keys. `body` is the raw body.
///
/// # Errors
///
/// See [`VerifyError`].
pub fn verify(target: &Target, headers: &HeaderMap, body: &[u8], keys: &[Jwk]) -> Result<(), VerifyError> {
    let inputs = members(headers, "signature-input")?;
    let signatures = members(headers, "signature")?;
    let paired = inputs.iter().find_map(|input| {
        let signature = signatures.iter().find(|signature| signature.key == input.key)?;
        Some((input, signature))
    });
    let (input, signature) = paired.ok_or(VerifyError::Missing)?;
    let (Value::List(items, parametrised), Value::Item(Bare::Bytes(bytes))) = (&input.value, &signature.value) else {
        return Err(VerifyError::Missing);
    };
    let jwk = keys
        .iter()
        .find(|key| Some(key.kid.as_str()) == keyid(input))
        .ok_or(VerifyError::KeyNotFound)?;
    let point = public_point(jwk)?;
    if !body.is_empty() && !single(headers, "content-digest").is_some_and(|header| digest::matches(header, body)) {
        return Err(VerifyError::DigestMismatch);
    }
    let components: Vec<&str> = items
        .iter()
        .filter_map(|item| match item {
            Bare::Text(name) => Some(name.as_str()),
            Bare::Bytes(_) | Bare::Other(_) => None,
        })
        .collect();
    let covers = target
        .components(headers, !body.is_empty())
        .iter()
        .all(|needed| components.contains(needed));
    if *parametrised || components.len() != items.len() || !covers {
        return Err(VerifyError::Invalid);
    }
    let text = base(target, headers, &components, &input.raw).ok_or(VerifyError::Invalid)?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(text.as_bytes(), bytes).map_err(|_| VerifyError::Invalid)
}

fn members(headers: &HeaderMap, name: &str) -> Result<Vec<Member>, VerifyError> {
    single(headers, name).and_then(dictionary).ok_or(VerifyError::Missing)
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    web::single_header(headers, name)
}

fn keyid(input: &Member) -> Option<&str> {
    input.parameters.iter().find_map(|(name, value)| match value {
        Bare::Text(id) if name == "keyid" => Some(id.as_str()),
        _ => None,
    })
}

fn public_point(jwk: &Jwk) -> Result<Vec<u8>, VerifyError> {
    if jwk.kty != "EC" || jwk.crv.as_deref() != Some("P-256") {
        return Err(VerifyError::AlgorithmUnsupported);
    }
    let part = |text: &Option<String>| text.as_deref().and_then(|text| coordinate(text).ok());
    let (x, y) = part(&jwk.x).zip(part(&jwk.y)).ok_or(VerifyError::KeyNotFound)?;
    Ok([4].into_iter().chain(x).chain(y).collect())
}
