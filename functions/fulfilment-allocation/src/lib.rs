//! Paid orders become shipments to pick; cancelled units are stopped before they leave.
//!
//! A message only says which order to look at: what is to do is read from the order itself. So it may come twice, late or
//! before the other: what is allocated is not allocatable again, what was given up is no surplus again. The order's change,
//! the shipments and their events commit in one transaction guarded by the order's version, so half of it never happens,
//! and of two handlers at once one looks again.

mod wire;

use dynamo::{CommitError, Part, StoreError};
use fulfilment::{
    Component, Fulfilment, Held, ORDER_SHIPMENTS_MAX, Refused, Shipment, ShipmentLine, Units, shipment_id, spread,
    surplus,
};
use inventory::{Inventory, Reservation};
use kernel::{Actor, Ambient, Envelope, Event, OpenError, OrderId};
use queue::{Failure, SqsBatchResponse, SqsEvent, consume};
use sales::{
    Orders,
    events::v1::{OrderCancelled, OrderConfirmed, OrderPaid},
    order::{self, Act, LineQuantity, Order},
};
pub use wire::wire;

/// How often one order is looked at again, when somebody else changes it at the same time.
const TRIES_MAX: u32 = 4;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Shipments.
    pub fulfilment: Fulfilment,
    /// Orders.
    pub orders: Orders,
    /// Where their stock lies.
    pub inventory: Inventory,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// Why an order could not be looked after now.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The message is of a shape that this version does not know.
    #[error(transparent)]
    Event(#[from] OpenError),
    /// The order is not there although an event tells of it.
    #[error("there is no order {0}")]
    Missing(OrderId),
    /// The order refuses what it said was possible.
    #[error("the order refused")]
    Order(#[source] order::Refused),
    /// A shipment refuses what it said was possible.
    #[error("a shipment refused")]
    Shipment(#[source] Refused),
    /// Others changed the order every time.
    #[error("others changed the order {TRIES_MAX} times")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Busy | Error::Missing(_) => Self::retry(error),
            Error::Store(store) if store.retryable() => Self::retry(error),
            Error::Event(_) | Error::Order(_) | Error::Shipment(_) | Error::Store(_) => Self::terminal(error),
        }
    }
}

/// Somebody else was quicker: look again.
#[derive(Debug, Clone, Copy)]
struct Raced;

/// Handles a batch of `order.paid`, `order.confirmed` and `order.cancelled`; other events are none of ours.
pub async fn handle(ports: &Ports, event: SqsEvent) -> SqsBatchResponse {
    consume(event, |envelope| async move {
        one(ports, &envelope).await.map_err(Failure::from)
    })
    .await
}

async fn one(ports: &Ports, envelope: &Envelope) -> Result<(), Error> {
    let (order, paid) = match envelope.name.as_str() {
        OrderPaid::NAME => (envelope.open::<OrderPaid>()?.order_id, true),
        OrderConfirmed::NAME => (envelope.open::<OrderConfirmed>()?.order_id, true),
        OrderCancelled::NAME => (envelope.open::<OrderCancelled>()?.order_id, false),
        other => {
            tracing::warn!(event.name = other, "fulfilment.event.unexpected");
            return Ok(());
        }
    };
    for _ in 0..TRIES_MAX {
        let writes = if paid {
            allocate(ports, order, envelope).await?
        } else {
            stop(ports, order, envelope).await?
        };
        match ports.fulfilment.dynamo().commit(writes).await {
            Ok(()) => return Ok(()),
            Err(CommitError::Refused(_) | CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Error::Busy)
}

/// The writes that make shipments of everything that is paid for and not allocated; none when there is nothing.
#[tracing::instrument(name = "shipment.allocate", skip_all, fields(order.id = %id))]
async fn allocate(ports: &Ports, id: OrderId, envelope: &Envelope) -> Result<Vec<Part<Raced>>, Error> {
    let order = ports.orders.get(id).await?.ok_or(Error::Missing(id))?;
    let units = order.allocatable();
    // One under review is allocated when that is over: `order.confirmed` comes then.
    if units.is_empty() || order.under_review() || order.state().name() != order::StateName::Confirmed {
        return Ok(Vec::new());
    }
    let held = ports
        .inventory
        .reservation(id)
        .await?
        .map(|reservation| held(&reservation))
        .unwrap_or_default();
    let batches = spread(&lines(&order, &units), &held);
    let correlation = envelope.id.to_string();
    let now = ports.ambient.now();
    let placed_at = order.placed_at();
    let act = Act::by(Actor::system("fulfilment-allocation"), now).caused_by(&correlation);
    let changed = order.allocate(&units, &act).map_err(Error::Order)?;
    let mut writes = ports.orders.save(&changed, Raced)?;
    tracing::info!(shipments = batches.len(), "shipment.allocated");
    for (location, lines) in batches.into_iter().take(ORDER_SHIPMENTS_MAX) {
        let created = Shipment::create(shipment_id(id, location, placed_at), id, location, lines, now);
        writes.extend(ports.fulfilment.insert(&created, Some(&correlation), Raced)?);
    }
    Ok(writes)
}

fn held(reservation: &Reservation) -> Vec<Held> {
    let held = |take: &inventory::Take| Held {
        location: take.location,
        variant: take.variant,
        // Also what was sold at payment: it lies there until it is picked.
        quantity: take.quantity.saturating_sub(take.released),
    };
    reservation.takes.iter().map(held).collect()
}

fn lines(order: &Order, units: &[LineQuantity]) -> Vec<ShipmentLine> {
    let line = |unit: &LineQuantity| {
        let line = order.line(unit.line)?;
        let component = |part: &order::Component| Component {
            variant: part.variant,
            quantity: part.quantity,
        };
        Some(ShipmentLine {
            line: line.id,
            title: line.title.clone(),
            quantity: unit.quantity,
            components: line.components.iter().map(component).collect(),
        })
    };
    units.iter().filter_map(line).collect()
}

/// The writes that take cancelled units out of shipments that have not left; none when there are none.
#[tracing::instrument(name = "shipment.stop", skip_all, fields(order.id = %id))]
async fn stop(ports: &Ports, id: OrderId, envelope: &Envelope) -> Result<Vec<Part<Raced>>, Error> {
    let order = ports.orders.get(id).await?.ok_or(Error::Missing(id))?;
    let shipments = ports.fulfilment.of_order(id).await?;
    let active = |line: &order::Line| Units {
        line: line.id,
        quantity: line.quantity.ordered.saturating_sub(line.quantity.cancelled),
    };
    let active: Vec<Units> = order.lines().iter().map(active).collect();
    let correlation = envelope.id.to_string();
    let mut writes = Vec::new();
    let given = surplus(&shipments, &active);
    for shipment in shipments {
        let Some((_, units)) = given.iter().find(|(id, _)| *id == shipment.id) else {
            continue;
        };
        let changed = shipment.reduce(units, ports.ambient.now()).map_err(Error::Shipment)?;
        tracing::info!(shipment.id = %changed.shipment.id, state = %changed.shipment.state.name(), "shipment.reduced");
        writes.extend(ports.fulfilment.save(&changed, Some(&correlation), Raced)?);
    }
    Ok(writes)
}

#[cfg(test)]
mod tests;
