//! Verifies and keeps payment notices: `POST /webhooks/payments/{provider}`.
//!
//! The raw bytes are verified, kept once with `payment.noticed` in one transaction, and answered; money is booked by
//! `payment-settlement`. Running twice is harmless: a delivery is kept under its id, and a copy writes nothing and is
//! answered alike. Late: the provider signs each attempt anew, and facts do not expire. Out of order: nothing here depends
//! on order. Half: before the transaction nothing happened, and the provider delivers again; after it the answer may be
//! lost, and the next delivery is a copy.
//!
//! What is refused is kept for some days and counted under `payment.notice.refused`; the answer says no more than that.

mod wire;

#[cfg(test)]
mod tests;

use dynamo::StoreError;
use payments::{
    Kept, Notice, NoticeSource, Payments, Provider, Refused,
    provider::{Ingress, Parsed, Refusal, Verified, read, stripe::Secrets},
};
use web::{Body, Problem, Request, Response, types};
pub use wire::wire;

/// What the function needs.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Where notices are kept.
    pub payments: Payments,
    /// Signing secrets of our Stripe endpoint.
    pub stripe: Secrets,
}

/// Why a notice was not taken.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// No provider of that name sends webhooks.
    #[error("no such provider")]
    UnknownProvider,
    /// The provider's rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be kept: the provider delivers again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes one delivery.
#[tracing::instrument(name = "payment.notice", skip_all)]
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    match take(ports, &request).await {
        Ok(()) => web::raw_json(200, r#"{"received":true}"#.to_owned()),
        Err(error) => answer(&error, &web::request_id(&request)),
    }
}

/// Each provider reads its answer in its own way. Stripe: any 2xx is taken, all else is delivered again.
fn answer(error: &Error, request_id: &str) -> Response<Body> {
    match error {
        Error::UnknownProvider => Problem::new(&types::NOT_FOUND).response(request_id),
        Error::Refused(Refusal::TooLarge) => web::empty(413),
        Error::Refused(_) => web::empty(400),
        Error::Store(error) => {
            tracing::error!(%error, "payment.notice.not_kept");
            Problem::new(&types::UNAVAILABLE).response(request_id)
        }
    }
}

async fn take(ports: &Ports, request: &Request) -> Result<(), Error> {
    let provider: Provider = web::path_parameter(request, "provider").map_err(|_| Error::UnknownProvider)?;
    match verified(ports, provider, request) {
        Ok((verified, body)) => keep(ports, provider, &verified, body).await,
        Err(Error::Refused(reason)) => {
            quarantine(ports, provider, reason, request).await;
            Err(Error::Refused(reason))
        }
        Err(error) => Err(error),
    }
}

/// The size is looked at before anything is hashed, and the signature before anything is parsed.
fn verified<'a>(ports: &Ports, provider: Provider, request: &'a Request) -> Result<(Verified, &'a [u8]), Error> {
    match provider {
        Provider::Stripe => {
            let body = web::body(request).map_err(|_| Refusal::TooLarge)?;
            let now = ports.payments.ambient().now();
            Ok((ports.stripe.verify(request.headers(), body, now)?, body))
        }
        // It has no webhook: checkout writes its notices.
        Provider::Instant | Provider::CashOnDelivery => Err(Error::UnknownProvider),
        Provider::WechatPay | Provider::Alipay => Err(Error::UnknownProvider),
    }
}

async fn keep(ports: &Ports, provider: Provider, verified: &Verified, body: &[u8]) -> Result<(), Error> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::NotAnEvent)?;
    let notice = Notice {
        provider,
        delivery: verified.delivery.clone(),
        kind: verified.kind.clone(),
        source: NoticeSource::Webhook,
        body: text.to_owned(),
        content: verified.content.clone(),
        received_at: ports.payments.ambient().now(),
    };
    let order = match read(&notice) {
        Ok(Parsed::Ignored) => {
            count("ignored", provider, &verified.kind);
            return Ok(());
        }
        Ok(Parsed::Told(reading)) => reading.reference.order,
        // Signed, of a type that we need, and not readable: kept all the same, and settlement makes it a case.
        Err(_) => None,
    };
    match ports.payments.keep_notice(&notice, order).await? {
        Kept::New => count("kept", provider, &verified.kind),
        Kept::Duplicate => count("duplicate", provider, &verified.kind),
    }
    Ok(())
}

fn count(outcome: &'static str, provider: Provider, kind: &str) {
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
