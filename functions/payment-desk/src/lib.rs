//! Staff see, refund, hold and release money, work on cases, and query the ledger.
//!
//! Running twice is harmless: every write carries an `Idempotency-Key`, whose answer is kept in the transaction of the write.
//! Late: a refund names the version of the money that it was decided on, and is refused when anything moved on. Half: a
//! refund, its units, the order's adjustment and the answer are one transaction; sending it is another function's, on the
//! event that goes with it. Two refunds at once: requests are serialised on the money's version, so never more than was
//! captured is asked back.

mod cases;
mod ledger;
mod limits;
mod notices;
mod payments_of;
mod refund;
mod review;
#[cfg(test)]
mod tests;
mod wire;
mod words;

use desk::{Error, Member};
use dynamo::{Dynamo, Idempotency, Part};
use payments::{MoneyState, Payments, Stale, Status};
use sales::{
    Orders,
    order::{Payment, PaymentStatus, Refused},
};
use web::{Body, Problem, Request, Response, types};

pub use limits::{LimitsError, RefundLimits};
pub use wire::wire;

/// Reads.
const ROLE_READ: &str = "payments.read";
/// Refunds up to the limit.
const ROLE_REFUND: &str = "payments.refund";
/// Refunds beyond it.
const ROLE_LARGE: &str = "payments.refund.large";
/// Holds, releases, works on cases, hands notices on again.
const ROLE_REVIEW: &str = "payments.review";
/// Moves cash.
const ROLE_CASH: &str = "payments.cash";
/// Whoever works on money may read of it.
const READERS: &[&str] = &[ROLE_READ, ROLE_REFUND, ROLE_LARGE, ROLE_REVIEW, ROLE_CASH];

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Money, cases, notices and the ledger.
    pub payments: Payments,
    /// What the money is for.
    pub orders: Orders,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// commits the parts of all.
    pub dynamo: Dynamo,
    /// Up to how much staff without the role for large refunds give back of one order.
    pub limits: RefundLimits,
}

/// Answers one request.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    match route(ports, &request).await {
        Ok(response) => response,
        Err(error) => error.answer(&request),
    }
}

async fn route(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let may = |roles: &[&str]| Member::with(request, roles);
    match web::route_key(request).as_str() {
        "GET /v1/orders/{id}/payments" => payments_of::read(ports, request, &may(READERS)?).await,
        "GET /v1/orders/{id}/ledger" => ledger::of_order(ports, request, &may(READERS)?).await,
        "GET /v1/ledger/accounts/{account}/entries" => ledger::entries(ports, request, &may(READERS)?).await,
        "GET /v1/ledger/accounts/{account}/balance" => ledger::balance(ports, request, &may(READERS)?).await,
        "GET /v1/payments/disputes" => cases::disputes(ports, request, &may(READERS)?).await,
        "GET /v1/payments/cases" => cases::list(ports, request, &may(READERS)?).await,
        "POST /v1/payments/cases/{id}/resolve" => cases::resolve(ports, request, &may(&[ROLE_REVIEW])?).await,
        "GET /v1/payments/notices/{provider}" => notices::refused(ports, request, &may(READERS)?).await,
        "GET /v1/payments/notices/{provider}/{delivery}" => notices::read(ports, request, &may(READERS)?).await,
        "POST /v1/payments/notices/{provider}/{delivery}/redrive" => {
            notices::redrive(ports, request, &may(&[ROLE_REVIEW])?).await
        }
        "POST /v1/orders/{id}/refunds" => refund::ask(ports, request, &may(&[ROLE_REFUND, ROLE_LARGE])?).await,
        "POST /v1/orders/{id}/refunds/{refund}/paid-out" => refund::paid_out(ports, request, &may(&[ROLE_CASH])?).await,
        "POST /v1/orders/{id}/payments/hold" => review::hold(ports, request, &may(&[ROLE_REVIEW])?).await,
        "POST /v1/orders/{id}/payments/release" => review::release(ports, request, &may(&[ROLE_REVIEW])?).await,
        "POST /v1/orders/{id}/escrow/release" => review::escrow(ports, request, &may(&[ROLE_REVIEW])?).await,
        _ => Err(Error::not_found()),
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

/// What an order refuses, as the caller reads it.
fn of_order(refused: &Refused) -> Error {
    let detail = refused.to_string();
    match refused {
        Refused::UnknownLine(line) | Refused::Units { line, .. } => Problem::new(&types::UNPROCESSABLE)
            .at("/lines", &detail)
            .with("line_id", line.to_string())
            .into(),
        Refused::Lines | Refused::UnknownShipment(_) | Refused::Amounts => {
            Error::refused(&types::UNPROCESSABLE, detail)
        }
        Refused::Transition(_)
        | Refused::Unchanged
        | Refused::UnderReview
        | Refused::Shipped
        | Refused::DuplicateShipment(_)
        | Refused::ClosedShipment(_)
        | Refused::Full(_) => Error::refused(&types::CONFLICT, detail),
    }
}

fn raced(writes: Vec<Part<Stale>>) -> Vec<Part<desk::Raced>> {
    writes.into_iter().map(|part| part.map(|Stale| desk::Raced)).collect()
}

fn inconsistent(error: &impl ToString) -> Error {
    Error::Inconsistent(error.to_string())
}
