//! Why a request was not done, and what the caller is told.

use dynamo::{CursorError, IdempotencyError, StoreError};
use web::{Body, Problem, ProblemType, Request, Response, types};

use crate::TRIES_MAX;

/// Why a request was not done. What a context refuses, a desk turns into [`Error::Request`] by a map of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request was refused: the caller reads why.
    #[error("the request was refused")]
    Request(Box<Problem>),
    /// The key came with another request.
    #[error("the key was used with another request")]
    KeyReused,
    /// The key cannot be one.
    #[error("the key cannot be one")]
    Key,
    /// The cursor is of another list, or of nobody.
    #[error("the cursor is not of this list")]
    Cursor,
    /// Others were quicker every time.
    #[error("others were quicker {TRIES_MAX} times")]
    Busy,
    /// Records of ours do not fit each other.
    #[error("inconsistent: {0}")]
    Inconsistent(String),
    /// An answer does not serialise.
    #[error("the answer does not serialise")]
    Answer(#[from] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Request(Box::new(problem))
    }
}

impl From<CursorError> for Error {
    fn from(_: CursorError) -> Self {
        Self::Cursor
    }
}

impl From<IdempotencyError> for Error {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::Key => Self::Key,
            IdempotencyError::Store(store) => Self::Store(store),
        }
    }
}

impl Error {
    /// A refusal of a type, with what the caller can do about it.
    pub fn refused(kind: &'static ProblemType, detail: impl Into<String>) -> Self {
        Problem::new(kind).detail(detail).into()
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Problem::new(&types::NOT_FOUND).into()
    }

    /// The answer to `request`. Failures of ours are logged, here and once; refusals are the caller's to read.
    pub fn answer(self, request: &Request) -> Response<Body> {
        let id = web::request_id(request);
        let problem = match self {
            Self::Request(problem) => *problem,
            Self::KeyReused => Problem::new(&types::KEY_REUSED),
            Self::Key => Problem::new(&types::MALFORMED).detail(IdempotencyError::Key.to_string()),
            Self::Cursor => Problem::new(&types::MALFORMED).detail("the cursor is not one that this list gave out"),
            Self::Busy => Problem::new(&types::UNAVAILABLE),
            Self::Store(store) if store.retryable() => {
                tracing::warn!(request.id = id, error = %store, "desk.store.unavailable");
                Problem::new(&types::UNAVAILABLE)
            }
            failure @ (Self::Store(_) | Self::Inconsistent(_) | Self::Answer(_)) => {
                tracing::error!(request.id = id, error = %failure, "desk.failed");
                Problem::new(&types::INTERNAL)
            }
        };
        problem.response(&id)
    }
}
