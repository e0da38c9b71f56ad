//! Starts a payment with a provider: `POST /v1/orders/{id}/payments`.
//!
//! Who may: whoever knows the order's checkout session, by its id, which only its storefront and payer were given. So a
//! guest, a signed-in customer and a platform pay alike. The amount is what the order still costs, never the caller's.
//!
//! The caller's `Idempotency-Key` names our payment, and the payment's id is the provider's idempotency key or its number of
//! the order. Running twice is harmless: the same key finds the same intent, and answers what is kept or asks the provider
//! again under the same key, which makes no second payment. Half: the intent is written before the call, together with
//! whose the provider's object is and the timer that asks what became of it; so a lost answer is asked for again, and money
//! that comes is known. After 23 hours, when the provider may have forgotten the key, it is not asked again. Late: a result
//! is kept only by the last sender, by the intent's version. A new key while an equal payment is open gets that payment.
//!
//! A new try is looked at by the risk rules first. It is counted in the transaction that writes it, so a repeated request
//! never counts twice. One that they hold is written with a case for staff, and answers so until staff speak; approved, it
//! goes on with its payer's next request.

mod answer;
mod decide;
mod error;
mod request;
mod risk;
mod wire;

#[cfg(test)]
mod tests;

use answer::respond;
use decide::{Asked, Next, next};
use dynamo::{Part, Timers};
pub use error::Error;
use kernel::{Actor, OrderId};
use payments::{
    Intent, IntentState, Mode, Payments, Poll, Stale,
    provider::{CallError, Gateways, Payer},
};
use request::Start;
use risk::Begun;
use sales::{
    Orders,
    order::{Act, Order},
};
use web::{Body, HttpClient, Request, Response};
pub use wire::wire;

/// How often an intent that somebody else wrote in between is looked at again.
const ROUNDS_MAX: usize = 3;
/// The longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 255;
/// The code of a payment that the provider can't be asked for: another currency, or a payer that it does not know.
const UNSUPPORTED: &str = "unsupported";

/// What the function needs.
#[derive(Debug, Clone)]
pub struct Ports<C> {
    /// Intents.
    pub payments: Payments,
    /// What is paid.
    pub orders: Orders,
    /// When a payment is asked about.
    pub timers: Timers,
    /// The providers that are configured.
    pub gateways: Gateways<C>,
    /// Whether Stripe moves real money.
    pub livemode: bool,
}

/// Answers one request.
#[tracing::instrument(name = "payment.start", skip_all)]
pub async fn handle<C: HttpClient>(ports: &Ports<C>, request: Request) -> Response<Body> {
    match start(ports, &request).await {
        Ok(response) => response,
        Err(error) => error.into_problem().response(&web::request_id(&request)),
    }
}

async fn start<C: HttpClient>(ports: &Ports<C>, request: &Request) -> Result<Response<Body>, Error> {
    let order_id: OrderId = web::path_parameter(request, "id")?;
    let key = web::idempotency_key(request)?;
    if key.len() > KEY_BYTES_MAX {
        return Err(Error::KeyTooLong);
    }
    let start: Start = web::json_body(request)?;
    let payer = start.payer(request)?;
    start.check_device()?;
    let fingerprint = dynamo::fingerprint(web::body(request)?);
    let order = ports
        .orders
        .get(order_id)
        .await?
        .filter(|order| order.checkout() == start.checkout_id);
    let order = order.ok_or(Error::NotFound)?;
    let asked = Asked {
        start: &start,
        key,
        fingerprint: &fingerprint,
        offered: ports.gateways.offers(start.provider),
        livemode: ports.livemode,
        now: ports.payments.ambient().now(),
    };
    for _ in 0..ROUNDS_MAX {
        let money = ports.payments.order_money(order_id, order.total()).await?;
        match next(&asked, &order, &money)? {
            Next::Answer(intent, started) => return Ok(respond(&intent, &started)),
            // Between the decision and its first trace the rules on who may pay how much look at it.
            Next::Begin(intent) => {
                let attempt = risk::attempt(&order, &intent, &start, &payer.address);
                match risk::begin(ports, &order, intent, &attempt).await? {
                    Begun::Open(intent) => return send(ports, intent, &payer).await,
                    Begun::Held => return Err(Error::UnderReview),
                    Begun::Again => {}
                }
            }
            Next::GoOn(intent) => {
                let with = first_parts(ports, &order, &intent)?;
                if ports.payments.open_intent(&intent, with).await?.is_none() {
                    return send(ports, intent, &payer).await;
                }
            }
            Next::Resend(intent) => {
                if ports.payments.put_intent(&intent).await?.is_none() {
                    return send(ports, intent, &payer).await;
                }
            }
        }
    }
    Err(Error::InFlight)
}

/// What is written with an intent before its provider is asked for the first time: its first timer, so that a payment whose
/// notice never comes is asked about. Cash is due at the door: the order is confirmed with it.
fn first_parts<C>(ports: &Ports<C>, order: &Order, intent: &Intent) -> Result<Vec<Part<Stale>>, Error> {
    let timer = Poll::first(intent).and_then(|poll| poll.timer(intent));
    let timer = timer.map(|timer| ports.timers.set(&timer)).transpose()?;
    let mut with: Vec<_> = timer.into_iter().collect();
    if intent.mode == Mode::Cash {
        let act = Act::by(Actor::system("payment-start"), intent.created_at).caused_by(intent.id.to_string());
        let confirmed = order.clone().confirm_on_delivery(&act);
        let confirmed = confirmed.map_err(|_| Error::NotPayable(order.state().name().as_str()))?;
        with.extend(ports.orders.save(&confirmed, Stale)?);
    }
    Ok(with)
}

async fn send<C: HttpClient>(
    ports: &Ports<C>,
    mut intent: Box<Intent>,
    payer: &Payer,
) -> Result<Response<Body>, Error> {
    let sent = match ports.gateways.start(&intent, payer).await {
        // The same request will never be taken: as good as a refusal.
        Err(CallError::Unsupported) => Err((422, UNSUPPORTED.to_owned())),
        Err(CallError::Refused { status, code }) => Err((status, code)),
        Err(error @ (CallError::Unanswered(_) | CallError::Misfit(_))) => {
            tracing::error!(payment.id = %intent.id, %error, "payment.start.failed");
            return Err(Error::Provider);
        }
        Ok(started) => Ok(started),
    };
    intent.version += 1;
    match sent {
        Ok(started) => {
            intent.state = IntentState::Open {
                started: started.clone(),
            };
            // Somebody else sent the same later: the provider gave them the same payment.
            let _: Option<Stale> = ports.payments.put_intent(&intent).await?;
            tracing::info!(payment.id = %intent.id, order.id = %intent.order, provider = %intent.provider, "payment.started");
            Ok(respond(&intent, &started))
        }
        Err((status, code)) => {
            tracing::warn!(payment.id = %intent.id, status, code, "payment.start.refused");
            intent.state = IntentState::Refused { code: code.clone() };
            let _: Option<Stale> = ports.payments.put_intent(&intent).await?;
            Err(Error::Refused(code))
        }
    }
}
