//! Sends order events to the platform that placed the order.
//!
//! Each event of an order is one delivery: the whole order as it is now, signed, to the webhook URL that the platform's
//! profile named when the order was placed. What fails is tried again by timer, on a queue of its own; the message is
//! acknowledged, so that a dead endpoint holds up nobody.
//!
//! Running twice, late, out of order or half is harmless: a delivery that is kept is not sent for the same message again;
//! between the call and its record the same delivery goes out once more, with the same id and timestamp, which receivers
//! deduplicate by. A late attempt of an older event is skipped once a newer one was delivered, whose body was the whole
//! order; only the first event of an order is always sent.

mod body;
mod wire;

use dynamo::StoreError;
use kernel::{Ambient, Envelope, Event, OrderId, Timestamp};
use messaging::{
    Webhooks,
    events::v1::WebhookFellDue,
    webhook::{self, Delivery, DeliveryState, EndpointId, EndpointState, JITTER_PERCENT_MAX, Outcome},
};
use privacy::{Vault, VaultError};
use queue::{Failure, SqsBatchResponse, SqsEvent};
use sales::{Orders, order::Order};
use serde::Deserialize;
use ucp::signature::SigningKey;
use web::{HttpClient, SendError};
pub use wire::wire;

/// Tries of one attempt: receivers restart, and a connection that broke off is tried once more at once.
const TRIES_MAX: usize = 2;

/// What the function works with.
#[derive(Debug)]
pub struct Ports<C> {
    /// Orders.
    pub orders: Orders,
    /// Deliveries and endpoints.
    pub webhooks: Webhooks,
    /// Opens addresses.
    pub vault: Vault,
    /// Makes the calls.
    pub client: C,
    /// Signs them.
    pub key: SigningKey,
    /// Where our profile is, without a closing slash.
    pub public_url: String,
    /// Where buyers read their orders.
    pub storefront_url: String,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// Why a message is not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event names no order and version.
    #[error("the event is not one of an order")]
    Event,
    /// The order that it names is not there.
    #[error("the order is not there")]
    Missing,
    /// The body does not serialise.
    #[error("the order does not serialise")]
    Body(#[source] serde_json::Error),
    /// The buyer's key is there and does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Event | Error::Missing | Error::Body(_) | Error::Vault(VaultError::Unwrap(_)) => {
                Self::terminal(error)
            }
            Error::Vault(VaultError::Store(store)) | Error::Store(store) => {
                if store.retryable() {
                    Self::retry(error)
                } else {
                    Self::terminal(error)
                }
            }
        }
    }
}

/// What every event of an order says.
#[derive(Deserialize)]
struct OfOrder {
    order_id: OrderId,
    version: u64,
}

/// Handles messages of both queues: events of orders, and deliveries that fell due.
pub async fn handle<C: HttpClient>(ports: &Ports<C>, event: SqsEvent) -> SqsBatchResponse {
    queue::consume(event, |envelope| async move {
        one(ports, &envelope).await.map_err(Failure::from)
    })
    .await
}

async fn one<C: HttpClient>(ports: &Ports<C>, envelope: &Envelope) -> Result<(), Error> {
    if envelope.name == WebhookFellDue::NAME {
        let due = envelope.open().map_err(|_| Error::Event)?;
        return again(ports, &due).await;
    }
    let told = OfOrder::deserialize(&envelope.data).map_err(|_| Error::Event)?;
    first(ports, envelope, &told).await
}

/// The first attempt of an event. A delivery that is kept already was attempted: nothing to do.
#[tracing::instrument(name = "webhook.first", skip_all, fields(order.id = %told.order_id, event.id = %envelope.id))]
async fn first<C: HttpClient>(ports: &Ports<C>, envelope: &Envelope, told: &OfOrder) -> Result<(), Error> {
    let order = ports.orders.get(told.order_id).await?.ok_or(Error::Missing)?;
    let Some(url) = webhook_url(&order) else {
        return Ok(());
    };
    let now = ports.ambient.now();
    let delivery = Delivery::of(envelope, told.order_id, told.version, EndpointId::of(url), now);
    let others = ports.webhooks.of_order(told.order_id).await?;
    let kept = others.iter().any(|other| other.id == delivery.id)
        || (others.len() >= usize::from(messaging::DELIVERIES_LOOKED_AT_MAX)
            && ports.webhooks.get(told.order_id, delivery.id).await?.is_some());
    if kept {
        return Ok(());
    }
    attempt(ports, (&order, url), delivery, &others, now).await
}

