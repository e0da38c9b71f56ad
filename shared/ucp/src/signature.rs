//! HTTP message signatures, RFC 9421, with ES256 (P-256 and SHA-256, signature as raw r‖s of 64 bytes).
//!
//! The algorithm follows from the key; `alg` is no parameter. Bodies are bound by their `Content-Digest` over raw bytes.

mod base;
mod key;
mod sign;
mod verify;

pub use base::Target;
pub use key::{SigningKey, SigningKeyError};
pub use sign::{SignError, sign_request, sign_response};
pub use verify::{VerifyError, is_signed, verify};

#[cfg(test)]
mod tests;
