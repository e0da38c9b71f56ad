//! Staff see stock, book receipts and adjustments, and set how a variant's stock is split and when it is low.
//!
//! Running twice is harmless: every write carries an `Idempotency-Key`, whose answer is kept in the transaction of the
//! write, and a movement is booked once per id. Running late is harmless: levels change by what is booked, not to what
//! was read, and never below zero. There is no half: each write is one transaction.

mod cards;
mod error;
mod locations;
mod movements;
#[cfg(test)]
mod tests;
mod wire;
mod writing;

use dynamo::Idempotency;
use inventory::Inventory;
use kernel::{Ambient, StaffId};
use web::{Body, Caller, Problem, Request, Response, route_key};

use error::Error;
pub use wire::wire;

/// May see and book stock.
const ROLE_STOCK: &str = "stock";
/// May do everything.
const ROLE_ADMIN: &str = "admin";

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Stock.
    pub inventory: Inventory,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// Time and ids.
    pub ambient: Ambient,
}

/// Answers one request.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    match route(ports, &request).await {
        Ok(response) => response,
        Err(error) => {
            error.log();
            Problem::from(error).response(&web::request_id(&request))
        }
    }
}

async fn route(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let who = member(request)?;
    match route_key(request).as_str() {
        "GET /v1/locations" => locations::list(ports, request).await,
        "POST /v1/locations" => locations::create(ports, request, who).await,
        "GET /v1/stock/{variant}" => cards::levels(ports, request).await,
        "PUT /v1/stock/{variant}/settings" => cards::set(ports, request, who).await,
        "GET /v1/stock/{variant}/movements" => movements::list(ports, request).await,
        "POST /v1/stock/receipts" => movements::receive(ports, request, who).await,
        "POST /v1/stock/adjustments" => movements::adjust(ports, request, who).await,
        _ => Err(Error::NotFound),
    }
}

/// Who of the staff calls; only those who keep stock may.
fn member(request: &Request) -> Result<StaffId, Error> {
    let caller = Caller::required(request)?;
    if !caller.has_role(ROLE_STOCK) && !caller.has_role(ROLE_ADMIN) {
        return Err(Error::Role(ROLE_STOCK));
    }
    Ok(caller.id()?)
}
