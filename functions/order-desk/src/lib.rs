//! Staff list, read and cancel orders, and see their change history.
//!
//! Cancelling twice is harmless: the answer is kept by its key in the transaction that cancels; without the key, the
//! second call names a version that is gone. Half a cancellation cannot be: order, history, stock, event and answer are
//! one transaction. A paid order's `order.cancelled` makes the payments context refund what is owed.

mod cancel;
mod error;
mod read;
mod wire;

use dynamo::Idempotency;
use inventory::Inventory;
use kernel::Ambient;
use privacy::Vault;
use sales::Orders;
use web::{Body, Problem, Request, Response, types};

pub use error::Error;
pub use wire::wire;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Orders.
    pub orders: Orders,
    /// Stock.
    pub inventory: Inventory,
    /// Answers by key.
    pub idempotency: Idempotency,
    /// Buyers' data.
    pub vault: Vault,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// Answers one request.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    let answer = match web::route_key(&request).as_str() {
        "GET /v1/orders" => read::list(ports, &request).await,
        "GET /v1/orders/{id}" => read::one(ports, &request).await,
        "GET /v1/orders/{id}/history" => read::history(ports, &request).await,
        "POST /v1/orders/{id}/cancel" => cancel::cancel(ports, &request).await,
        _ => Err(Error::Request(Problem::new(&types::NOT_FOUND))),
    };
    answer.unwrap_or_else(|error| {
        let id = web::request_id(&request);
        let detail = error.to_string();
        let problem = error.problem();
        if problem.kind().status >= 500 {
            tracing::error!(request.id = id, error = detail, "order.desk.failed");
        }
        problem.response(&id)
    })
}

#[cfg(test)]
mod tests;
