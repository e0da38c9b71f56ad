//! The only place that names the fulfilment table, its attributes and its expressions.
//!
//! Access patterns: `docs/data-model/fulfilment.md`.

mod keys;
mod notices;
mod parcels;
mod shipments;
#[cfg(test)]
mod tests;

use dynamo::{Dynamo, Outbox, Part, StoreError, Timer, Timers};

pub use notices::{Kept, KeptNotice, RefusalReason};
pub use shipments::List;

use crate::{Shipment, events::ShipmentEvent};

/// Kind of the timers that silences are found by.
pub const SILENCE_TIMER: &str = "tracking-silence";

/// Shipments, parcels and notices, as kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fulfilment {
    dynamo: Dynamo,
    table: String,
    outbox: Outbox,
}

impl Fulfilment {
    /// On the fulfilment table, telling its events to the outbox.
    pub fn new(dynamo: Dynamo, table: &str, outbox: Outbox) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
            outbox,
        }
    }

    /// The store, to commit parts with.
    pub const fn dynamo(&self) -> &Dynamo {
        &self.dynamo
    }

    /// The part that tells of an event. It cannot be refused. Access pattern: `outbox.append`.
    ///
    /// # Errors
    ///
    /// When the event does not serialise.
    pub fn tell<R>(&self, event: &ShipmentEvent, correlation: Option<&str>) -> Result<Part<R>, StoreError> {
        let envelope = event
            .envelope(self.dynamo.ambient(), correlation)
            .map_err(|error| StoreError::Rejected(format!("event does not serialise: {error}")))?;
        self.outbox.append(&envelope)
    }

    /// The part that sets the timer of a shipment's next silence; none for one that has not left or has arrived. A timer
    /// that an earlier scan set stays and fires into nothing. Access pattern: `timer.set`.
    ///
    /// # Errors
    ///
    /// When the timer does not serialise.
    pub fn watch<R>(timers: &Timers, shipment: &Shipment) -> Result<Option<Part<R>>, StoreError> {
        let crate::State::Underway(consignment) = &shipment.state else {
            return Ok(None);
        };
        if consignment.silent_since.is_some() {
            return Ok(None);
        }
        let due_at = consignment.silence_due_at;
        timers
            .set(&Timer {
                kind: SILENCE_TIMER,
                due_at,
                entity: shipment.id.to_string(),
            })
            .map(Some)
    }
}
