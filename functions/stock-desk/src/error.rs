//! What can go wrong, and the problem that each is.

use dynamo::{IdempotencyError, StoreError};
use inventory::{BookRefusal, LOCATIONS_PER_VARIANT_MAX};
use web::{Problem, types};

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
    /// A value that the field cannot have.
    #[error("{detail}")]
    Field {
        /// Where, as JSON pointer.
        pointer: String,
        /// What.
        detail: String,
    },
    /// A line of a receipt or an adjustment was refused.
    #[error("line {line}: {refusal}")]
    Line {
        /// Which, from 0.
        line: usize,
        /// Why.
        refusal: BookRefusal,
    },
    /// An answer does not serialise.
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
    /// A fault at a place of the body.
    pub(crate) fn field(pointer: &str, detail: impl Into<String>) -> Self {
        Self::Field {
            pointer: pointer.to_owned(),
            detail: detail.into(),
        }
    }

    /// Failures of ours are logged; refusals are the caller's to read.
    pub(crate) fn log(&self) {
        match self {
            Self::Store(error) => tracing::error!(%error, "stock.desk.store_failed"),
            Self::Unserialisable(error) => tracing::error!(%error, "stock.desk.unserialisable"),
            Self::Request(_)
            | Self::Role(_)
            | Self::NotFound
            | Self::Exists
            | Self::Stale
            | Self::KeyReused
            | Self::Field { .. }
            | Self::Line { .. } => {}
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
            Error::Field { pointer, detail } => Self::new(&types::UNPROCESSABLE).at(&pointer, &detail),
            Error::Line { line, refusal } => of_line(line, refusal),
            Error::Store(store) if store.retryable() => Self::new(&types::UNAVAILABLE),
            Error::Unserialisable(_) | Error::Store(_) => Self::new(&types::INTERNAL),
        }
    }
}

fn of_line(line: usize, refusal: BookRefusal) -> Problem {
    let at = |member: &str| format!("/lines/{line}{member}");
    let detail = refusal.to_string();
    match refusal {
        BookRefusal::Raced => Problem::new(&types::UNAVAILABLE),
        BookRefusal::AlreadyBooked => Problem::new(&types::CONFLICT).at(&at("/id"), &detail),
        BookRefusal::UnknownLocation => Problem::new(&types::UNPROCESSABLE).at("/location", &detail),
        BookRefusal::NotFree { .. } => Problem::new(&types::UNPROCESSABLE).at(&at("/quantity"), &detail),
        BookRefusal::TooManyLocations => {
            Problem::new(&types::UNPROCESSABLE).at(&at(""), &format!("{detail} ({LOCATIONS_PER_VARIANT_MAX})"))
        }
    }
}
