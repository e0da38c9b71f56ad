//! The public test keys of both sides, from the files that everybody has.

use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;

/// The providers' side.
const FIXTURES: &str = include_str!("../../../fixtures/payment-keys.dev.json");
/// Our side.
const SECRETS: &str = include_str!("../../../../infra/local/secrets.dev.json");

fn text(file: &str, path: &str) -> String {
    let all: Value = serde_json::from_str(file).expect("a file of JSON");
    let found = all.pointer(path).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no text at {path}")).to_owned()
}

/// Something of the providers' side, by JSON pointer.
pub(crate) fn fixture(path: &str) -> String {
    text(FIXTURES, path)
}

/// Something of our side, by JSON pointer.
pub(crate) fn secret(path: &str) -> String {
    text(SECRETS, path)
}

/// That many characters by chance: half as many bytes, in hexadecimal.
#[expect(clippy::disallowed_methods, reason = "a double has no ambient randomness to take")]
pub(crate) fn nonce(length: usize) -> String {
    let mut bytes = vec![0; length.div_ceil(2)];
    SystemRandom::new().fill(&mut bytes).expect("the system gives chance");
    hex::encode(bytes).chars().take(length).collect()
}
