//! Orders read by their buyer or by the platform that placed them, and cancelled by their buyer.
//!
//! Reading changes nothing. Cancelling twice is harmless: the answer is kept by its key in the transaction that cancels,
//! and an order that is cancelled refuses to be cancelled again.

mod access;
mod error;
mod mine;
mod snapshot;
mod wire;

use std::sync::Arc;

use dynamo::Idempotency;
use inventory::Inventory;
use kernel::Ambient;
use privacy::Vault;
use sales::Orders;
use ucp::{Negotiator, signature::SigningKey};
use web::{Body, HttpClient, Problem, Request, Response, types};

pub use access::{ORDER_READ_SCOPE, TokenRefused, TokenVerifier};
pub use error::Error;
pub use wire::wire;

/// What the function works with.
#[derive(Debug)]
pub struct Ports<H, V> {
    /// Orders.
    pub orders: Orders,
    /// Stock.
    pub inventory: Inventory,
    /// Answers by key.
    pub idempotency: Idempotency,
    /// Buyers' data.
    pub vault: Vault,
    /// Tells which platform asks.
    pub negotiator: Arc<Negotiator<H>>,
    /// Tells which buyer asks, on the route that the gateway does not guard.
    pub verifier: Arc<V>,
    /// Signs what platforms are answered.
    pub signing_key: Arc<SigningKey>,
    /// Base URL of the pages where buyers read their orders.
    pub storefront_url: String,
    /// Whether a platform is believed by its `UCP-Agent` header alone: for development and conformance runs only.
    pub unsigned: bool,
    /// Clock and chance.
    pub ambient: Ambient,
}

impl<H, V> Clone for Ports<H, V> {
    fn clone(&self) -> Self {
        Self {
            orders: self.orders.clone(),
            inventory: self.inventory.clone(),
            idempotency: self.idempotency.clone(),
            vault: self.vault.clone(),
            negotiator: Arc::clone(&self.negotiator),
            verifier: Arc::clone(&self.verifier),
            signing_key: Arc::clone(&self.signing_key),
            storefront_url: self.storefront_url.clone(),
            unsigned: self.unsigned,
            ambient: self.ambient.clone(),
        }
    }
}

/// Answers one request.
pub async fn handle<H: HttpClient, V: TokenVerifier>(ports: &Ports<H, V>, request: Request) -> Response<Body> {
    let answer = match web::route_key(&request).as_str() {
        "GET /ucp/2026-04-08/orders/{id}" => return snapshot::handle(ports, &request).await,
        "GET /v1/me/orders" => mine::list(ports, &request).await,
        "POST /v1/me/orders/{id}/cancel" => mine::cancel(ports, &request).await,
        _ => Err(Error::Request(Problem::new(&types::NOT_FOUND))),
    };
    answer.unwrap_or_else(|error| {
        let id = web::request_id(&request);
        let detail = error.to_string();
        let problem = error.problem();
        if problem.kind().status >= 500 {
            tracing::error!(request.id = id, error = detail, "orders.failed");
        }
        problem.response(&id)
    })
}

#[cfg(test)]
mod tests;
