//! Staff are told a day before evidence of a dispute is due.
//!
//! Each minute the timers that have come due are swept. A timer is a hint: the dispute's record says whether it is still
//! open, when evidence is due by now, and whether staff were told. Telling is one transaction over exactly the record that
//! was read: `payment.dispute_due`, a case, and the note that they were told.
//!
//! Running twice, early, late, at the same time or half is harmless: who was told is not told again, and a timer that failed
//! fires again in the next sweep.

mod wire;

use dynamo::{StoreError, Timers};
use kernel::OrderId;
use payments::{EVIDENCE_TIMER, ObjectId, Payments, Provider, Warned};
use serde::Serialize;
pub use wire::wire;

/// How often one dispute is looked at again in one sweep, when somebody else changes it at the same time.
const TRIES_MAX: u32 = 4;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Disputes.
    pub payments: Payments,
    /// Due times.
    pub timers: Timers,
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Timers that fired, whether somebody was told or not.
    pub fired: u32,
    /// Timers that fire again in the next sweep.
    pub failed: u32,
    /// Seconds from the oldest due time to now.
    pub lag_s: i64,
}

/// Tells of what is due soon.
///
/// # Errors
///
/// When the timers cannot be read; who was told stays told.
pub async fn handle(ports: &Ports) -> Result<Answer, StoreError> {
    let fire = |due: dynamo::Due| async move { fire(ports, &due.entity).await };
    let swept = ports.timers.sweep(EVIDENCE_TIMER, fire).await?;
    tracing::info!(
        fired = swept.fired,
        failed = swept.failed,
        lag_s = swept.lag_s,
        "dispute.deadlines.swept"
    );
    Ok(Answer {
        fired: swept.fired,
        failed: swept.failed,
        lag_s: swept.lag_s,
    })
}

fn named(entity: &str) -> Option<(OrderId, Provider, ObjectId)> {
    let mut parts = entity.split('#');
    let order = parts.next()?.parse().ok()?;
    let provider = parts.next()?.parse().ok()?;
    let dispute = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((order, provider, dispute))
}

#[tracing::instrument(name = "dispute.warn", skip_all, fields(dispute = entity))]
async fn fire(ports: &Ports, entity: &str) -> Result<(), StoreError> {
    let Some((order, provider, dispute)) = named(entity) else {
        tracing::error!("dispute.unknown: a timer names no dispute");
        return Ok(());
    };
    for _ in 0..TRIES_MAX {
        let Some(known) = ports.payments.dispute(order, provider, &dispute).await? else {
            tracing::error!("dispute.missing: a timer names a dispute that is not there");
            return Ok(());
        };
        match ports.payments.warn_of_evidence(&known).await? {
            Some(Warned::Now) => {
                tracing::warn!(order.id = %order, "dispute.evidence_due");
                return Ok(());
            }
            Some(Warned::Nothing) => return Ok(()),
            None => {}
        }
    }
    Err(StoreError::Throttled)
}

#[cfg(test)]
mod tests;
