//! What can go wrong, and how it is told.

use dynamo::{CursorError, IdempotencyError, StoreError};
use web::{Problem, types};

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is at fault.
    #[error("the request was refused")]
    Request(Problem),
    /// No such delivery.
    #[error("no such delivery")]
    NotFound,
    /// No delivery is ever so.
    #[error(transparent)]
    State(#[from] messaging::webhook::UnknownState),
    /// The cursor is of another list, or of nobody.
    #[error("the cursor is not of this list")]
    Cursor,
    /// The key was used with another request.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The key is not one.
    #[error("the idempotency key is malformed")]
    KeyMalformed,
    /// Deliveries changed at the same moment, again and again.
    #[error("the deliveries changed meanwhile")]
    Busy,
    /// An answer does not serialise.
    #[error("the answer does not serialise")]
    Answer(#[from] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Request(problem)
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
            IdempotencyError::Key => Self::KeyMalformed,
            IdempotencyError::Store(error) => Self::Store(error),
        }
    }
}

impl Error {
    /// The problem to answer with.
    pub(crate) fn problem(self) -> Problem {
        let malformed = |detail: &str| Problem::new(&types::MALFORMED).detail(detail);
        match self {
            Self::Request(problem) => problem,
            Self::NotFound => Problem::new(&types::NOT_FOUND),
            Self::State(unknown) => malformed(&unknown.to_string()),
            Self::Cursor => malformed("the cursor is not one that this list gave out"),
            Self::KeyReused => Problem::new(&types::KEY_REUSED),
            Self::KeyMalformed => malformed("Idempotency-Key has 1 to 255 visible characters"),
            Self::Busy | Self::Store(StoreError::Throttled | StoreError::Unavailable(_)) => {
                Problem::new(&types::UNAVAILABLE)
            }
            Self::Answer(_) | Self::Store(StoreError::Rejected(_) | StoreError::Corrupt { .. }) => {
                Problem::new(&types::INTERNAL)
            }
        }
    }
}
