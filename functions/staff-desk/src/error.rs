//! What can go wrong, and what the caller is told of it.

use dynamo::{CommitError, IdempotencyError, StoreError};
use identity::{HashError, IdentifierError, PasswordError, StaffRefusal, token::SignError};
use privacy::{SealError, VaultError};
use web::{Problem, types};

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
    /// Address or password is wrong, or the account is disabled: the caller is not told which.
    #[error("no sign-in")]
    NoSignIn,
    /// The bootstrap secret is wrong.
    #[error("the bootstrap secret is wrong")]
    NoBootstrap,
    /// The e-mail address is malformed.
    #[error(transparent)]
    Email(#[from] IdentifierError),
    /// The password breaks a rule.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// No such account.
    #[error("no such account")]
    NotFound,
    /// Admins can't take their own account away.
    #[error("an admin asked to disable themselves")]
    OwnAccount,
    /// The accounts refuse.
    #[error("the accounts refused: {0:?}")]
    Refused(StaffRefusal),
    /// The key came with another request.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The key is malformed, or its record cannot be had.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// An equal request was quicker; its answer could not be read.
    #[error("an equal request is running")]
    InFlight,
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
    /// An answer does not serialise.
    #[error("an answer does not serialise")]
    Answer(#[from] serde_json::Error),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Request(Box::new(problem))
    }
}

impl From<CommitError<StaffRefusal>> for Error {
    fn from(error: CommitError<StaffRefusal>) -> Self {
        match error.first() {
            Ok(refusal) => Self::Refused(refusal),
            Err(error) => Self::Store(error),
        }
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match error {
            Error::Request(problem) => (**problem).clone(),
            Error::Limited { retry_after_s } => Self::new(&types::RATE_LIMITED)
                .detail("too many tries; wait before the next one")
                .retry_after(*retry_after_s),
            Error::NoSignIn => Self::new(&types::UNAUTHENTICATED).detail("the e-mail address or the password is wrong"),
            Error::NoBootstrap => Self::new(&types::UNAUTHENTICATED).detail("the bootstrap secret is wrong"),
            Error::Email(fault) => Self::new(&types::UNPROCESSABLE).at("/email", &fault.to_string()),
            Error::Password(fault) => Self::new(&types::UNPROCESSABLE).at("/password", &fault.to_string()),
            Error::NotFound => Self::new(&types::NOT_FOUND),
            Error::OwnAccount => {
                Self::new(&types::CONFLICT).detail("another admin must do this: nobody takes their own access away")
            }
            Error::Refused(refusal) => refused(*refusal),
            Error::KeyReused => Self::new(&types::KEY_REUSED),
            Error::Idempotency(IdempotencyError::Key) => {
                Self::new(&types::MALFORMED).detail("Idempotency-Key has 1 to 255 visible ASCII characters")
            }
            Error::InFlight => Self::new(&types::IN_FLIGHT),
            Error::Idempotency(IdempotencyError::Store(fault))
            | Error::Store(fault)
            | Error::Vault(VaultError::Store(fault)) => store(fault),
            Error::Seal(_)
            | Error::Vault(VaultError::Unwrap(_))
            | Error::Hash(_)
            | Error::Sign(_)
            | Error::Answer(_) => Self::new(&types::INTERNAL),
        }
    }
}

fn refused(refusal: StaffRefusal) -> Problem {
    match refusal {
        StaffRefusal::Bootstrapped => {
            Problem::new(&types::CONFLICT).detail("the first account exists; its admin creates the others")
        }
        StaffRefusal::EmailTaken => {
            Problem::new(&types::CONFLICT).at("/email", "another staff account has this e-mail address")
        }
        StaffRefusal::Stale => Problem::new(&types::STALE),
        StaffRefusal::ActorNotAdmin => Problem::new(&types::FORBIDDEN),
    }
}

fn store(error: &StoreError) -> Problem {
    if error.retryable() {
        Problem::new(&types::UNAVAILABLE)
    } else {
        Problem::new(&types::INTERNAL)
    }
}
