//! Sends refunds to their providers: consumes `payment.refund_requested`.
//!
//! The queue is FIFO by order. Refunds of one payment so reach its provider one after the other, which some demand, and a
//! message that comes twice never meets itself. What fails holds back its own order's refunds alone.
//!
//! The request row says `sending` before the provider is asked, at a new version; the request's id is the provider's
//! idempotency key over every try. Running twice is harmless: what was sent is left alone. Half: whoever finds `sending`
//! asks what became of the refund first, and sends again only under the same key. Late: a result is kept by the version of
//! its sender alone. No answer: the queue brings the message again, and the timer that was set with `sending` asks after 1,
//! 5 and 30 minutes, whatever became of the message. A refusal is a case with `payment.held`, never silent.

mod wire;

use dynamo::Timers;
use kernel::Envelope;
use payments::{Payments, RefundSender, events::latest::PaymentRefundRequested, provider::Providers};
use queue::{Failure, SqsBatchResponse, SqsEvent};
pub use wire::wire;

/// What the function needs.
#[derive(Debug, Clone)]
pub struct Ports<G> {
    /// Requests, and what the providers answer.
    pub payments: Payments,
    /// When a refund is asked about.
    pub timers: Timers,
    /// Who sends the money.
    pub providers: G,
}

/// Handles a batch.
pub async fn handle<G: Providers>(ports: &Ports<G>, event: SqsEvent) -> SqsBatchResponse {
    queue::consume(event, |envelope| one(ports, envelope)).await
}

#[tracing::instrument(name = "payment.refund", skip_all, fields(event.id = %envelope.id))]
async fn one<G: Providers>(ports: &Ports<G>, envelope: Envelope) -> Result<(), Failure> {
    let asked: PaymentRefundRequested = envelope.open().map_err(Failure::terminal)?;
    let sender = RefundSender {
        payments: &ports.payments,
        timers: &ports.timers,
        providers: &ports.providers,
    };
    match sender.send(asked.order, asked.refund).await {
        Ok(_) => Ok(()),
        Err(error) if error.retryable() => Err(Failure::retry(error)),
        Err(error) => Err(Failure::terminal(error)),
    }
}

#[cfg(test)]
mod tests;
