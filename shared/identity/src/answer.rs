//! What a sign-in or a refresh answers.

use kernel::Ambient;
use serde::Serialize;

use crate::{
    RefreshToken,
    token::{Grant, Issuer, SignError},
};

/// Tokens, as RFC 6749, 5.1 names them.
#[derive(Clone, Serialize)]
pub struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
    scope: String,
}

impl Tokens {
    /// An access token for a grant, with the refresh token that gets the next.
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn issue(
        issuer: &Issuer,
        grant: &Grant<'_>,
        refresh: &RefreshToken,
        ambient: &Ambient,
    ) -> Result<Self, SignError> {
        let access = issuer.issue(grant, ambient)?;
        Ok(Self {
            access_token: access.text,
            token_type: "Bearer",
            expires_in: access.expires_in_s,
            refresh_token: refresh.text(),
            scope: grant.scope.to_owned(),
        })
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
