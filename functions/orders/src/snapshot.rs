//! `GET /ucp/2026-04-08/orders/{id}`: the order as UCP tells it.

use kernel::OrderId;
use privacy::Place;
use sales::order::{DESTINATION_FIELD, Order, SEALED_ENTITY};
use ucp::{
    ErrorResponse, Metadata, Negotiated, Operation, Refusal, fulfillment::PostalAddress, signature::sign_response,
};
use web::{Body, HttpClient, Request, Response};

use crate::{
    Error, Ports,
    access::{Reader, TokenRefused, TokenVerifier},
};

/// What an order that is not there, or not for this reader, is answered with: the two are not told apart.
const NOT_FOUND: &str = "There is no such order for you.";

/// Signs every answer, refusals too. One that cannot be signed is sent as it is: the protocol recommends signing.
pub(crate) async fn handle<H: HttpClient, V: TokenVerifier>(ports: &Ports<H, V>, request: &Request) -> Response<Body> {
    let mut response = match read(ports, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.response(),
    };
    if sign_response(&mut response, &ports.signing_key, ports.ambient.now()).is_err() {
        tracing::error!("orders.snapshot.unsigned");
    }
    response
}

async fn read<H: HttpClient, V: TokenVerifier>(
    ports: &Ports<H, V>,
    request: &Request,
) -> Result<Response<Body>, Refusal> {
    let negotiated = ports.negotiator.negotiate(request, Operation::Order).await?;
    let reader = reader(ports, request, &negotiated).await?;
    let metadata = negotiated.metadata(Operation::Order);
    let found = match web::path_parameter::<OrderId>(request, "id") {
        Ok(id) => ports.orders.get(id).await.map_err(|error| refusal(&error.into()))?,
        Err(_) => None,
    };
    match found.filter(|order| reader.sees(order)) {
        Some(order) => body(ports, &order, metadata).await.map_err(|error| refusal(&error)),
        None => Ok(web::json(200, &ErrorResponse::not_found(metadata, NOT_FOUND))),
    }
}

/// A bearer token speaks for its buyer; without one, the platform speaks for itself.
async fn reader<H, V: TokenVerifier>(
    ports: &Ports<H, V>,
    request: &Request,
    negotiated: &Negotiated,
) -> Result<Reader, Refusal> {
    let Some(token) = web::bearer(request) else {
        return Reader::of_platform(negotiated, ports.unsigned).ok_or(Refusal::Unauthorized);
    };
    match ports.verifier.verify(token).await {
        Ok(claims) => Reader::of_claims(&claims).ok_or(Refusal::Forbidden),
        Err(TokenRefused::Invalid) => Err(Refusal::Unauthorized),
        Err(TokenRefused::Unavailable) => Err(Refusal::Unavailable),
    }
}

async fn body<H, V>(ports: &Ports<H, V>, order: &Order, metadata: Metadata) -> Result<Response<Body>, Error> {
    let destination = match order.destination() {
        Some(sealed) => {
            let id = order.id().to_string();
            let place = Place {
                entity: SEALED_ENTITY,
                id: &id,
                field: DESTINATION_FIELD,
            };
            let key = ports.vault.open(order.person()).await?;
            key.map(|key| key.open::<PostalAddress>(place, sealed)).transpose()?
        }
        None => None,
    };
    Ok(web::json(
        200,
        &order.body(metadata, &ports.storefront_url, destination.as_ref()),
    ))
}

fn refusal(error: &Error) -> Refusal {
    tracing::error!(%error, "orders.snapshot.failed");
    if error.retryable() {
        Refusal::Unavailable
    } else {
        Refusal::Internal
    }
}
