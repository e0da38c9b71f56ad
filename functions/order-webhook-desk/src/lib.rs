//! Staff see webhook deliveries and endpoints, and replay what was held.
//!
//! Replaying twice is harmless: the answer is kept by its key in the transaction that schedules the deliveries, and without
//! the key a delivery that waits already is scheduled anew with the same webhook id. Half cannot be: deliveries, their
//! timers, the endpoint and the answer are one transaction.

mod error;
mod read;
mod replay;
mod wire;

use dynamo::Idempotency;
use messaging::Webhooks;
use web::{Body, Problem, Request, Response, types};

pub use error::Error;
pub use wire::wire;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Deliveries and endpoints.
    pub webhooks: Webhooks,
    /// Answers by key.
    pub idempotency: Idempotency,
}

/// Answers one request.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    let answer = match web::route_key(&request).as_str() {
        "GET /v1/orders/{id}/webhook-deliveries" => read::of_order(ports, &request).await,
        "GET /v1/webhook-endpoints" => read::stopped(ports, &request).await,
        "GET /v1/webhook-endpoints/{endpoint}" => read::endpoint(ports, &request).await,
        "GET /v1/webhook-endpoints/{endpoint}/deliveries" => read::of_endpoint(ports, &request).await,
        "POST /v1/orders/{id}/webhook-deliveries/{delivery}/replay" => replay::one(ports, &request).await,
        "POST /v1/webhook-endpoints/{endpoint}/replay" => replay::endpoint(ports, &request).await,
        _ => Err(Error::Request(Problem::new(&types::NOT_FOUND))),
    };
    answer.unwrap_or_else(|error| {
        let id = web::request_id(&request);
        let detail = error.to_string();
        let problem = error.problem();
        if problem.kind().status >= 500 {
            tracing::error!(request.id = id, error = detail, "webhook.desk.failed");
        }
        problem.response(&id)
    })
}

#[cfg(test)]
mod tests;
