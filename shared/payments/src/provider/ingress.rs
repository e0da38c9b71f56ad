//! The inbound half of a provider: its webhook.

use http::HeaderMap;
use kernel::Timestamp;

use super::Refusal;
use crate::ObjectId;

/// A delivery that the provider wrote, as far as the webhook needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The provider's id of the delivery: the same over every redelivery.
    pub delivery: ObjectId,
    /// Its type, in the provider's words.
    pub kind: String,
    /// What was inside, where the body is sealed. It is what `parse` reads then.
    pub content: Option<String>,
}

/// An answer, to the byte: providers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// `Content-Type`, where there is a body.
    pub content_type: Option<&'static str>,
    /// Body.
    pub body: &'static str,
}

impl Reply {
    /// A status alone.
    pub const fn empty(status: u16) -> Self {
        Self {
            status,
            content_type: None,
            body: "",
        }
    }
}

/// What a provider's webhook has to know. Its keys are loaded before; nothing here calls anybody.
pub trait Ingress {
    /// Verifies the raw body, before anything of it is parsed, and then that it is an event at all.
    ///
    /// # Errors
    ///
    /// See [`Refusal`].
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Verified, Refusal>;

    /// How a delivery is answered that was kept, or that needs nothing.
    fn accepted(&self) -> Reply;

    /// How a delivery is answered that was refused.
    fn refused(&self, refusal: Refusal) -> Reply;

    /// How a delivery is answered that could not be kept: the provider has to deliver it again.
    fn unavailable(&self) -> Reply;
}
