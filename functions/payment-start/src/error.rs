//! What can go wrong, and what the caller is told.

use dynamo::StoreError;
use web::{Problem, types};

/// After how long a payer whose payment is looked at may ask again, in seconds.
const REVIEW_AGAIN_S: u32 = 60;

/// Why no payment was started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be read.
    #[error("the request cannot be read")]
    Request(Problem),
    /// The key is too long.
    #[error("the idempotency key is too long")]
    KeyTooLong,
    /// No such order, or not placed by that checkout session.
    #[error("no such order")]
    NotFound,
    /// The provider cannot be asked this way.
    #[error("the provider is not supported")]
    ProviderUnsupported,
    /// The payer's id is missing, garbled, or not for this mode.
    #[error("the payer's id does not fit the mode")]
    Openid,
    /// The device's name is none.
    #[error("the device's name is not plain")]
    Device,
    /// The order is not one that waits for money: its state.
    #[error("the order is {0}")]
    NotPayable(&'static str),
    /// The key came with another request before.
    #[error("the key was used with another request")]
    KeyReused,
    /// The first request with this key is too old to be repeated safely.
    #[error("the key is too old")]
    KeyExpired,
    /// Staff look at the payment first.
    #[error("the payment is under review")]
    UnderReview,
    /// Risk rules refuse the payment, or staff do.
    #[error("the payment is refused for its risk")]
    RefusedByRisk,
    /// Others write the same intent.
    #[error("an equal request is running")]
    InFlight,
    /// Too many payments were started for the order.
    #[error("too many tries")]
    TooManyTries,
    /// The provider refused, with this code.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// The provider failed or answered nonsense.
    #[error("the provider failed")]
    Provider,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Request(problem)
    }
}

impl Error {
    /// What the caller is told.
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Request(problem) => problem,
            Self::KeyTooLong => Problem::new(&types::MALFORMED).detail("an Idempotency-Key has at most 255 bytes"),
            Self::NotFound => Problem::new(&types::NOT_FOUND),
            Self::ProviderUnsupported => Problem::new(&types::UNPROCESSABLE).at(
                "/provider",
                "payments are not taken through this provider, or not in this of its modes",
            ),
            Self::Openid => Problem::new(&types::UNPROCESSABLE).at(
                "/openid",
                "the payer's id with our WeChat application: for the mode jsapi, and for no other",
            ),
            Self::Device => {
                Problem::new(&types::UNPROCESSABLE).at("/device", "1 to 128 letters, digits, `-`, `_`, `.` and `:`")
            }
            Self::NotPayable(state) => Problem::new(&types::CONFLICT)
                .detail("the order does not wait for a payment")
                .with("order_state", state),
            Self::KeyReused => Problem::new(&types::KEY_REUSED),
            Self::KeyExpired => {
                Problem::new(&types::CONFLICT).detail("the first request with this key is too old: use a new key")
            }
            Self::UnderReview => Problem::new(&types::UNDER_REVIEW)
                .detail("send the same request with the same key again later")
                .retry_after(REVIEW_AGAIN_S),
            Self::RefusedByRisk => Problem::new(&types::RISK_REFUSED).detail("another way to pay may be taken"),
            Self::InFlight => Problem::new(&types::IN_FLIGHT),
            Self::TooManyTries => Problem::new(&types::RATE_LIMITED)
                .detail("too many payments of this order")
                .retry_after(3_600),
            Self::Refused(code) => Problem::new(&types::UNPROCESSABLE)
                .detail("the payment provider refuses this payment: another try needs a new key")
                .with("provider_code", code),
            Self::Provider => Problem::new(&types::UPSTREAM).retry_after(2),
            Self::Store(error) if error.retryable() => {
                tracing::warn!(%error, "payment.start.store");
                Problem::new(&types::UNAVAILABLE)
            }
            Self::Store(error) => {
                tracing::error!(%error, "payment.start.store");
                Problem::new(&types::INTERNAL)
            }
        }
    }
}
