//! RSA PKCS#1 v1.5 with SHA-256, as `WeChat` Pay and Alipay use it. Nothing else is offered, so nothing can be downgraded.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};

/// The longest key text that is read, in bytes.
const KEY_BYTES_MAX: usize = 16 * 1_024;
/// DER tags.
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;

/// A key that cannot be read. Never shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RSA key of 2048 to 8192 bits as PEM or base64 DER")]
pub struct KeyError;

/// A public key: PKCS#1 inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(Vec<u8>);

/// A private key.
#[derive(Debug)]
pub struct PrivateKey(RsaKeyPair);

impl PublicKey {
    /// From PEM (`PUBLIC KEY` or `RSA PUBLIC KEY`) or the same as bare base64, as the providers' consoles give it.
    ///
    /// # Errors
    ///
    /// See [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let der = der(text)?;
        let key = pkcs1(&der).ok_or(KeyError)?;
        Ok(Self(key.to_vec()))
    }

    /// Whether `signature`, in base64, is this key's of `message`.
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else {
            return false;
        };
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0)
            .verify(message, &signature)
            .is_ok()
    }
}

impl PrivateKey {
    /// From PEM (`PRIVATE KEY` or `RSA PRIVATE KEY`) or the same as bare base64.
    ///
    /// # Errors
    ///
    /// See [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let der = der(text)?;
        RsaKeyPair::from_pkcs8(&der)
            .or_else(|_| RsaKeyPair::from_der(&der))
            .map(Self)
            .map_err(|_| KeyError)
    }

    /// The signature of `message`, in base64.
    ///
    /// # Errors
    ///
    /// When the system gives no randomness for blinding.
    #[expect(
        clippy::disallowed_methods,
        reason = "for blinding: the signature is the same whatever it gives"
    )]
    pub fn sign(&self, message: &[u8]) -> Result<String, KeyError> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyError)?;
        Ok(STANDARD.encode(signature))
    }
}

fn der(text: &str) -> Result<Vec<u8>, KeyError> {
    if text.len() > KEY_BYTES_MAX {
        return Err(KeyError);
    }
    let base64: String = text
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    STANDARD.decode(base64).map_err(|_| KeyError)
}

/// The `RSAPublicKey` in a `SubjectPublicKeyInfo`, or the text itself where it is one already.
fn pkcs1(der: &[u8]) -> Option<&[u8]> {
    let (tag, inside, _) = element(der)?;
    if tag != SEQUENCE {
        return None;
    }
    let (first, _, rest) = element(inside)?;
    if first == INTEGER {
        return Some(der);
    }
    let (tag, bits, _) = element(rest)?;
    let (unused, key) = bits.split_first()?;
    (first == SEQUENCE && tag == BIT_STRING && *unused == 0).then_some(key)
}

/// The first element: its tag, its content, and what follows. Keys that are long enough have no element of 128 to 255
/// bytes, so the length of one is not read.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x82 => {
            let (bytes, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*bytes)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = include_str!("../../../../tests/fixtures/payment-keys.dev.json");

    fn key(owner: &str, name: &str) -> String {
        let keys: serde_json::Value = serde_json::from_str(KEYS).unwrap();
        keys[owner][name].as_str().unwrap().to_owned()
    }

    fn own(owner: &str) -> String {
        let secrets = include_str!("../../../../infra/local/secrets.dev.json");
        let secrets: serde_json::Value = serde_json::from_str(secrets).unwrap();
        secrets[owner]["private_key"].as_str().unwrap().to_owned()
    }

    #[test]
    fn what_the_private_key_signs_its_public_key_verifies_and_no_other() {
        let private = PrivateKey::parse(&own("WechatPayMerchant")).unwrap();
        let public = PublicKey::parse(&key("wechat_merchant", "public_key")).unwrap();
        let other = PublicKey::parse(&key("alipay_application", "public_key")).unwrap();
        let signature = private.sign(b"text").unwrap();
        assert!(public.verifies(b"text", &signature));
        assert!(!public.verifies(b"texT", &signature));
        assert!(!public.verifies(b"text", &format!("{signature}A")));
        assert!(!other.verifies(b"text", &signature));
    }

    #[test]
    fn a_key_reads_alike_as_pem_and_as_base64_and_garbage_is_no_key() {
        let base64 = key("wechat_merchant", "public_key");
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
        assert_eq!(PublicKey::parse(&pem), PublicKey::parse(&base64));
        for garbage in ["", "AAAA", "MIIB", "%%", &"A".repeat(KEY_BYTES_MAX + 1)] {
            assert_eq!(PublicKey::parse(garbage), Err(KeyError));
            assert!(PrivateKey::parse(garbage).is_err());
        }
    }

    #[test]
    fn a_key_text_is_read_up_to_its_longest() {
        let base64 = key("wechat_merchant", "public_key");
        let padded = |length: usize| format!("{base64}{}", "\n".repeat(length - base64.len()));
        assert!(PublicKey::parse(&padded(KEY_BYTES_MAX)).is_ok());
        assert_eq!(PublicKey::parse(&padded(KEY_BYTES_MAX + 1)), Err(KeyError));
    }

    /// A public key of 1 024 bits, whole and well formed.
    const SHORT: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDq+fgsVfK/Tg+Q6K6+GnXWW+aVIuVjgX/OQ3atIbQXlvzuxrd0P8GIy86wAbJEvYTH5P9iXNC2Fz/+7D3UIFzacFvXiAIa9wQzhbdL8CLkd88bfrdu3kVXWpqjWtAfcq2/+kHt9JvzDYdH9CYRsdG7IKlNmlj6GnsY9hwm+0PY6wIDAQAB";

    #[test]
    fn a_key_that_is_too_short_is_none() {
        assert_eq!(PublicKey::parse(SHORT), Err(KeyError));
    }

    #[test]
    fn a_public_key_is_one_in_each_of_its_parts() {
        let der = STANDARD.decode(key("wechat_merchant", "public_key")).unwrap();
        // SEQUENCE of SEQUENCE (what algorithm) and BIT STRING (no unused bits, the key).
        let (algorithm, bits) = (4, 19);
        assert_eq!(
            (der[0], der[algorithm], der[bits], der[bits + 4]),
            (SEQUENCE, SEQUENCE, BIT_STRING, 0)
        );
        let inner = STANDARD.encode(&der[bits + 5..]);
        assert_eq!(PublicKey::parse(&inner), PublicKey::parse(&STANDARD.encode(&der)));
        for (at, other) in [(0, 0x31), (algorithm, 0x31), (bits, 0x04), (bits + 4, 1)] {
            let mut der = der.clone();
            der[at] = other;
            assert_eq!(PublicKey::parse(&STANDARD.encode(&der)), Err(KeyError), "{at}");
        }
    }
}
