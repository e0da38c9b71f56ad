//! Couriers collect cash at the door and hand it in; staff take it in.
//!
//! Running twice is harmless: every write carries an `Idempotency-Key`, whose answer is kept in the transaction of the write.
//! Late: what a courier holds is a versioned record, decided again when anything moved on. Half: collection, cash in hand,
//! and the notice that settlement books are one transaction; so are a remittance and its posting.

mod collect;
mod read;
mod remit;
#[cfg(test)]
mod tests;
mod wire;

use desk::{Error, Member};
use dynamo::{Dynamo, Idempotency};
use payments::{CashRefused, Payments};
use sales::Orders;
use web::{Body, Problem, Request, Response, types};
pub use wire::wire;

/// Collects cash at doors; sees and moves only what is in their own hands.
const ROLE_COURIER: &str = "courier";
/// Counts what couriers hand in.
const ROLE_CASH: &str = "payments.cash";
/// Reads everybody's money.
const ROLE_READ: &str = "payments.read";

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Collections, cash in hand and the ledger.
    pub payments: Payments,
    /// What is paid at the door.
    pub orders: Orders,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// commits the parts of all.
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
    let courier = || Member::with(request, &[ROLE_COURIER]);
    match web::route_key(request).as_str() {
        "POST /v1/courier/collections" => collect::collect(ports, request, &courier()?).await,
        "POST /v1/courier/refusals" => collect::refuse(ports, request, &courier()?).await,
        "POST /v1/courier/remittances" => remit::hand_in(ports, request, &courier()?).await,
        "GET /v1/courier/cash" => read::own(ports, request, &courier()?).await,
        "GET /v1/payments/couriers/{id}/cash" => {
            Member::with(request, &[ROLE_CASH, ROLE_READ])?;
            read::of(ports, request).await
        }
        "POST /v1/payments/couriers/{id}/remittances/{remittance}/count" => {
            remit::count(ports, request, &Member::with(request, &[ROLE_CASH])?).await
        }
        _ => Err(Error::not_found()),
    }
}

/// What cash refuses, as the caller reads it.
fn of_cash(refused: CashRefused) -> Error {
    let detail = refused.to_string();
    match refused {
        CashRefused::Amount | CashRefused::Money(_) => {
            Problem::new(&types::UNPROCESSABLE).at("/amount", &detail).into()
        }
        CashRefused::TooMuch { held } => Problem::new(&types::UNPROCESSABLE)
            .at("/amount", &detail)
            .with("held", held.amount())
            .into(),
    }
}
