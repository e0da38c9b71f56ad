//! RSA PKCS#1 v1.5 with SHA-256, the one signature of both Chinese providers.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};

/// What stands before the key in the SPKI of a key of 2048 bits; ring wants only what comes after it.
const SPKI_PREFIX: [u8; 24] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x0f, 0x00,
];

/// Signs.
#[derive(Debug)]
pub(crate) struct PrivateKey(RsaKeyPair);

/// Verifies.
#[derive(Debug, Clone)]
pub(crate) struct PublicKey(Vec<u8>);

impl PrivateKey {
    /// From PKCS#8 in base64.
    pub(crate) fn read(text: &str) -> Self {
        let der = STANDARD.decode(text).expect("a private key in base64");
        Self(RsaKeyPair::from_pkcs8(&der).expect("a private key in PKCS#8"))
    }

    /// The signature in base64.
    #[expect(clippy::disallowed_methods, reason = "a double has no ambient randomness to take")]
    pub(crate) fn sign(&self, text: &[u8]) -> String {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
            .expect("a good key signs");
        STANDARD.encode(signature)
    }
}

impl PublicKey {
    /// From an SPKI of 2048 bits in base64.
    pub(crate) fn read(text: &str) -> Self {
        let der = STANDARD.decode(text).expect("a public key in base64");
        let key = der
            .strip_prefix(&SPKI_PREFIX)
            .expect("the SPKI of an RSA key of 2048 bits");
        Self(key.to_vec())
    }

    /// Whether the signature, in base64, is of this text.
    pub(crate) fn verifies(&self, text: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else {
            return false;
        };
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0)
            .verify(text, &signature)
            .is_ok()
    }
}
