//! `Content-Digest`, RFC 9530.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

use crate::structured::{Bare, Value, dictionary};

/// The header's value for a body: `sha-256=:…:` over the raw bytes.
pub fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest(&SHA256, body)))
}

/// Whether a header's `sha-256` is the body's. Other algorithms beside it are not looked at; without it nothing matches.
pub(crate) fn matches(header: &str, body: &[u8]) -> bool {
    let found = dictionary(header)
        .into_iter()
        .flatten()
        .find(|member| member.key == "sha-256");
    let Some(Value::Item(Bare::Bytes(bytes))) = found.map(|member| member.value) else {
        return false;
    };
    bytes == digest(&SHA256, body).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_one_of_the_rfc() {
        // RFC 9530, appendix D.
        assert_eq!(
            content_digest(b"{\"hello\": \"world\"}\n"),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        );
    }

    #[test]
    fn one_changed_byte_does_not_match() {
        let header = content_digest(b"abc");
        assert!(matches(&format!("sha-512=:AA==:, {header}"), b"abc"));
        assert!(!matches(&header, b"abd"));
        assert!(!matches("sha-512=:AA==:", b"abc"));
    }
}
