//! Money that is held for a merchant becomes theirs when nobody said otherwise in time.
//!
//! Each minute the timers that have come due are swept. A timer is a hint: the order's money says whether it is still held
//! and whether a dispute stops the clock; then it is looked at again a day later. The release is one transaction over
//! exactly the money that was read: its next version, and the posting from escrow to what is owed to the merchant.
//!
//! Running twice, early, late, at the same time or half is harmless: money that is released, or was never held, is left
//! alone, and a timer that failed fires again in the next sweep.

mod wire;

use dynamo::{CommitError, Dynamo, StoreError, Timers};
use kernel::OrderId;
use payments::{ESCROW_TIMER, Payments, Release, escrow_again};
use serde::Serialize;
pub use wire::wire;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Money and ledger.
    pub payments: Payments,
    /// Due times.
    pub timers: Timers,
    /// Sets the timers of disputed money.
    pub dynamo: Dynamo,
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Timers that fired, whether their money was released or not.
    pub fired: u32,
    /// Timers that fire again in the next sweep.
    pub failed: u32,
    /// Seconds from the oldest due time to now.
    pub lag_s: i64,
}

/// Releases what is due.
///
/// # Errors
///
/// When the timers cannot be read; what was released stays released.
pub async fn handle(ports: &Ports) -> Result<Answer, StoreError> {
    let fire = |due: dynamo::Due| async move { fire(ports, &due.entity).await };
    let swept = ports.timers.sweep(ESCROW_TIMER, fire).await?;
    tracing::info!(
        fired = swept.fired,
        failed = swept.failed,
        lag_s = swept.lag_s,
        "escrow.swept"
    );
    Ok(Answer {
        fired: swept.fired,
        failed: swept.failed,
        lag_s: swept.lag_s,
    })
}

#[tracing::instrument(name = "escrow.release", skip_all, fields(order.id = entity))]
async fn fire(ports: &Ports, entity: &str) -> Result<(), StoreError> {
    let Ok(order) = entity.parse::<OrderId>() else {
        tracing::error!("escrow.unknown: a timer names no order");
        return Ok(());
    };
    match ports.payments.release(order).await? {
        Release::Released => tracing::info!("escrow.released"),
        Release::Nothing => tracing::info!("escrow.nothing"),
        Release::Disputed => {
            let again = escrow_again(order, ports.payments.ambient().now());
            let part = ports.timers.set::<()>(&again)?;
            ports.dynamo.commit(vec![part]).await.or_else(CommitError::first)?;
            tracing::info!("escrow.disputed");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
