//! What can go wrong, and the problem that each is.

use catalog::{CategoryFault, Fault, InvalidMove};
use dynamo::{IdempotencyError, StoreError};
use kernel::VariantId;
use web::{Problem, types};

/// The most faults that one answer names.
const FAULTS_MAX: usize = 20;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The HTTP layer refused it.
    #[error("the request cannot be read")]
    Request(Problem),
    /// The caller lacks a role.
    #[error("role {0} is needed")]
    Role(&'static str),
    /// There is no such thing.
    #[error("not found")]
    NotFound,
    /// There is one of this id.
    #[error("exists already")]
    Exists,
    /// It is not as the caller read it.
    #[error("stale")]
    Stale,
    /// The key came with another request.
    #[error("the key was used with another request")]
    KeyReused,
    /// A product cannot be moved so.
    #[error(transparent)]
    Move(#[from] InvalidMove),
    /// The content breaks rules.
    #[error("the content has faults")]
    Content(Vec<Fault>),
    /// A category breaks a rule.
    #[error(transparent)]
    Category(#[from] CategoryFault),
    /// A variant belongs to another product.
    #[error("variant {0} belongs to another product")]
    VariantTaken(VariantId),
    /// An answer or an event does not serialise.
    #[error("unserialisable")]
    Unserialisable(#[from] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Request(problem)
    }
}

impl From<IdempotencyError> for Error {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::Key => Self::Request(Problem::new(&types::MALFORMED).detail(error.to_string())),
            IdempotencyError::Store(store) => Self::Store(store),
        }
    }
}

impl Error {
    /// Failures of ours are logged; refusals are the caller's to read.
    pub(crate) fn log(&self) {
        match self {
            Self::Store(error) => tracing::error!(%error, "catalog.desk.store_failed"),
            Self::Unserialisable(error) => tracing::error!(%error, "catalog.desk.unserialisable"),
            Self::Request(_)
            | Self::Role(_)
            | Self::NotFound
            | Self::Exists
            | Self::Stale
            | Self::KeyReused
            | Self::Move(_)
            | Self::Content(_)
            | Self::Category(_)
            | Self::VariantTaken(_) => {}
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Request(problem) => problem,
            Error::Role(_) => Self::new(&types::FORBIDDEN).detail(detail),
            Error::NotFound => Self::new(&types::NOT_FOUND),
            Error::Exists => Self::new(&types::CONFLICT).detail("there is one of this id already"),
            Error::Stale => Self::new(&types::STALE),
            Error::KeyReused => Self::new(&types::KEY_REUSED),
            Error::Move(refused) => of_move(&refused).detail(detail),
            Error::Content(faults) => faults
                .iter()
                .take(FAULTS_MAX)
                .fold(Self::new(&types::UNPROCESSABLE), |problem, fault| {
                    problem.at(&fault.pointer, &fault.detail)
                }),
            Error::Category(_) | Error::VariantTaken(_) => Self::new(&types::UNPROCESSABLE).detail(detail),
            Error::Store(store) if store.retryable() => Self::new(&types::UNAVAILABLE),
            Error::Unserialisable(_) | Error::Store(_) => Self::new(&types::INTERNAL),
        }
    }
}

fn of_move(refused: &InvalidMove) -> Problem {
    match refused {
        InvalidMove::State { .. } | InvalidMove::NotLive => Problem::new(&types::CONFLICT),
        InvalidMove::NotApprover | InvalidMove::SamePerson => Problem::new(&types::FORBIDDEN),
        InvalidMove::VariantLost(_) => Problem::new(&types::UNPROCESSABLE),
    }
}
