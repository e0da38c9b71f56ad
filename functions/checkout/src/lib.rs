//! UCP checkout sessions: create, get, full replacement, complete, cancel. Completing one places the order.
//!
//! A session belongs to the platform whose profile created it; to every other it does not exist. Every answer of an unsafe
//! call is kept with its effect, in one transaction, so a call that comes twice, late or at the same time as its copy has
//! one effect and one answer. A call that dies half-way has either committed everything or nothing.

mod answer;
mod cancel;
mod complete;
mod create;
mod error;
mod payment;
mod ports;
mod session;
mod update;
mod wire;

#[cfg(test)]
mod tests;

use ucp::{Negotiated, Operation, Refusal, signature};
use web::{Body, HttpClient, Request, Response};

pub use error::Error;
pub use ports::{Ports, Shelf};
pub use wire::wire;

/// Answers one call. Every refusal is an answer too.
pub async fn handle<H: HttpClient, S: Shelf>(ports: &Ports<H, S>, request: Request) -> Response<Body> {
    let request_id = web::request_id(&request);
    // On the heap: the state of all calls together is large.
    let mut response = match Box::pin(route(ports, &request)).await {
        Ok(response) => response,
        Err(error) => error.response(&request_id),
    };
    if let Ok(value) = request_id.parse() {
        response.headers_mut().insert("request-id", value);
    }
    if signature::sign_response(&mut response, &ports.signing_key, ports.ambient.now()).is_err() {
        tracing::error!("checkout.response.unsigned");
    }
    response
}

async fn route<H: HttpClient, S: Shelf>(ports: &Ports<H, S>, request: &Request) -> Result<Response<Body>, Error> {
    let platform = ports.negotiator.negotiate(request, Operation::Checkout).await?;
    let route = web::route_key(request);
    let (method, path) = route.split_once(' ').unwrap_or_default();
    match (method, path.strip_prefix(ucp::BASE_PATH).unwrap_or_default()) {
        ("POST", "/checkout-sessions") => create::handle(ports, &platform, request).await,
        ("GET", "/checkout-sessions/{id}") => read(ports, &platform, request).await,
        ("PUT", "/checkout-sessions/{id}") => update::handle(ports, &platform, request).await,
        ("POST", "/checkout-sessions/{id}/complete") => complete::handle(ports, &platform, request).await,
        ("POST", "/checkout-sessions/{id}/cancel") => cancel::handle(ports, &platform, request).await,
        _ => Err(Refusal::Malformed(format!("no such call: {route}")).into()),
    }
}

/// Reading changes nothing.
async fn read<H: HttpClient, S: Shelf>(
    ports: &Ports<H, S>,
    platform: &Negotiated,
    request: &Request,
) -> Result<Response<Body>, Error> {
    let loaded = session::load(ports, platform, request).await?;
    Ok(web::json(
        200,
        &session::shown(ports, platform, &loaded.session, &loaded.particulars),
    ))
}
