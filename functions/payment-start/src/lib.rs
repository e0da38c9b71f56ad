//! Starts a payment with a provider: `POST /v1/orders/{id}/payments`.
//!
//! Who may: whoever knows the order's checkout session, by its id, which only its storefront and payer were given. So a
//! guest, a signed-in customer and a platform pay alike. The amount is what the order still costs, never the caller's.
//!
//! The caller's `Idempotency-Key` names our payment, and the payment's id is the provider's idempotency key. Running twice
//! is harmless: the same key finds the same intent, and answers what is kept or asks the provider again under the same
//! key, which makes no second payment. Half: the intent is written before the call, so a lost answer is asked for
//! again; after 23 hours, when the provider may have forgotten the key, it is not. Late: a result is kept only by the last
//! sender, by the intent's version. A new key while an equal payment is open gets that payment.

mod error;
mod wire;

#[cfg(test)]
mod tests;

pub use error::Error;
use kernel::{CheckoutId, Money, OrderId};
use payments::{
    Fact, INTENTS_MAX, Intent, IntentState, Mode, OrderMoney, Payments, Provider, RESEND_WITHIN_S, Stale, Started,
    payment_id,
    provider::{CallError, Gateway, Payer, stripe::Stripe},
};
use sales::{
    Orders,
    order::{Hold, Order, State},
};
use serde::{Deserialize, Serialize};
use web::{Body, HttpClient, Request, Response};
pub use wire::wire;

/// How often an intent that somebody else wrote in between is looked at again.
const ROUNDS_MAX: usize = 3;
/// The longest `Idempotency-Key`, in bytes.
const KEY_BYTES_MAX: usize = 255;

/// What the function needs.
#[derive(Debug, Clone)]
pub struct Ports<C> {
    /// Intents.
    pub payments: Payments,
    /// What is paid.
    pub orders: Orders,
    /// Stripe's API.
    pub stripe: Stripe<C>,
    /// Whether real money moves.
    pub livemode: bool,
}

/// The request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// The checkout session that placed the order: the proof that the caller may pay it.
    checkout_id: CheckoutId,
    provider: Provider,
    mode: Mode,
}

/// The answer: the same bytes for the same key.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    payment_id: String,
    order_id: String,
    provider: Provider,
    mode: Mode,
    amount: i64,
    currency: &'a str,
    provider_payment_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
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
    let fingerprint = dynamo::fingerprint(web::body(request)?);
    let order = ports
        .orders
        .get(order_id)
        .await?
        .filter(|order| order.checkout() == start.checkout_id);
    let order = order.ok_or(Error::NotFound)?;
    for _ in 0..ROUNDS_MAX {
        let money = ports.payments.order_money(order_id, order.total()).await?;
        match next(ports, &order, &money, &start, (key, &fingerprint))? {
            Next::Answer(intent, started) => return Ok(respond(&intent, &started)),
            Next::Send(intent) => {
                if let Some(Stale) = ports.payments.put_intent(&intent).await? {
                    continue;
                }
                return send(ports, intent).await;
            }
        }
    }
    Err(Error::InFlight)
}

/// What is to be done about a request.
enum Next {
    /// It was done: answer what is kept.
    Answer(Box<Intent>, Started),
    /// Write the intent, then ask the provider.
    Send(Box<Intent>),
}

fn next<C>(
    ports: &Ports<C>,
    order: &Order,
    money: &OrderMoney,
    start: &Start,
    (key, fingerprint): (&str, &str),
) -> Result<Next, Error> {
    let id = payment_id(order.id(), key);
    if let Some(known) = money.intents.iter().find(|intent| intent.id == id) {
        if known.fingerprint != fingerprint {
            return Err(Error::KeyReused);
        }
        return resume(ports, known);
    }
    let amount = payable(ports, order, money)?;
    if start.provider != Provider::Stripe || start.mode.provider() != start.provider {
        return Err(Error::ProviderUnsupported);
    }
    if let Some((intent, started)) = open_already(ports, money, start, amount) {
        return Ok(Next::Answer(Box::new(intent.clone()), started));
    }
    if money.intents.len() >= INTENTS_MAX {
        return Err(Error::TooManyTries);
    }
    Ok(Next::Send(Box::new(Intent {
        id,
        order: order.id(),
        provider: start.provider,
        mode: start.mode,
        amount,
        livemode: ports.livemode,
        fingerprint: fingerprint.to_owned(),
        version: 1,
        pay_by: None,
        step_up: false,
        state: IntentState::Sending,
        created_at: ports.payments.ambient().now(),
    })))
}

