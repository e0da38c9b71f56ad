//! What can go wrong with the store itself.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// A failure of the store, not of a rule.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The table's capacity is used up: try again later.
    #[error("the store is throttled")]
    Throttled,
    /// The store did not answer, or did not answer in time. A write may or may not have happened.
    #[error("the store did not answer: {0}")]
    Unavailable(String),
    /// The store refused the request itself: a bug, a missing permission or a missing table.
    #[error("the store refused the request: {0}")]
    Rejected(String),
    /// An item does not have the shape that its key promises.
    #[error("item {pk} / {sk} is corrupt: {attribute}")]
    Corrupt {
        /// Partition key.
        pk: String,
        /// Sort key.
        sk: String,
        /// What does not fit.
        attribute: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable(_) => true,
            Self::Rejected(_) | Self::Corrupt { .. } => false,
        }
    }
}

const THROTTLES: &[&str] = &[
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "LimitExceededException",
];
const TRANSIENT: &[&str] = &[
    "InternalServerError",
    "ServiceUnavailable",
    "TransactionConflictException",
    "TransactionInProgressException",
];

impl<E> From<SdkError<E>> for StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn from(error: SdkError<E>) -> Self {
        match error.code() {
            Some(code) if THROTTLES.contains(&code) => Self::Throttled,
            Some(code) if !TRANSIENT.contains(&code) => {
                Self::Rejected(format!("{code}: {}", error.message().unwrap_or("no message")))
            }
            _ => Self::Unavailable(DisplayErrorContext(&error).to_string()),
        }
    }
}
