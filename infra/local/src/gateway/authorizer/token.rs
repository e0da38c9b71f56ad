//! A JSON Web Token in compact form.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Map, Value};

use super::keys::Key;

/// A token that was read but not verified.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) kid: String,
    pub(super) claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

/// Reads a token. The reason of a refusal never repeats any of its text.
pub(super) fn parse(text: &str) -> Result<Token, String> {
    let malformed = || "the token is malformed".to_owned();
    let (signed, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
    let (head, payload) = signed.split_once('.').ok_or_else(malformed)?;
    let header = object(head).ok_or_else(malformed)?;
    if header.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err("signing method is invalid".to_owned());
    }
    // RFC 7515: what a critical header means must be understood; nothing here is.
    if header.contains_key("crit") {
        return Err("the token has a critical header".to_owned());
    }
    let kid = header
        .get("kid")
        .and_then(Value::as_str)
        .ok_or_else(|| "the token names no key".to_owned())?;
    Ok(Token {
        kid: kid.to_owned(),
        claims: object(payload).ok_or_else(malformed)?,
        signed: signed.to_owned(),
        signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?,
    })
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

impl Token {
    /// Checks the signature.
    pub(super) fn verify(&self, key: &Key) -> Result<(), String> {
        RsaPublicKeyComponents {
            n: &key.modulus,
            e: &key.exponent,
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, self.signed.as_bytes(), &self.signature)
        .map_err(|_| "the token has an invalid signature".to_owned())
    }
}
