//! Access tokens and the keys that sign them.

mod der;
mod discovery;
mod jws;
mod keys;
mod remote;
#[cfg(test)]
mod tests;

pub use discovery::discovery_document;
pub use jws::{
    AUDIENCE, AccessToken, Audience, Claims, Grant, Issuer, SignError, TOKEN_BYTES_MAX, TOKEN_MINUTES_MAX, TokenError,
    TokenVerifier,
};
pub use keys::{KEYS_MAX, KeySetError, KeyStatus, PublicKeys, SigningKeys, SigningKeysError};
pub use remote::{RemoteError, RemoteVerifier};
