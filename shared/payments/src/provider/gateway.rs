//! The outbound half of a provider: what we ask it.

use std::future::Future;

use kernel::{Money, OrderId, PaymentId};
use serde::{Deserialize, Serialize};

use crate::{Intent, ObjectId, Reading, RefundRequest, Started};

/// Who pays, as far as a provider has to be told. Nothing of it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Payer {
    /// The payer's id with the provider's application (`WeChat` `openid`), where the mode needs one.
    pub openid: Option<String>,
    /// The payer's address on the internet, where the mode needs one.
    pub address: String,
}

/// A refund to ask for, with what providers want to know of the payment it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundOrder<'a> {
    /// What goes back. Its id is the provider's idempotency key, over every try.
    pub request: &'a RefundRequest,
    /// The payment's intent.
    pub intent: &'a Intent,
    /// What the payment brought.
    pub captured: Money,
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No answer, or none now: the same request under the same key may be sent again.
    #[error("the provider did not answer: {0}")]
    Unanswered(String),
    /// Refused: the same request will be refused again.
    #[error("the provider refused: {status} {code}")]
    Refused {
        /// Its HTTP status.
        status: u16,
        /// Its code; no text of theirs.
        code: String,
    },
    /// Answered with something else than what was asked for, or without proof of who answered.
    #[error("the provider's answer does not fit: {0}")]
    Misfit(&'static str),
    /// The provider can't be asked this way, or is not configured here.
    #[error("the provider does not offer this")]
    Unsupported,
}

/// What a row of a statement says became of the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementState {
    /// It moved.
    Succeeded,
    /// It is on its way.
    Pending,
    /// It did not move, or came back.
    Failed,
}

/// One movement in a provider's statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementRow {
    /// The payment object, as facts name it.
    pub payment: ObjectId,
    /// The refund, as facts name it; `None`: the row is the payment itself.
    pub refund: Option<ObjectId>,
    /// What moved, positive in both directions.
    pub amount: Money,
    /// What the provider took for it; nothing where the statement does not say.
    pub fee: Money,
    /// What became of it.
    pub state: StatementState,
    /// Our order, where the row names it.
    pub order: Option<OrderId>,
    /// Our payment, where the row names it.
    pub intent: Option<PaymentId>,
}

/// Some rows of a day's statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatementPage {
    /// Rows.
    pub rows: Vec<StatementRow>,
    /// Rows that could not be read: counted, and a case.
    pub unreadable: u32,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What a provider does for us. Every call has a time-out, and none is retried under another key.
pub trait Gateway: Send + Sync {
    /// Asks for the intent's payment. Asking again for the same intent makes no second payment.
    fn start(&self, intent: &Intent, payer: &Payer) -> impl Future<Output = Result<Started, CallError>> + Send;

    /// What became of a payment. No facts: nothing worth telling yet, or the provider never heard of it.
    fn query(&self, intent: &Intent) -> impl Future<Output = Result<Reading, CallError>> + Send;

    /// Gives money back. Asking again for the same request makes no second refund.
    fn refund(&self, refund: RefundOrder<'_>) -> impl Future<Output = Result<Reading, CallError>> + Send;

    /// What became of a refund. No facts: the provider never heard of it.
    fn query_refund(&self, refund: RefundOrder<'_>) -> impl Future<Output = Result<Reading, CallError>> + Send;

    /// A day's movements, `day` as `2026-11-22` in the provider's own time zone, from the page after `after`.
    fn statement(
        &self,
        day: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<StatementPage, CallError>> + Send;
}
