//! Flags parcels that went quiet, once per silence.
//!
//! The timers that have come due are swept; nothing is scanned. A timer is a hint: the shipment says whether it is still
//! underway, since when nothing was heard, and whether that was flagged. So a firing that is early, late, double or of an
//! older scan does nothing, and a scan at the same time wins or makes the flag look again.

mod wire;

use dynamo::{CommitError, Part, StoreError, Timers};
use fulfilment::{Fulfilment, SILENCE_TIMER};
use kernel::{Ambient, ShipmentId};
use serde::Serialize;
pub use wire::wire;

/// How often one shipment is looked at again, when somebody else changes it at the same time.
const TRIES_MAX: u32 = 4;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Shipments.
    pub fulfilment: Fulfilment,
    /// Due times.
    pub timers: Timers,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Timers that fired, whether their shipment was flagged or needed nothing.
    pub fired: u32,
    /// Timers that fire again in the next sweep.
    pub failed: u32,
    /// Seconds from the oldest due time to now.
    pub lag_s: i64,
}

/// Why a shipment could not be flagged now; its timer stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others changed it every time.
    #[error("others changed the shipment {TRIES_MAX} times")]
    Busy,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Flags what is due.
///
/// # Errors
///
/// When the timers cannot be read; what was flagged stays flagged.
pub async fn handle(ports: &Ports) -> Result<Answer, StoreError> {
    let swept = ports
        .timers
        .sweep(SILENCE_TIMER, |due| async move { fire(ports, &due.entity).await })
        .await?;
    tracing::info!(
        fired = swept.fired,
        failed = swept.failed,
        lag_s = swept.lag_s,
        "tracking.silence.swept"
    );
    Ok(Answer {
        fired: swept.fired,
        failed: swept.failed,
        lag_s: swept.lag_s,
    })
}

async fn fire(ports: &Ports, entity: &str) -> Result<(), Error> {
    let Ok(id) = entity.parse::<ShipmentId>() else {
        tracing::error!(
            timer.entity = entity,
            "tracking.silence.unknown: a timer names no shipment"
        );
        return Ok(());
    };
    for _ in 0..TRIES_MAX {
        if flag(ports, id).await? {
            return Ok(());
        }
    }
    Err(Error::Busy)
}

/// Whether the shipment is done with; `false` when somebody else was quicker.
#[tracing::instrument(name = "shipment.silence", skip_all, fields(shipment.id = %id))]
async fn flag(ports: &Ports, id: ShipmentId) -> Result<bool, Error> {
    let Some(shipment) = ports.fulfilment.shipment(id).await? else {
        tracing::error!("tracking.silence.missing: a timer names a shipment that is not there");
        return Ok(true);
    };
    let Some(changed) = shipment.fall_silent(ports.ambient.now()) else {
        return Ok(true);
    };
    let writes: Vec<Part<()>> = ports.fulfilment.save(&changed, None, ())?;
    match ports.fulfilment.dynamo().commit(writes).await {
        Ok(()) => {
            tracing::warn!("shipment.silent");
            Ok(true)
        }
        Err(CommitError::Refused(_) | CommitError::Conflict) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
