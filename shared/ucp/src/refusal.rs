//! Refusals of the protocol itself: `{code, content, continue_url?}` with their statuses.

use http::{HeaderValue, header};
use serde_json::json;
use web::{Body, Problem, Response};

use crate::{ErrorResponse, Message, Metadata, Severity, codes, signature::VerifyError};

/// Why a request was not looked at, or could not be answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The profile URL is missing or malformed.
    #[error("{0}")]
    InvalidProfileUrl(String),
    /// The profile cannot be fetched.
    #[error("the platform's profile cannot be fetched")]
    ProfileUnreachable,
    /// The profile is not one.
    #[error("{0}")]
    ProfileMalformed(String),
    /// The platform speaks another version.
    #[error("protocol version {0} is not supported")]
    VersionUnsupported(String),
    /// No capability in common that the call needs.
    #[error("the platform's profile has no capability that this call needs")]
    CapabilitiesIncompatible {
        /// Where the buyer can go on.
        continue_url: String,
    },
    /// The signature does not hold.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// The request cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// The body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// `Idempotency-Key` is missing or malformed.
    #[error("{0}")]
    IdempotencyKey(String),
    /// The key was used with another request.
    #[error("this idempotency key was used with another request")]
    IdempotencyConflict,
    /// The state of the resource refuses the call for good.
    #[error("{0}")]
    InvalidState(String),
    /// No credentials, or not valid ones.
    #[error("authenticate first")]
    Unauthorized,
    /// The credentials do not allow it.
    #[error("your credentials do not allow this")]
    Forbidden,
    /// Too many requests.
    #[error("too many requests")]
    RateLimited,
    /// Try again shortly.
    #[error("try again shortly")]
    Unavailable,
    /// A bug or a broken record of ours.
    #[error("something broke on our side")]
    Internal,
}

/// Seconds after which a temporary refusal may be gone.
const RETRY_AFTER_S: u32 = 1;

impl Refusal {
    /// From what the HTTP layer refused.
    pub fn of_problem(problem: &Problem) -> Self {
        match problem.kind().status {
            413 => Self::TooLarge,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            500.. => Self::Internal,
            _ => Self::Malformed(problem.kind().title.to_owned()),
        }
    }

    /// HTTP status and code.
    pub const fn code(&self) -> (u16, &'static str) {
        match self {
            Self::InvalidProfileUrl(_) => (400, "invalid_profile_url"),
            Self::ProfileUnreachable => (424, "profile_unreachable"),
            Self::ProfileMalformed(_) => (422, "profile_malformed"),
            Self::VersionUnsupported(_) => (422, "version_unsupported"),
            Self::CapabilitiesIncompatible { .. } => (200, codes::CAPABILITIES_INCOMPATIBLE),
            Self::Signature(error) => error.code(),
            Self::Malformed(_) => (400, "invalid_request"),
            Self::TooLarge => (413, "body_too_large"),
            Self::IdempotencyKey(_) => (400, "invalid_idempotency_key"),
            Self::IdempotencyConflict => (409, "idempotency_conflict"),
            Self::InvalidState(_) => (409, codes::INVALID_STATE),
            Self::Unauthorized => (401, "unauthorized"),
            Self::Forbidden => (403, "forbidden"),
            Self::RateLimited => (429, "rate_limited"),
            Self::Unavailable => (503, "temporarily_unavailable"),
            Self::Internal => (500, "internal_error"),
        }
    }

    /// The response.
    pub fn response(&self) -> Response<Body> {
        let (status, code) = self.code();
        if let Self::CapabilitiesIncompatible { continue_url } = self {
            let message = Message::error(code, Severity::Unrecoverable, self.to_string());
            let nothing = Metadata {
                capabilities: std::collections::BTreeMap::new(),
                ..Metadata::of(crate::Operation::Checkout)
            };
            return web::json(status, &ErrorResponse::new(nothing, message).continue_url(continue_url));
        }
        let mut response = web::json(status, &json!({"code": code, "content": self.to_string()}));
        if matches!(status, 429 | 503) {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
        }
        if status == 401 {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
