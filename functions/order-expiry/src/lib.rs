//! Unpaid orders expire and give their stock back.
//!
//! Each minute the timers that have come due are swept; nothing is ever scanned. A timer is a hint: the order says
//! whether it still waits for its payment and is due, and its version decides between an expiry and a payment that
//! happen at once: exactly one of them commits, and the other one looks again.
//!
//! Running twice, early, late, at the same time or half is harmless: an order that is not waiting or not due is left
//! alone, and a timer whose order failed to expire fires again in the next sweep.

mod wire;

use dynamo::{StoreError, Timers};
use inventory::Inventory;
use kernel::{Actor, Ambient, OrderId};
use sales::{
    EXPIRY_TIMER, Orders, ReleaseError,
    order::{Act, Refused},
};
use serde::Serialize;
pub use wire::wire;

/// How often one order is looked at again in one sweep, when somebody else changes it at the same time.
const TRIES_MAX: u32 = 4;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Orders.
    pub orders: Orders,
    /// Stock.
    pub inventory: Inventory,
    /// Due times.
    pub timers: Timers,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Timers that fired, whether their order expired or needed nothing.
    pub fired: u32,
    /// Timers that fire again in the next sweep.
    pub failed: u32,
    /// Seconds from the oldest due time to now.
    pub lag_s: i64,
}

/// Why an order could not be expired now; its timer stays.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others changed it every time.
    #[error("others changed the order {TRIES_MAX} times")]
    Busy,
    /// The order, its stock or the store.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Expires what is due.
///
/// # Errors
///
/// When the timers cannot be read; what was expired stays expired.
pub async fn handle(ports: &Ports) -> Result<Answer, StoreError> {
    let fire = |due: dynamo::Due| async move { fire(ports, &due.entity).await };
    let swept = ports.timers.sweep(EXPIRY_TIMER, fire).await?;
    tracing::info!(
        fired = swept.fired,
        failed = swept.failed,
        lag_s = swept.lag_s,
        "order.expiry.swept"
    );
    Ok(Answer {
        fired: swept.fired,
        failed: swept.failed,
        lag_s: swept.lag_s,
    })
}

/// One timer: expires its order, or finds that there is nothing to do.
async fn fire(ports: &Ports, entity: &str) -> Result<(), Error> {
    let Ok(id) = entity.parse::<OrderId>() else {
        tracing::error!(timer.entity = entity, "order.expiry.unknown: a timer names no order");
        return Ok(());
    };
    for _ in 0..TRIES_MAX {
        if expire(ports, id).await? {
            return Ok(());
        }
    }
    Err(Error::Busy)
}

/// Whether the order is done with; `false` when somebody else was quicker.
#[tracing::instrument(name = "order.expire", skip_all, fields(order.id = %id))]
async fn expire(ports: &Ports, id: OrderId) -> Result<bool, Error> {
    let Some(order) = ports.orders.get(id).await? else {
        tracing::error!("order.expiry.missing: a timer names an order that is not there");
        return Ok(true);
    };
    let act = Act::by(Actor::system("order-expiry"), ports.ambient.now());
    let releasing = match ports.orders.expire(&ports.inventory, order, &act).await {
        Ok(releasing) => releasing,
        // Paid, cancelled, expired before, or not due: nothing to do.
        Err(ReleaseError::Refused(Refused::Transition(_))) => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    let lost = ports.orders.commit(releasing.parts).await?;
    if lost.is_none() {
        tracing::info!("order.expired");
    }
    Ok(lost.is_none())
}

#[cfg(test)]
mod tests;