/// A later attempt. Another version of the delivery means that somebody was quicker: nothing to do.
#[tracing::instrument(name = "webhook.again", skip_all, fields(order.id = %due.order_id, delivery.id = %due.delivery_id))]
async fn again<C: HttpClient>(ports: &Ports<C>, due: &WebhookFellDue) -> Result<(), Error> {
    let found = ports.webhooks.get(due.order_id, due.delivery_id).await?;
    let waits = |delivery: &Delivery| {
        delivery.version == due.version && matches!(delivery.state, DeliveryState::Waiting { .. })
    };
    let Some(delivery) = found.filter(waits) else {
        return Ok(());
    };
    let order = ports.orders.get(due.order_id).await?.ok_or(Error::Missing)?;
    let Some(url) = webhook_url(&order) else {
        return Ok(());
    };
    let others = ports.webhooks.of_order(due.order_id).await?;
    attempt(ports, (&order, url), delivery, &others, ports.ambient.now()).await
}

fn webhook_url(order: &Order) -> Option<&str> {
    order.platform()?.webhook_url.as_deref()
}

/// Sends a delivery, unless it is superseded or its endpoint is not sent to, and keeps what came of it.
async fn attempt<C: HttpClient>(
    ports: &Ports<C>,
    (order, url): (&Order, &str),
    delivery: Delivery,
    others: &[Delivery],
    now: Timestamp,
) -> Result<(), Error> {
    if let Some(instead) = not_sent(ports, &delivery, others, now).await? {
        tracing::info!(delivery.id = %delivery.id, state = instead.name(), "webhook.not.sent");
        let kept = ports.webhooks.save(&delivery.become_state(instead, now)).await?;
        tell(kept);
        return Ok(());
    }
    let outcome = send(ports, (order, url), &delivery).await?;
    let jitter = ports.ambient.random_below(JITTER_PERCENT_MAX + 1);
    let (id, endpoint) = (delivery.id, delivery.endpoint.clone());
    let decision = webhook::decide(
        delivery,
        &outcome,
        ports.ambient.now(),
        i64::try_from(jitter).unwrap_or_default(),
    );
    tracing::info!(
        delivery.id = %id,
        endpoint.id = %endpoint,
        attempts = decision.delivery.attempts,
        state = decision.delivery.state.name(),
        %outcome,
        "webhook.attempted"
    );
    if decision.stop.is_some() {
        tracing::warn!(endpoint.id = %endpoint, "webhook.endpoint.stopped");
    }
    tell(ports.webhooks.record(&decision, &origin(url)).await?);
    Ok(())
}

/// The state that a delivery takes without being sent.
async fn not_sent<C>(
    ports: &Ports<C>,
    delivery: &Delivery,
    others: &[Delivery],
    now: Timestamp,
) -> Result<Option<DeliveryState>, Error> {
    if delivery.superseded_by(others) {
        return Ok(Some(DeliveryState::Superseded));
    }
    let state = ports
        .webhooks
        .endpoint(&delivery.endpoint)
        .await?
        .map(|endpoint| endpoint.state);
    Ok(match state {
        Some(EndpointState::Stopped { .. }) => Some(DeliveryState::Held),
        // Later attempts have a queue of their own to wait in.
        Some(EndpointState::Paused { until }) if until > now && delivery.version == 0 => {
            Some(DeliveryState::Waiting { due_at: until })
        }
        Some(EndpointState::Open | EndpointState::Paused { .. }) | None => None,
    })
}

/// Somebody who was quicker kept the outcome of the same delivery: as good as ours.
fn tell(kept: Result<(), messaging::Lost>) {
    if let Err(lost) = kept {
        tracing::info!(%lost, "webhook.record.lost");
    }
}

async fn send<C: HttpClient>(
    ports: &Ports<C>,
    (order, url): (&Order, &str),
    delivery: &Delivery,
) -> Result<Outcome, Error> {
    let body = body::of(&ports.vault, order, &ports.storefront_url).await?;
    let agent = format!("{}/.well-known/ucp", ports.public_url);
    let request = webhook::request(delivery, (url, body), &agent, &ports.key, ports.ambient.now());
    let Ok(request) = request else {
        return Ok(Outcome::Forbidden);
    };
    let mut answer = ports.client.send(request.clone()).await;
    for _ in 1..TRIES_MAX {
        if !matches!(answer, Err(SendError::Broken(_))) {
            break;
        }
        answer = ports.client.send(request.clone()).await;
    }
    Ok(webhook::outcome(&answer))
}

/// Scheme, host and port: what people may see of a URL.
fn origin(url: &str) -> String {
    let host = url
        .split_once("://")
        .map(|(scheme, rest)| (scheme, rest.split(['/', '?', '#']).next().unwrap_or_default()));
    host.map_or_else(String::new, |(scheme, host)| {
        let host = host.rsplit('@').next().unwrap_or_default();
        format!("{scheme}://{host}")
    })
}

#[cfg(test)]
mod tests;
