//! Folds payment facts into money, ledger and order: consumes `payment.noticed`, `payment.refund_requested`,
//! `order.cancelled`, `order.expired` and `order.delivered`.
//!
//! One notice is one transaction: new facts, the money state at its next version, ledger postings, the order's change with
//! its events, stock where an expired order comes back, and refunds to ask for. It is refused as a whole when anything
//! moved on since it was read, and decided again. Running twice is harmless: a fact that is known changes nothing. Late
//! and out of order: facts are a set, and the state is a fold over it. Half: there are no halves; after an answer that
//! did not come, the next try finds the facts known.
//!
//! What cannot be booked is never dropped: it becomes a case with `payment.held`, or the message stays for a retry.

mod attention;
mod card;
mod matching;
mod notice;
mod order_change;
mod paybacks;
mod stock;
mod wire;

#[cfg(test)]
mod tests;

use dynamo::{CommitError, Dynamo, Part, StoreError, Timers};
use inventory::Inventory;
use kernel::{Envelope, Event, Id, RefundId};
use payments::{
    MoneyState, Payments, SettleError, Stale, Status,
    events::latest::{PaymentNoticed, PaymentRefundRequested},
};
use queue::{Failure, SqsBatchResponse, SqsEvent};
use sales::{
    Orders,
    events::v1::{OrderCancelled, OrderDelivered, OrderExpired},
    order::{Payment, PaymentStatus},
};
pub use wire::wire;

/// How often one message is decided again after somebody else was quicker, before it goes back to the queue.
const ROUNDS_MAX: usize = 6;

/// What the function needs.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Notices, facts, money and ledger.
    pub payments: Payments,
    /// Orders.
    pub orders: Orders,
    /// Stock.
    pub inventory: Inventory,
    /// Due times: of held money and of disputes.
    pub timers: Timers,
    /// For how many days after delivery money is held for a merchant; 0: it is ours at once.
    pub escrow_days: u16,
    /// Commits the parts of all three.
    pub dynamo: Dynamo,
    /// Whether instant payments, which move no money, are booked.
    pub development_payments: bool,
}

/// Handles a batch.
pub async fn handle(ports: &Ports, event: SqsEvent) -> SqsBatchResponse {
    queue::consume(event, |envelope| one(ports, envelope)).await
}

/// Whether a message is done, or is to be decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    Done,
    Again,
}

/// Why a message was not settled.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others changed the same order every time.
    #[error("others were quicker {ROUNDS_MAX} times")]
    Busy,
    /// The notice is not kept: it has expired, or was never there.
    #[error("the notice is not kept")]
    NoNotice,
    /// The order is not there.
    #[error("the order is not there")]
    NoOrder,
    /// What is kept does not add up.
    #[error("the books do not add up")]
    Books(#[from] SettleError),
    /// The message is of another kind or shape.
    #[error("not an event that is settled here")]
    Message(#[from] kernel::OpenError),
}

trait OpenAs {
    fn open_as<E: Event>(&self) -> Result<E, Error>;
}

impl OpenAs for Envelope {
    fn open_as<E: Event>(&self) -> Result<E, Error> {
        Ok(self.open::<E>()?)
    }
}

#[tracing::instrument(name = "payment.settle", skip_all, fields(event.id = %envelope.id))]
async fn one(ports: &Ports, envelope: Envelope) -> Result<(), Failure> {
    for _ in 0..ROUNDS_MAX {
        match round(ports, &envelope).await {
            Ok(Round::Done) => return Ok(()),
            Ok(Round::Again) => {}
            Err(error) => return Err(failure(&error)),
        }
    }
    Err(failure(&Error::Busy))
}

async fn round(ports: &Ports, envelope: &Envelope) -> Result<Round, Error> {
    match envelope.name.as_str() {
        OrderCancelled::NAME => order_change::settle(ports, envelope.open_as::<OrderCancelled>()?.order_id).await,
        OrderExpired::NAME => order_change::settle(ports, envelope.open_as::<OrderExpired>()?.order_id).await,
        OrderDelivered::NAME => order_change::settle(ports, envelope.open_as::<OrderDelivered>()?.order_id).await,
        PaymentRefundRequested::NAME => {
            order_change::settle(ports, envelope.open_as::<PaymentRefundRequested>()?.order).await
        }
        _ => {
            let noticed: PaymentNoticed = envelope.open_as()?;
            notice::settle(ports, noticed.provider, &noticed.delivery).await
        }
    }
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Store(store) if store.retryable() => Failure::retry(error),
        Error::Busy => Failure::retry(error),
        Error::Store(_) | Error::NoNotice | Error::NoOrder | Error::Books(_) | Error::Message(_) => {
            Failure::terminal(error)
        }
    }
}

/// Commits the parts of all contexts. Whatever was refused, the answer is to read and decide again.
async fn commit(dynamo: &Dynamo, parts: Vec<Part<Stale>>) -> Result<Round, Error> {
    if parts.is_empty() {
        return Ok(Round::Done);
    }
    match dynamo.commit(parts).await {
        Ok(()) => Ok(Round::Done),
        Err(CommitError::Refused(_) | CommitError::Conflict) => Ok(Round::Again),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The order's summary of a money state.
fn summary(state: &MoneyState) -> Payment {
    let total = state.folded.total;
    Payment {
        status: match state.status() {
            Status::Unpaid => PaymentStatus::Unpaid,
            Status::UnderpaidHold => PaymentStatus::UnderpaidHold,
            Status::Paid => PaymentStatus::Paid,
            Status::OverpaidHold => PaymentStatus::OverpaidHold,
            Status::PartiallyRefunded => PaymentStatus::PartiallyRefunded,
            Status::Refunded => PaymentStatus::Refunded,
            Status::Disputed => PaymentStatus::Disputed,
            Status::ChargedBack => PaymentStatus::ChargedBack,
            Status::PaidAfterCancel => PaymentStatus::PaidAfterCancel,
        },
        captured: total.captured,
        refunded: total.refunded,
        withdrawn: total.withdrawn,
    }
}

fn refund_ids(ports: &Ports) -> impl FnMut() -> RefundId + '_ {
    || RefundId::generate(ports.payments.ambient())
}
