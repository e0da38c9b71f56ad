//! Verifies and keeps payment notices: `POST /webhooks/payments/{provider}`.
//!
//! The raw bytes are verified, kept once with `payment.noticed` in one transaction, and answered in the provider's own
//! words, to the byte; money is booked by `payment-settlement`. Running twice is harmless: a delivery is kept under its id,
//! and a copy writes nothing and is answered alike. Late: a provider that signs a time signs each attempt anew, and facts
//! do not expire. Out of order: nothing here depends on order. Half: before the transaction nothing happened, and the
//! provider delivers again; after it the answer may be lost, and the next delivery is a copy.
//!
//! What is refused is kept for some days and counted under `payment.notice.refused`; the answer says no more than that.
//! A single refusal is no alarm: `WeChat` Pay sends wrong signatures on purpose.

mod wire;

#[cfg(test)]
mod tests;

use dynamo::StoreError;
use payments::{
    Kept, Notice, NoticeSource, Payments, Provider, Refused,
    provider::{Door, Ingresses, Parsed, Refusal, Reply, Verified, read},
};
use web::{Body, Problem, Request, Response, types};
pub use wire::wire;

/// What the function needs.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Where notices are kept.
    pub payments: Payments,
    /// The providers whose notices are taken, with their keys.
    pub ingresses: Ingresses,
}

/// Takes one delivery.
#[tracing::instrument(name = "payment.notice", skip_all)]
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    let provider: Option<Provider> = web::path_parameter(&request, "provider").ok();
    match provider.and_then(|provider| Some((provider, ports.ingresses.of(provider)?))) {
        Some((provider, door)) => response(take(ports, (provider, door), &request).await),
        // No provider of that name has a webhook here.
        None => Problem::new(&types::NOT_FOUND).response(&web::request_id(&request)),
    }
}

async fn take(ports: &Ports, (provider, door): (Provider, &Door), request: &Request) -> Reply {
    let notice = match verified(ports, (provider, door), request) {
        Ok(notice) => notice,
        Err(reason) => {
            quarantine(ports, provider, reason, request).await;
            return door.refused(reason);
        }
    };
    match keep(ports, &notice).await {
        Ok(()) => door.accepted(),
        Err(error) => {
            tracing::error!(%error, %provider, "payment.notice.not_kept");
            door.unavailable()
        }
    }
}

/// The size is looked at before anything is hashed, and the signature before anything is parsed.
fn verified(ports: &Ports, (provider, door): (Provider, &Door), request: &Request) -> Result<Notice, Refusal> {
    let body = web::body(request).map_err(|_| Refusal::TooLarge)?;
    let now = ports.payments.ambient().now();
    let Verified {
        delivery,
        kind,
        content,
    } = door.verify(request.headers(), body, now)?;
    let body = std::str::from_utf8(body).map_err(|_| Refusal::NotAnEvent)?;
    Ok(Notice {
        provider,
        delivery,
        kind,
        source: NoticeSource::Webhook,
        body: body.to_owned(),
        content,
        received_at: now,
    })
}

async fn keep(ports: &Ports, notice: &Notice) -> Result<(), StoreError> {
    let order = match read(notice) {
        Ok(Parsed::Ignored) => {
            count("ignored", notice);
            return Ok(());
        }
        Ok(Parsed::Told(reading)) => reading.reference.order,
        // Signed, of a type that we need, and not readable: kept all the same, and settlement makes it a case.
        Err(_) => None,
    };
    match ports.payments.keep_notice(notice, order).await? {
        Kept::New => count("kept", notice),
        Kept::Duplicate => count("duplicate", notice),
    }
    Ok(())
}

fn count(outcome: &'static str, Notice { provider, kind, .. }: &Notice) {
    tracing::info!(metric = "payment.notice", count = 1, %provider, outcome, kind, "payment.notice.taken");
}

/// Keeps and counts a refused delivery. Not keeping it changes nothing for the sender.
async fn quarantine(ports: &Ports, provider: Provider, reason: Refusal, request: &Request) {
    let metric = "payment.notice.refused";
    tracing::warn!(metric, count = 1, %provider, reason = reason.as_str(), "payment.notice.refused");
    let body: &[u8] = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    let now = ports.payments.ambient().now();
    let refused = Refused::new(provider, reason, body, web::source_address(request), now);
    if let Err(error) = ports.payments.keep_refused(refused).await {
        tracing::error!(%error, "payment.notice.not_quarantined");
    }
}

/// To the byte: providers compare.
fn response(reply: Reply) -> Response<Body> {
    match reply.content_type {
        Some(content_type) => web::bytes(reply.status, content_type, Body::Text(reply.body.to_owned())),
        None => web::empty(reply.status),
    }
}
