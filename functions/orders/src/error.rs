//! What can go wrong, and how it is told.

use dynamo::{IdempotencyError, StoreError};
use privacy::VaultError;
use sales::{CursorRefused, ReleaseError, order::Refused};
use web::{Problem, types};

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is at fault.
    #[error("the request was refused")]
    Request(Problem),
    /// No such order.
    #[error("no such order")]
    NotFound,
    /// The order refuses the change.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Others changed the order each time.
    #[error("others changed the order at the same moment")]
    Busy,
    /// The key was used with another request.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The key is not one.
    #[error("the idempotency key is malformed")]
    KeyMalformed,
    /// The cursor is of another list, or of nobody.
    #[error("the cursor is not of this list")]
    Cursor,
    /// An order and its stock do not fit.
    #[error("the order's stock is not held")]
    Stock(#[source] inventory::SettleError),
    /// Personal data does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A sealed field is damaged.
    #[error(transparent)]
    Seal(#[from] privacy::SealError),
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

impl From<CursorRefused> for Error {
    fn from(_: CursorRefused) -> Self {
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

impl From<ReleaseError> for Error {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::Refused(refused) => Self::Refused(refused),
            ReleaseError::NotHeld(error) => Self::Stock(error),
            ReleaseError::Store(error) => Self::Store(error),
        }
    }
}

impl Error {
    /// Whether the same request may succeed later.
    pub(crate) const fn retryable(&self) -> bool {
        match self {
            Self::Store(error) | Self::Vault(VaultError::Store(error)) => error.retryable(),
            Self::Busy => true,
            Self::Request(_)
            | Self::NotFound
            | Self::Refused(_)
            | Self::KeyReused
            | Self::KeyMalformed
            | Self::Cursor
            | Self::Stock(_)
            | Self::Vault(VaultError::Unwrap(_))
            | Self::Seal(_)
            | Self::Answer(_) => false,
        }
    }

    /// The problem to answer with.
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::Request(problem) => problem,
            Self::NotFound => Problem::new(&types::NOT_FOUND),
            Self::Refused(refused) => of_refused(&refused),
            Self::Busy => Problem::new(&types::UNAVAILABLE),
            Self::KeyReused => Problem::new(&types::KEY_REUSED),
            Self::KeyMalformed => {
                Problem::new(&types::MALFORMED).detail("Idempotency-Key has 1 to 255 visible characters")
            }
            Self::Cursor => Problem::new(&types::MALFORMED).detail("the cursor is not one that this list gave out"),
            Self::Store(StoreError::Throttled | StoreError::Unavailable(_))
            | Self::Vault(VaultError::Store(StoreError::Throttled | StoreError::Unavailable(_))) => {
                Problem::new(&types::UNAVAILABLE)
            }
            Self::Stock(_)
            | Self::Vault(
                VaultError::Unwrap(_) | VaultError::Store(StoreError::Rejected(_) | StoreError::Corrupt { .. }),
            )
            | Self::Seal(_)
            | Self::Answer(_)
            | Self::Store(StoreError::Rejected(_) | StoreError::Corrupt { .. }) => Problem::new(&types::INTERNAL),
        }
    }
}

fn of_refused(refused: &Refused) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::Transition(_)
        | Refused::Unchanged
        | Refused::UnderReview
        | Refused::Shipped
        | Refused::DuplicateShipment(_)
        | Refused::ClosedShipment(_)
        | Refused::Full(_) => Problem::new(&types::CONFLICT).detail(detail),
        Refused::UnknownLine(line) | Refused::Units { line, .. } => Problem::new(&types::UNPROCESSABLE)
            .detail(detail)
            .with("line_id", line.to_string()),
        Refused::Lines | Refused::UnknownShipment(_) | Refused::Amounts => {
            Problem::new(&types::UNPROCESSABLE).detail(detail)
        }
    }
}
