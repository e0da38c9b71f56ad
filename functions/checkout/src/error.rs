//! What can go wrong, and how a platform is told.

use dynamo::{IdempotencyError, StoreError};
use privacy::{SealError, VaultError};
use sales::{
    checkout::{Closed, DraftError},
    order::Inconsistent,
};
use ucp::{ErrorResponse, Metadata, Operation, Refusal};
use web::{Body, Response};

/// Why a call was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The protocol refuses it.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// No such session that this platform may see.
    #[error("no such session")]
    NotFound(Metadata),
    /// The session never changes again.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The request is too large in one of its lists.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The idempotency key, or the store behind it.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// Others changed the same things every time.
    #[error("others were quicker every time")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A person's key cannot be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The person was erased.
    #[error("the person was erased")]
    Erased,
    /// Personal data do not seal or open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A bug of ours: the order would break a rule.
    #[error(transparent)]
    Inconsistent(#[from] Inconsistent),
    /// A bug of ours: an answer does not serialise.
    #[error("an answer does not serialise")]
    Unserialisable(#[from] serde_json::Error),
}

impl Error {
    /// The protocol's word for it. Logs what only we can put right.
    fn refusal(&self, request_id: &str) -> Refusal {
        let failed = |retryable| {
            tracing::error!(request.id = request_id, error = %self, retryable, "checkout.failed");
            if retryable {
                Refusal::Unavailable
            } else {
                Refusal::Internal
            }
        };
        match self {
            Self::Refusal(refusal) => refusal.clone(),
            Self::NotFound(_) => Refusal::Malformed("no such session".to_owned()),
            Self::Closed(closed) => Refusal::InvalidState(closed.to_string()),
            Self::Draft(error) => Refusal::Malformed(error.to_string()),
            Self::Idempotency(IdempotencyError::Key) => Refusal::IdempotencyKey(self.to_string()),
            // Without the store of answers nothing may be done, whatever is wrong with it.
            Self::Idempotency(IdempotencyError::Store(_)) | Self::Busy => failed(true),
            Self::Store(error) | Self::Vault(VaultError::Store(error)) => failed(error.retryable()),
            Self::Erased => Refusal::InvalidState("the buyer's data were erased".to_owned()),
            Self::Vault(VaultError::Unwrap(_)) | Self::Seal(_) | Self::Inconsistent(_) | Self::Unserialisable(_) => {
                failed(false)
            }
        }
    }

    /// The response.
    pub fn response(&self, request_id: &str) -> Response<Body> {
        if let Self::NotFound(ucp) = self {
            return web::json(
                200,
                &ErrorResponse::not_found(ucp.clone(), "There is no such checkout session."),
            );
        }
        self.refusal(request_id).response()
    }

    /// Nothing there that this platform may see.
    pub(crate) fn not_found(platform: &ucp::Negotiated) -> Self {
        Self::NotFound(platform.metadata(Operation::Checkout))
    }
}
