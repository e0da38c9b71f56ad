//! Payment providers: a closed set, one module each, of the same shape.
//!
//! `verify`: whether the provider wrote these bytes, and which delivery they are. `parse`: their words to our facts.
//! `start`: asking for money. To add a provider, add a variant, its module, and the arms that the compiler then asks for.

pub mod instant;
pub mod stripe;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Reading;

/// Who moves the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Stripe: `PaymentIntents` and Checkout Sessions.
    Stripe,
    /// Development only: paid as soon as it is asked.
    Instant,
}

/// A name that is no provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no payment provider of that name")]
pub struct UnknownProvider;

impl Provider {
    /// The name in routes, keys and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Instant => "instant",
        }
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;
    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        match text {
            "stripe" => Ok(Self::Stripe),
            "instant" => Ok(Self::Instant),
            _ => Err(UnknownProvider),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a notice is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// Something that concerns money of ours.
    Told(Reading),
    /// An event type that we do not need: answered, counted, forgotten.
    Ignored,
}

/// A notice of a known type that cannot be read. It is kept, and becomes a case for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the notice lacks or garbles {0}")]
pub struct ParseError(pub &'static str);

/// Reads a notice that was verified.
///
/// # Errors
///
/// When the type is known and its content cannot be read.
pub fn parse(provider: Provider, body: &[u8]) -> Result<Parsed, ParseError> {
    match provider {
        Provider::Stripe => stripe::parse(body),
        Provider::Instant => instant::parse(body),
    }
}

/// Why a notice was not taken. None of this text reaches the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Larger than we read; not hashed.
    #[error("the body is too large")]
    TooLarge,
    /// No signature.
    #[error("the signature is missing")]
    SignatureMissing,
    /// More than one signature header, or one that names its time twice.
    #[error("there is more than one signature")]
    SignatureTwice,
    /// A signature that is not of the scheme's form.
    #[error("the signature cannot be read")]
    SignatureMalformed,
    /// Signed too long ago.
    #[error("the signature is too old")]
    Stale,
    /// Signed too far in the future.
    #[error("the signature is from the future")]
    FromTheFuture,
    /// Not signed by the provider.
    #[error("the signature is wrong")]
    SignatureWrong,
    /// Signed, but no event.
    #[error("the body is no event")]
    NotAnEvent,
}

impl Refusal {
    /// The name in logs, metrics and kept items.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureTwice => "signature_twice",
            Self::SignatureMalformed => "signature_malformed",
            Self::Stale => "stale",
            Self::FromTheFuture => "from_the_future",
            Self::SignatureWrong => "signature_wrong",
            Self::NotAnEvent => "not_an_event",
        }
    }
}
