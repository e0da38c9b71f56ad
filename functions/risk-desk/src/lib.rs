//! Staff see and change risk rules, and decide on payments that these hold.
//!
//! Running twice is harmless: every write carries an `Idempotency-Key`, whose answer is kept in the transaction of the write.
//! Late: rules name the version that they replace, and a payment is decided once, by its own version. Half: the payment,
//! its case and the answer are one transaction. Nobody is asked for money here: an approved payment goes on when its payer
//! comes back with the same request.

mod reviews;
mod rules;
#[cfg(test)]
mod tests;
mod wire;

use desk::{Error, Member};
use dynamo::{Dynamo, Idempotency, Part};
use payments::{Payments, Stale, risk::Verdict};
use web::{Body, Request, Response};

pub use wire::wire;

/// Rules, and what they hold.
const ROLES: &[&str] = &["payments.risk"];

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Rules, tries to pay and cases.
    pub payments: Payments,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// Commits the parts of both.
    pub dynamo: Dynamo,
}

/// Answers one request.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    match route(ports, &request).await {
        Ok(response) => response,
        Err(error) => error.answer(&request),
    }
}

async fn route(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let may = || Member::with(request, ROLES);
    match web::route_key(request).as_str() {
        "GET /v1/payments/risk-rules" => rules::read(ports, &may()?).await,
        "PUT /v1/payments/risk-rules" => rules::write(ports, request, &may()?).await,
        "GET /v1/payments/reviews" => reviews::list(ports, request, &may()?).await,
        "POST /v1/orders/{id}/payments/{payment}/approve" => {
            reviews::decide(ports, request, &may()?, Verdict::Approve).await
        }
        "POST /v1/orders/{id}/payments/{payment}/refuse" => {
            reviews::decide(ports, request, &may()?, Verdict::Refuse).await
        }
        _ => Err(Error::not_found()),
    }
}

fn raced(parts: Vec<Part<Stale>>) -> Vec<Part<desk::Raced>> {
    parts.into_iter().map(|part| part.map(|Stale| desk::Raced)).collect()
}
