//! Deliveries and endpoints. Access patterns: `delivery.of-order`, `delivery.get`, `delivery.save`, `delivery.list`,
//! `endpoint.get`, `endpoint.save`, `endpoint.list-stopped`.

use dynamo::{CommitError, Consistency, Cursor, Due, Dynamo, Outbox, Page, Part, Query, StoreError, Timer, Timers};
use kernel::{DeliveryId, Envelope, Event, OrderId};

use super::{item, keys};
use crate::{
    events::v1::{WebhookEndpointStopped, WebhookFellDue},
    webhook::{Decision, Delivery, DeliveryState, Endpoint, EndpointId, EndpointState, Reference},
};

/// Kind of the timers of deliveries that wait for their next attempt.
pub const RETRY_TIMER: &str = "order-webhook";
/// The newest deliveries of an order that are looked at for a newer one.
pub const DELIVERIES_LOOKED_AT_MAX: u16 = 100;
/// How long a delivery that fell due is left to the attempt that was asked for, in seconds; then it falls due again, in
/// case that attempt got lost.
const LEASE_S: i64 = 15 * 60;

/// Somebody else was quicker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The delivery changed meanwhile.
    #[error("the delivery changed meanwhile")]
    Delivery,
    /// The endpoint was stopped meanwhile.
    #[error("the endpoint was stopped meanwhile")]
    Endpoint,
    /// An equal request was quicker.
    #[error("an equal request was quicker")]
    Request,
}

/// Keeps deliveries and endpoints. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Webhooks {
    pub(super) dynamo: Dynamo,
    pub(super) table: String,
    pub(super) outbox: Outbox,
    pub(super) timers: Timers,
}

