//! Verification with keys that another function publishes.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kernel::{Ambient, Timestamp};
use web::{Egress, HttpClient, OutgoingRequest};

use super::{Claims, PublicKeys, TokenError, TokenVerifier};

/// How long a key set is kept, in seconds. A retired key is accepted for that much longer.
const KEPT_S: i64 = 600;
/// How long after one request for the key set the next may follow, in seconds: tokens with invented `kid`s must not make
/// us ask for each.
const PAUSE_S: i64 = 10;
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_millis(1_500);

/// Verifies access tokens with the key set at `{issuer}/.well-known/jwks.json`, which is kept for ten minutes and asked
/// for again when a token names a key that it lacks.
#[derive(Debug)]
pub struct RemoteVerifier<C> {
    client: C,
    keys_url: String,
    issuer: String,
    audience: String,
    ambient: Ambient,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    keys: Option<(PublicKeys, Timestamp)>,
    asked_at: Option<Timestamp>,
}

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The token is not valid.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// There are no keys to verify with: try again later.
    #[error("the key set cannot be had")]
    Keys,
}

impl<C: HttpClient> RemoteVerifier<C> {
    /// For tokens of `issuer` for `audience`.
    pub fn new(client: C, issuer: &str, audience: &str, ambient: Ambient) -> Self {
        Self {
            client,
            keys_url: format!("{issuer}/.well-known/jwks.json"),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            ambient,
            kept: Mutex::default(),
        }
    }

    /// The claims of a valid token.
    ///
    /// # Errors
    ///
    /// See [`RemoteError`].
    pub async fn verify(&self, token: &str) -> Result<Claims, RemoteError> {
        let known = match self.fresh() {
            Some(keys) => Some(keys),
            None => self.ask().await,
        };
        let first = self.verify_with(known.ok_or(RemoteError::Keys)?, token);
        if !matches!(first, Err(TokenError::UnknownKey)) {
            return Ok(first?);
        }
        match self.ask().await {
            Some(keys) => Ok(self.verify_with(keys, token)?),
            None => Ok(first?),
        }
    }

    fn verify_with(&self, keys: PublicKeys, token: &str) -> Result<Claims, TokenError> {
        TokenVerifier::new(keys, &self.issuer, &self.audience).verify(token, self.ambient.now())
    }

    fn fresh(&self) -> Option<PublicKeys> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (keys, at) = kept.keys.as_ref()?;
        (self.ambient.now().seconds_since(*at) < KEPT_S).then(|| keys.clone())
    }

    /// Asks for the key set, unless that was done a moment ago.
    async fn ask(&self) -> Option<PublicKeys> {
        let now = self.ambient.now();
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.asked_at.is_some_and(|at| now.seconds_since(at) < PAUSE_S) && kept.keys.is_some() {
                return None;
            }
            kept.asked_at = Some(now);
        }
        let request = OutgoingRequest {
            method: http::Method::GET,
            url: self.keys_url.clone(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
            timeout: TIMEOUT,
            egress: Egress::Configured,
        };
        let answer = match self.client.send(request).await {
            Ok(answer) if answer.status == 200 => answer,
            Ok(answer) => {
                tracing::warn!(status = answer.status, "identity.keys.refused");
                return None;
            }
            Err(error) => {
                tracing::warn!(%error, "identity.keys.unanswered");
                return None;
            }
        };
        let keys = PublicKeys::parse_jwks(&answer.body).ok()?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.keys = Some((keys.clone(), now));
        Some(keys)
    }
}
