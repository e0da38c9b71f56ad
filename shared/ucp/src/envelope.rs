//! The `ucp` member of every response.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Message, Operation, Registry, Severity, VERSION, codes};

/// Whether the operation as such worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The answer carries the resource, whatever its messages say.
    Success,
    /// There is no resource.
    Error,
}

/// The `ucp` member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Ours.
    pub version: String,
    /// Whether the operation as such worked.
    pub status: Status,
    /// Negotiated and relevant to the operation.
    pub capabilities: BTreeMap<String, Vec<Value>>,
    /// In checkouts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_handlers: Option<Registry<Value>>,
}

impl Metadata {
    /// Of a response that is made without a negotiation, such as a webhook's body: what the operation itself needs.
    pub fn of(operation: Operation) -> Self {
        let entry = serde_json::json!({"version": VERSION});
        Self {
            version: VERSION.to_owned(),
            status: Status::Success,
            capabilities: BTreeMap::from([(operation.needs().to_owned(), vec![entry])]),
            payment_handlers: None,
        }
    }

    /// The same, saying that there is no resource.
    #[must_use]
    pub fn failed(mut self) -> Self {
        self.status = Status::Error;
        self.payment_handlers = None;
        self
    }
}

/// An answer without a resource: HTTP 200, for a business outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ErrorResponse {
    ucp: Metadata,
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continue_url: Option<String>,
}

impl ErrorResponse {
    /// With at least one message.
    pub fn new(ucp: Metadata, message: Message) -> Self {
        Self {
            ucp: ucp.failed(),
            messages: vec![message],
            continue_url: None,
        }
    }

    /// Nothing there that this platform may see.
    pub fn not_found(ucp: Metadata, content: &str) -> Self {
        Self::new(ucp, Message::error(codes::NOT_FOUND, Severity::Unrecoverable, content))
    }

    /// With these messages; without any, it says that it does not know why.
    #[must_use]
    pub fn messages(mut self, messages: Vec<Message>) -> Self {
        if !messages.is_empty() {
            self.messages = messages;
        }
        self
    }

    /// Where the buyer can go on.
    #[must_use]
    pub fn continue_url(mut self, url: impl Into<String>) -> Self {
        self.continue_url = Some(url.into());
        self
    }
}
