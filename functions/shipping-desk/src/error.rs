//! Why a request was not done, and what the caller is told.

use dynamo::{IdempotencyError, StoreError};
use fulfilment::Refused;
use sales::order;
use web::{Problem, types};

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself.
    #[error("the request was refused")]
    Request(Box<Problem>),
    /// There is no such shipment.
    #[error("there is no such shipment")]
    NotFound,
    /// The shipment refuses it.
    #[error("the shipment refused")]
    Shipment(#[source] Refused),
    /// The order refuses it.
    #[error("the order refused")]
    Order(#[source] order::Refused),
    /// Another shipment has this carrier and number.
    #[error("the number belongs to another shipment")]
    NumberTaken,
    /// The key came with another request.
    #[error("the key was used with another request")]
    KeyReused,
    /// The key cannot be one.
    #[error("the key cannot be one")]
    Key,
    /// Others changed it every time.
    #[error("others were quicker every time")]
    Busy,
    /// Records of ours do not fit each other.
    #[error("inconsistent: {0}")]
    Inconsistent(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Request(Box::new(problem))
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

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Request(problem) => *problem,
            Error::NotFound => Self::new(&types::NOT_FOUND),
            Error::Shipment(refused) => of_refusal(refused),
            Error::Order(refused) => Self::new(&types::CONFLICT).detail(format!("the order refuses it: {refused}")),
            Error::NumberTaken => {
                Self::new(&types::CONFLICT).at("/number", "another shipment has this carrier and number")
            }
            Error::KeyReused => Self::new(&types::KEY_REUSED),
            Error::Key => Self::new(&types::MALFORMED).detail(IdempotencyError::Key.to_string()),
            Error::Busy => Self::new(&types::UNAVAILABLE),
            Error::Store(store) if store.retryable() => {
                tracing::warn!(error = %store, "shipping.store.unavailable");
                Self::new(&types::UNAVAILABLE)
            }
            Error::Store(store) => {
                tracing::error!(error = %store, "shipping.store.failed");
                Self::new(&types::INTERNAL)
            }
            Error::Inconsistent(what) => {
                tracing::error!(what, "shipping.inconsistent");
                Self::new(&types::INTERNAL)
            }
        }
    }
}

fn of_refusal(refused: Refused) -> Problem {
    match refused {
        Refused::Step(step) => Problem::new(&types::CONFLICT)
            .detail(step.to_string())
            .with("state", step.from.as_str()),
        Refused::Unchanged => Problem::new(&types::CONFLICT).detail(refused.to_string()),
        Refused::Lines | Refused::UnknownLine(_) | Refused::Units { .. } | Refused::NothingLeft => {
            Problem::new(&types::UNPROCESSABLE).at("/lines", &refused.to_string())
        }
    }
}