/// A repeated request: what its first one came to.
fn resume<C>(ports: &Ports<C>, known: &Intent) -> Result<Next, Error> {
    match &known.state {
        IntentState::Open { started } => Ok(Next::Answer(Box::new(known.clone()), started.clone())),
        IntentState::Refused { code } => Err(Error::Refused(code.clone())),
        IntentState::Sending if !fresh(ports, known) => Err(Error::KeyExpired),
        IntentState::Sending => Ok(Next::Send(Box::new(Intent {
            version: known.version + 1,
            ..known.clone()
        }))),
    }
}

fn fresh<C>(ports: &Ports<C>, intent: &Intent) -> bool {
    ports.payments.ambient().now().seconds_since(intent.created_at) < RESEND_WITHIN_S
}

/// What the order still costs, when it may be paid at all.
fn payable<C>(ports: &Ports<C>, order: &Order, money: &OrderMoney) -> Result<Money, Error> {
    let now = ports.payments.ambient().now();
    match order.state() {
        State::AwaitingPayment { .. } if !order.is_due(now) => {}
        State::OnHold {
            hold: Hold::Underpaid, ..
        } => {}
        State::AwaitingPayment { .. }
        | State::OnHold { .. }
        | State::Confirmed { .. }
        | State::Completed { .. }
        | State::Expired { .. }
        | State::Cancelled { .. } => return Err(Error::NotPayable(order.state().name().as_str())),
    }
    let left = order
        .total()
        .minus(money.state.folded.total.captured)
        .map_err(|_| Error::NotPayable("paid"))?;
    if left.amount() <= 0 {
        return Err(Error::NotPayable("paid"));
    }
    Ok(left)
}

/// An equal payment that is open: a second one would only be a chance to pay twice.
fn open_already<'a, C>(
    ports: &Ports<C>,
    money: &'a OrderMoney,
    start: &Start,
    amount: Money,
) -> Option<(&'a Intent, Started)> {
    let equal = |intent: &&Intent| {
        (intent.provider, intent.mode, intent.amount) == (start.provider, start.mode, amount) && fresh(ports, intent)
    };
    money
        .intents
        .iter()
        .filter(equal)
        .find_map(|intent| match &intent.state {
            IntentState::Open { started } if !money.facts.iter().any(|fact| ends(fact, started)) => {
                Some((intent, started.clone()))
            }
            IntentState::Open { .. } | IntentState::Sending | IntentState::Refused { .. } => None,
        })
}

fn ends(fact: &Fact, started: &Started) -> bool {
    fact.payment == started.object && (fact.closes_payment() || fact.money().is_some())
}

async fn send<C: HttpClient>(ports: &Ports<C>, mut intent: Box<Intent>) -> Result<Response<Body>, Error> {
    let sent = ports.stripe.start(&intent, &Payer::default()).await;
    intent.version += 1;
    match sent {
        Ok(started) => {
            intent.state = IntentState::Open {
                started: started.clone(),
            };
            // Somebody else sent the same later: the provider gave them the same payment.
            let _: Option<Stale> = ports.payments.put_intent(&intent).await?;
            tracing::info!(payment.id = %intent.id, order.id = %intent.order, "payment.started");
            Ok(respond(&intent, &started))
        }
        Err(CallError::Refused { status, code }) => {
            tracing::warn!(payment.id = %intent.id, status, code, "payment.start.refused");
            intent.state = IntentState::Refused { code: code.clone() };
            let _: Option<Stale> = ports.payments.put_intent(&intent).await?;
            Err(Error::Refused(code))
        }
        Err(error @ (CallError::Unanswered(_) | CallError::Misfit(_) | CallError::Unsupported)) => {
            tracing::error!(payment.id = %intent.id, %error, "payment.start.failed");
            Err(Error::Provider)
        }
    }
}

fn respond(intent: &Intent, started: &Started) -> Response<Body> {
    let answer = Answer {
        payment_id: intent.id.to_string(),
        order_id: intent.order.to_string(),
        provider: intent.provider,
        mode: intent.mode,
        amount: intent.amount.amount(),
        currency: intent.amount.currency().code(),
        provider_payment_id: started.object.as_str(),
        client_secret: started.client_secret.as_deref(),
        url: started.url.as_deref(),
    };
    web::json(201, &answer)
}
