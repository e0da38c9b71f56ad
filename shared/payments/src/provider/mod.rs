//! Payment providers: a closed set, one module each, of the same shape.
//!
//! [`Ingress`]: whether the provider wrote these bytes, which delivery they are, and how it is answered. `parse`: their
//! words to our facts. [`Gateway`]: asking for money, asking what became of it, giving it back, and the day's statement.
//! To add a provider, add a variant, its module, and the arms that the compiler then asks for.

pub mod alipay;
mod gateway;
mod gateways;
mod ingress;
mod ingresses;
pub mod instant;
mod notice;
mod providers;
pub mod rsa;
pub mod stripe;
pub mod wechat_pay;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

pub use gateway::{CallError, Gateway, Payer, RefundOrder, StatementPage, StatementRow, StatementState};
pub use gateways::Gateways;
pub use ingress::{Ingress, Reply, Verified};
pub use ingresses::{Door, Ingresses};
pub use notice::{ParseError, Parsed, read};
pub use providers::Providers;

/// Who moves the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Stripe: `PaymentIntents` and Checkout Sessions.
    Stripe,
    /// `WeChat` Pay, `APIv3`.
    WechatPay,
    /// Alipay, open platform.
    Alipay,
    /// Cash that a courier collects at the door.
    CashOnDelivery,
    /// Development only: paid as soon as it is asked.
    Instant,
}

/// A name that is no provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no payment provider of that name")]
pub struct UnknownProvider;

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Stripe,
        Self::WechatPay,
        Self::Alipay,
        Self::CashOnDelivery,
        Self::Instant,
    ];

    /// The name in routes, keys and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::WechatPay => "wechat_pay",
            Self::Alipay => "alipay",
            Self::CashOnDelivery => "cash_on_delivery",
            Self::Instant => "instant",
        }
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;
    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        let mut all = Self::ALL.into_iter();
        all.find(|provider| provider.as_str() == text).ok_or(UnknownProvider)
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    /// Said to be signed with another algorithm than the one that is agreed.
    #[error("the signature is of another algorithm")]
    Downgraded,
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
    /// Signed with a key that is not configured here.
    #[error("the key of the signature is not known")]
    KeyUnknown,
    /// Signed, and sealed under a key that is not configured here.
    #[error("the content does not decrypt")]
    Undecryptable,
}

impl Refusal {
    /// The name in logs, metrics and kept items.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureTwice => "signature_twice",
            Self::SignatureMalformed => "signature_malformed",
            Self::Downgraded => "downgraded",
            Self::Stale => "stale",
            Self::FromTheFuture => "from_the_future",
            Self::SignatureWrong => "signature_wrong",
            Self::NotAnEvent => "not_an_event",
            Self::KeyUnknown => "key_unknown",
            Self::Undecryptable => "undecryptable",
        }
    }
}
