//! The JWT authorizer, as an HTTP API's: RSA signatures, issuer, audience, times, and the route's scopes.
//!
//! Invariant: the algorithm is fixed to RS256; the token's own `alg` never chooses the check, it can only fail it.

mod claims;
mod fetch;
mod keys;
#[cfg(test)]
mod tests;
mod token;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use template::model::JwtAuthorizer;

use super::event::query_parameters;
use super::reply::message;
use crate::clock;
use crate::server::Reply;
use keys::KeyCache;

/// What a function is told of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claims {
    /// Claims by name, each as text.
    pub claims: Map<String, Value>,
    /// The token's scopes on routes that ask for some; null otherwise.
    pub scopes: Option<Vec<String>>,
}

/// Why a request is not let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No token: 401, without a reason.
    Missing,
    /// A token that does not hold: 401 with the reason.
    Invalid(String),
    /// A valid token without any of the route's scopes: 403.
    Scope(Vec<String>),
}

/// One declared authorizer with its key cache.
pub(super) struct Authorizer {
    declared: JwtAuthorizer,
    keys: KeyCache,
}

impl Authorizer {
    /// An authorizer that has not fetched anything yet.
    pub(super) fn new(declared: &JwtAuthorizer) -> Self {
        Self {
            declared: declared.clone(),
            keys: KeyCache::new(&declared.issuer),
        }
    }

    /// Checks the request's token against the declaration and the route's scopes.
    pub(super) async fn check(&self, headers: &HeaderMap, query: &str, scopes: &[String]) -> Result<Claims, Refusal> {
        let Some(text) = self.identity(headers, query) else {
            return Err(Refusal::Missing);
        };
        let token = token::parse(&text).map_err(Refusal::Invalid)?;
        let key = self.keys.find(&token.kid).await.map_err(Refusal::Invalid)?;
        token.verify(&key).map_err(Refusal::Invalid)?;
        claims::check(&token.claims, &self.declared, clock::now_s()).map_err(Refusal::Invalid)?;
        let granted = claims::scopes(&token.claims);
        if !scopes.is_empty() && !scopes.iter().any(|scope| granted.contains(scope)) {
            return Err(Refusal::Scope(scopes.to_vec()));
        }
        let scopes = (!scopes.is_empty()).then_some(granted);
        Ok(Claims {
            claims: claims::as_text(&token.claims),
            scopes,
        })
    }

    /// The token from the first identity source that the request has; `Bearer ` before it is optional.
    fn identity(&self, headers: &HeaderMap, query: &str) -> Option<String> {
        self.declared.identity_source.iter().find_map(|source| {
            let text = if let Some(name) = source.strip_prefix("$request.header.") {
                let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
                headers.get(name)?.to_str().ok()?.to_owned()
            } else {
                let name = source.strip_prefix("$request.querystring.")?;
                query_parameters(query).remove(name)?
            };
            let bare = match text.split_once(' ') {
                Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") => rest.trim().to_owned(),
                _ => text,
            };
            (!bare.is_empty()).then_some(bare)
        })
    }
}

impl Refusal {
    /// The gateway's answer.
    pub(super) fn into_reply(self) -> Reply {
        let (status, text, challenge) = match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, "Unauthorized", "Bearer".to_owned()),
            Self::Invalid(reason) => {
                let challenge = format!(r#"Bearer scope="" error="invalid_token" error_description="{reason}""#);
                (StatusCode::UNAUTHORIZED, "Unauthorized", challenge)
            }
            Self::Scope(scopes) => {
                let scopes = scopes.join(" ");
                let challenge = format!(
                    r#"Bearer scope="{scopes}" error="insufficient_scope" error_description="the token does not have any of the required scopes""#
                );
                (StatusCode::FORBIDDEN, "Forbidden", challenge)
            }
        };
        let mut reply = message(status, text);
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            reply.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        reply
    }
}
