//! Stripe: `PaymentIntents` and Checkout Sessions.
//!
//! `verify` and `parse` are the inbound half. Outbound, `start`, `query`, `refund` and `statement` say what is asked and what
//! the answer means, and `call` sends it. The payment object is the `PaymentIntent`, also of a Checkout Session, which gets
//! its own once the payer has chosen how to pay.

mod call;
mod fields;
mod parse;
mod query;
mod refund;
mod start;
mod statement;
mod verify;

#[cfg(test)]
mod scripted;

pub use call::{API_VERSION, Stripe};
pub(super) use parse::parse;
pub use start::Returns;
pub use statement::STATEMENT_ROWS_MAX;
pub use verify::{SIGNATURE_HEADER, Secrets, SecretsError, TOLERANCE_S};

use web::HttpClient;

use super::{CallError, Gateway, Payer, RefundOrder, StatementPage};
use crate::{Intent, Reading, Started};

impl<C: HttpClient> Gateway for Stripe<C> {
    async fn start(&self, intent: &Intent, _: &Payer) -> Result<Started, CallError> {
        start::start(self, intent).await
    }

    async fn query(&self, intent: &Intent) -> Result<Reading, CallError> {
        query::query(self, intent).await
    }

    async fn refund(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        refund::refund(self, refund).await
    }

    async fn query_refund(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        refund::query(self, refund).await
    }

    async fn statement(&self, day: &str, after: Option<&str>) -> Result<StatementPage, CallError> {
        statement::page(self, day, after).await
    }
}
