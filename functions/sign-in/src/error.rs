//! What can go wrong, and what the caller is told of it. No answer tells whether an address has an account.

use dynamo::{CommitError, IdempotencyError, StoreError};
use identity::{HashError, IdentifierError, PasswordError, token::SignError};
use privacy::{SealError, VaultError};
use web::{Problem, types};

/// Why a transaction was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Another account got the address first.
    Taken,
    /// The code was used by an equal request.
    Spent,
    /// The account was changed meanwhile.
    Stale,
    /// An equal request with this key was quicker.
    Answered,
}

/// Every way in which a request can fail.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The request is wrong in itself.
    #[error("the request was refused")]
    Request(Box<Problem>),
    /// Too many tries.
    #[error("too many tries")]
    Limited {
        /// When the next one may succeed, in seconds.
        retry_after_s: u32,
    },
    /// Address or password is wrong, or there is no such account, or it is disabled: the caller is not told which.
    #[error("no sign-in by password")]
    NoPassword,
    /// The code is wrong, ended, used or tried too often: the caller is not told which.
    #[error("no sign-in by code")]
    NoCode,
    /// The refresh token is not good.
    #[error("no refresh")]
    NoRefresh,
    /// Neither an e-mail address nor a phone number, or both.
    #[error("not one identifier")]
    OneIdentifier,
    /// The address is malformed.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// No codes are sent to that country.
    #[error("a country that no codes are sent to")]
    Country,
    /// The password breaks a rule.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The account is gone.
    #[error("no such account")]
    NotFound,
    /// A transaction was refused in a way that its handler does not expect.
    #[error("refused: {0:?}")]
    Refused(Refused),
    /// The key came with another request.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The key is malformed, or its record cannot be had.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Personal data does not seal or open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The person's key cannot be had.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Hashing failed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// An answer or an event does not serialise.
    #[error("an answer does not serialise")]
    Answer(#[from] serde_json::Error),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Request(Box::new(problem))
    }
}

impl From<CommitError<Refused>> for Error {
    fn from(error: CommitError<Refused>) -> Self {
        match error.first() {
            Ok(refused) => Self::Refused(refused),
            Err(error) => Self::Store(error),
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let unauthenticated = |detail: &str| Self::new(&types::UNAUTHENTICATED).detail(detail);
        let broken = |pointer: &str, detail: &str| Self::new(&types::UNPROCESSABLE).at(pointer, detail);
        match error {
            Error::Request(problem) => (**problem).clone(),
            Error::Limited { retry_after_s } => Self::new(&types::RATE_LIMITED)
                .detail("too many tries; wait before the next one")
                .retry_after(*retry_after_s),
            Error::NoPassword => unauthenticated("the address or the password is wrong"),
            Error::NoCode => unauthenticated("the code is wrong or no longer good; ask for a new one"),
            Error::NoRefresh => unauthenticated("the session has ended; sign in again"),
            Error::OneIdentifier => broken("", "give either email or phone"),
            Error::Identifier(fault @ IdentifierError::Email) => broken("/email", &fault.to_string()),
            Error::Identifier(fault @ IdentifierError::Phone) => broken("/phone", &fault.to_string()),
            Error::Country => broken("/phone", "no codes are sent to numbers of this country"),
            Error::Password(fault) => broken("/password", &fault.to_string()),
            Error::NotFound => Self::new(&types::NOT_FOUND),
            Error::Refused(_) => Self::new(&types::IN_FLIGHT),
            Error::KeyReused => Self::new(&types::KEY_REUSED),
            Error::Idempotency(IdempotencyError::Key) => {
                Self::new(&types::MALFORMED).detail("Idempotency-Key has 1 to 255 visible ASCII characters")
            }
            Error::Idempotency(IdempotencyError::Store(fault))
            | Error::Store(fault)
            | Error::Vault(VaultError::Store(fault)) => {
                let kind = if fault.retryable() {
                    &types::UNAVAILABLE
                } else {
                    &types::INTERNAL
                };
                Self::new(kind)
            }
            Error::Seal(_)
            | Error::Vault(VaultError::Unwrap(_))
            | Error::Hash(_)
            | Error::Sign(_)
            | Error::Answer(_) => Self::new(&types::INTERNAL),
        }
    }
}