impl Webhooks {
    /// On the messaging table.
    pub fn new(dynamo: Dynamo, table: &str, outbox: Outbox, timers: Timers) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
            outbox,
            timers,
        }
    }

    /// The newest deliveries of an order, newest event first, at most [`DELIVERIES_LOOKED_AT_MAX`].
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn of_order(&self, order: OrderId) -> Result<Vec<Delivery>, StoreError> {
        let query = self.order_query(order, DELIVERIES_LOOKED_AT_MAX).strong();
        let page = self.dynamo.query(query).await?;
        page.items.into_iter().map(item::to_delivery).collect()
    }

    /// A page of the deliveries of an order, newest event first.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list_of_order(
        &self,
        order: OrderId,
        limit: u16,
        after: Option<Cursor>,
    ) -> Result<Page<Delivery>, StoreError> {
        deliveries(self.dynamo.query(self.order_query(order, limit).after(after)).await?)
    }

    fn order_query(&self, order: OrderId, limit: u16) -> Query {
        Query::new(&self.table, "pk = :order AND begins_with(sk, :delivery)", limit)
            .text(":order", order.to_string())
            .text(":delivery", keys::DELIVERY)
            .descending()
    }

    /// A delivery, as of the last commit.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn get(&self, order: OrderId, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let found = self
            .dynamo
            .get_item(&self.table, &keys::delivery(order, id), Consistency::Strong)
            .await?;
        found.map(item::to_delivery).transpose()
    }

    /// A page of an endpoint's deliveries in a state, newest first. Lags a little behind.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list_of_endpoint(
        &self,
        id: &EndpointId,
        state: &'static str,
        limit: u16,
        after: Option<Cursor>,
    ) -> Result<Page<Delivery>, StoreError> {
        deliveries(self.list(&Self::endpoint_list(id, state), limit, after).await?)
    }

    /// The partition of that list, for its cursors.
    pub fn endpoint_list(id: &EndpointId, state: &'static str) -> String {
        keys::endpoint_list(id, state)
    }

    /// A page of the stopped endpoints, last stopped first. Lags a little behind.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn list_stopped(&self, limit: u16, after: Option<Cursor>) -> Result<Page<Endpoint>, StoreError> {
        let page = self.list(keys::STOPPED, limit, after).await?;
        let items = page
            .items
            .into_iter()
            .map(item::to_endpoint)
            .collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// The partition of that list, for its cursors.
    pub const fn stopped_list() -> &'static str {
        keys::STOPPED
    }

    async fn list(&self, list: &str, limit: u16, after: Option<Cursor>) -> Result<Page<dynamo::Item>, StoreError> {
        let query = Query::new(&self.table, "#list = :list", limit)
            .index(keys::LISTS)
            .name("#list", "list")
            .text(":list", list)
            .descending()
            .after(after);
        self.dynamo.query(query).await
    }

    /// An endpoint's record; `None` when nothing ever went wrong with it.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn endpoint(&self, id: &EndpointId) -> Result<Option<Endpoint>, StoreError> {
        let found = self
            .dynamo
            .get_item(&self.table, &keys::endpoint(id), Consistency::Strong)
            .await?;
        found.map(item::to_endpoint).transpose()
    }

    /// Keeps a delivery that changed, with its timer when it waits.
    ///
    /// # Errors
    ///
    /// `Ok(Err)` when it changed meanwhile.
    pub async fn save(&self, delivery: &Delivery) -> Result<Result<(), Lost>, StoreError> {
        self.commit(self.delivery_parts(delivery)?).await
    }

    /// Keeps what an attempt came to: the delivery, and the endpoint when it is to be paused or stopped, with the event that
    /// tells staff; and the event that asks for an early second attempt. An endpoint that was stopped meanwhile stays so, and
    /// nothing is asked for.
    ///
    /// # Errors
    ///
    /// `Ok(Err)` when the delivery changed meanwhile.
    pub async fn record(&self, decision: &Decision, origin: &str) -> Result<Result<(), Lost>, StoreError> {
        let mut parts = self.delivery_parts(&decision.delivery)?;
        parts.extend(self.endpoint_parts(decision, origin)?);
        if decision.soon {
            parts.push(self.told(&WebhookFellDue {
                order_id: decision.delivery.order_id,
                delivery_id: decision.delivery.id,
                version: decision.delivery.version,
            })?);
        }
        match self.commit(parts).await? {
            Err(Lost::Endpoint) => self.save(&decision.delivery).await,
            done => Ok(done),
        }
    }

    pub(super) fn delivery_parts(&self, delivery: &Delivery) -> Result<Vec<Part<Lost>>, StoreError> {
        let item = item::of_delivery(delivery)?;
        let part = match delivery.version {
            0 | 1 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version.saturating_sub(1)),
        };
        let mut parts = vec![part.refused(Lost::Delivery)];
        if let DeliveryState::Waiting { due_at } = delivery.state {
            let entity = Reference {
                order: delivery.order_id,
                delivery: delivery.id,
            }
            .to_string();
            parts.push(self.timers.set(&Timer {
                kind: RETRY_TIMER,
                due_at,
                entity,
            })?);
        }
        Ok(parts)
    }

    fn endpoint_parts(&self, decision: &Decision, origin: &str) -> Result<Vec<Part<Lost>>, StoreError> {
        let now = decision.delivery.updated_at;
        let id = decision.delivery.endpoint.clone();
        let state = match (decision.stop, decision.pause) {
            (Some(reason), _) => EndpointState::Stopped { at: now, reason },
            (None, Some(until)) => EndpointState::Paused { until },
            (None, None) => return Ok(Vec::new()),
        };
        let endpoint = Endpoint {
            id: id.clone(),
            origin: origin.to_owned(),
            state,
        };
        let part = Part::put(&self.table, item::of_endpoint(&endpoint)?)
            .when("attribute_not_exists(pk) OR #stopped = :no")
            .name("#stopped", "stopped")
            .value(":no", &false)?
            .refused(Lost::Endpoint);
        let mut parts = vec![part];
        if let Some(reason) = decision.stop {
            let event = WebhookEndpointStopped {
                endpoint_id: id,
                origin: origin.to_owned(),
                reason,
            };
            parts.push(self.told(&event)?);
        }
        Ok(parts)
    }

    fn told<E: Event>(&self, event: &E) -> Result<Part<Lost>, StoreError> {
        let envelope = Envelope::of(event, self.dynamo.ambient(), None).map_err(|error| StoreError::Corrupt {
            pk: event.key(),
            sk: E::NAME.to_owned(),
            attribute: error.to_string(),
        })?;
        self.outbox.append(&envelope)
    }

    /// A timer fired: asks for the delivery's next attempt by an event, when it waits and is due. It falls due again after a
    /// lease, in case that attempt gets lost. Whether an attempt was asked for.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn fall_due(&self, due: &Due) -> Result<bool, StoreError> {
        let Ok(Reference { order, delivery }) = due.entity.parse::<Reference>() else {
            tracing::error!(
                timer.entity = due.entity,
                "webhook.timer.unknown: a timer names no delivery"
            );
            return Ok(false);
        };
        let now = self.dynamo.ambient().now();
        let Some(found) = self.get(order, delivery).await?.filter(|found| found.is_due(now)) else {
            return Ok(false);
        };
        let leased = found.become_state(
            DeliveryState::Waiting {
                due_at: now.plus_seconds(LEASE_S),
            },
            now,
        );
        let mut parts = self.delivery_parts(&leased)?;
        parts.push(self.told(&WebhookFellDue {
            order_id: order,
            delivery_id: delivery,
            version: leased.version,
        })?);
        Ok(self.commit(parts).await?.is_ok())
    }

    pub(super) async fn commit(&self, parts: Vec<Part<Lost>>) -> Result<Result<(), Lost>, StoreError> {
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(Ok(())),
            Err(error) => CommitError::first(error).map(Err),
        }
    }
}

fn deliveries(page: Page<dynamo::Item>) -> Result<Page<Delivery>, StoreError> {
    let items = page
        .items
        .into_iter()
        .map(item::to_delivery)
        .collect::<Result<_, _>>()?;
    Ok(Page { items, next: page.next })
}
