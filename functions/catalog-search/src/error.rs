//! What can go wrong, and the answer that each is.

use catalog::SearchError;
use dynamo::StoreError;
use ucp::{ErrorResponse, Message, Metadata, Refusal, Severity};
use web::{Body, Response};

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The protocol refuses the request.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The request is not one that the call takes: HTTP 400 with messages.
    #[error("{content}")]
    Invalid {
        /// What the answer may speak of.
        ucp: Box<Metadata>,
        /// Code of the message.
        code: &'static str,
        /// For people.
        content: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// A request that lacks something or holds something that it must not.
    pub(crate) fn invalid(ucp: &Metadata, content: impl Into<String>) -> Self {
        Self::Invalid {
            ucp: Box::new(ucp.clone()),
            code: "invalid_request",
            content: content.into(),
        }
    }

    /// More than one answer can hold.
    pub(crate) fn too_large(ucp: &Metadata, content: impl Into<String>) -> Self {
        Self::Invalid {
            ucp: Box::new(ucp.clone()),
            code: "request_too_large",
            content: content.into(),
        }
    }

    /// A search that failed.
    pub(crate) fn of_search(ucp: &Metadata, error: SearchError) -> Self {
        match error {
            SearchError::Cursor => Self::invalid(ucp, error.to_string()),
            SearchError::Store(error) => Self::Store(error),
        }
    }

    /// The answer.
    pub(crate) fn response(&self) -> Response<Body> {
        match self {
            Self::Refused(refusal) => refusal.response(),
            Self::Invalid { ucp, code, content } => {
                let message = Message::error(code, Severity::Recoverable, content);
                web::json(400, &ErrorResponse::new(ucp.as_ref().clone(), message))
            }
            Self::Store(error) => {
                tracing::error!(%error, "catalog.search.store_failed");
                if error.retryable() {
                    Refusal::Unavailable.response()
                } else {
                    Refusal::Internal.response()
                }
            }
        }
    }
}
