//! Staff list, pick, pack, ship, split and give up shipments.
//!
//! Every change takes an `Idempotency-Key` and an `If-Match`, and keeps its answer in the transaction of its effect: sent
//! twice, it answers twice and happens once; half of it never happens. Handing a parcel over changes shipment, parcel,
//! order and stock in one transaction; whoever is quicker at any of them makes the others look again.

mod change;
mod error;
mod read;
mod ship;
mod view;
mod wire;

use dynamo::{Idempotency, Timers};
use fulfilment::Fulfilment;
use inventory::Inventory;
use kernel::{Ambient, StaffId};
use lambda_http::{Body, Request, Response};
use privacy::Vault;
use sales::Orders;
use web::{Caller, Problem, types};

pub use error::Error;
pub use wire::wire;

/// The scope that the gateway asks for, asked for again here.
const SCOPE: &str = "staff";

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Shipments and parcels.
    pub fulfilment: Fulfilment,
    /// Orders.
    pub orders: Orders,
    /// Stock.
    pub inventory: Inventory,
    /// Due times.
    pub timers: Timers,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// Data keys of persons.
    pub vault: Vault,
    /// Clock and chance.
    pub ambient: Ambient,
    /// How long a parcel may go without news, in seconds.
    pub silence_s: i64,
}

/// Answers a request.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    let request_id = web::request_id(&request);
    match route(ports, &request).await {
        Ok(response) => response,
        Err(error) => {
            let problem = Problem::from(error);
            problem.response(&request_id)
        }
    }
}

async fn route(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let staff = staff(request)?;
    match web::route_key(request).as_str() {
        "GET /v1/shipments" => read::list(ports, request).await,
        "GET /v1/pick-list" => read::pick_list(ports, request).await,
        "GET /v1/shipments/{id}" => read::one(ports, request).await,
        "POST /v1/shipments/{id}/pick" => change::run(ports, request, staff, &change::Pick).await,
        "POST /v1/shipments/{id}/pack" => change::run(ports, request, staff, &change::Pack).await,
        "POST /v1/shipments/{id}/ship" => change::run(ports, request, staff, &ship::Ship::of(request)?).await,
        "POST /v1/shipments/{id}/split" => change::run(ports, request, staff, &change::Split::of(request)?).await,
        "POST /v1/shipments/{id}/lost" => change::run(ports, request, staff, &change::Lose).await,
        _ => Err(Problem::new(&types::NOT_FOUND).into()),
    }
}

fn staff(request: &Request) -> Result<StaffId, Problem> {
    let caller = Caller::required(request)?;
    if !caller.scopes.iter().any(|scope| scope == SCOPE) {
        return Err(Problem::new(&types::FORBIDDEN));
    }
    caller.id()
}

#[cfg(test)]
mod tests;
