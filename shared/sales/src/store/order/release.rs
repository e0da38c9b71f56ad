//! Changes of an order that give its stock back in the same transaction.

use dynamo::{CommitError, Part, StoreError};
use inventory::{Inventory, Reservation, SettleError, Settlement};

use super::Orders;
use crate::events::OrderEvent;
use crate::order::{Act, Cancel, Changed, LineQuantity, Order, Refused};

/// Why the parts of a change were refused: somebody else was quicker. Load the order and decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The order changed meanwhile.
    #[error("the order changed meanwhile")]
    Order,
    /// Its stock was settled meanwhile.
    #[error("the order's stock was settled meanwhile")]
    Stock,
}

/// Why an order did not change.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The order refuses it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The order and its reservation do not fit each other: a person must look.
    #[error("the order's stock is not held")]
    NotHeld(#[source] SettleError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change, with the parts that commit it: the order's, its history's, its events' and its stock's.
#[derive(Debug)]
pub struct Releasing {
    /// The order after the change.
    pub changed: Changed,
    /// Commit all of them, with others of the caller's.
    pub parts: Vec<Part<Lost>>,
}

impl Orders {
    /// Expires an order that waits for its payment and is due, and gives all its stock back.
    pub async fn expire(&self, inventory: &Inventory, order: Order, act: &Act) -> Result<Releasing, ReleaseError> {
        let id = order.id();
        let changed = order.expire(act)?;
        let held = inventory.reservation(id).await?;
        let stock = held
            .map(|held| inventory.release(&held))
            .transpose()?
            .unwrap_or_default();
        self.releasing(changed, stock)
    }

    /// Cancels an order or some of its units, and gives their stock back.
    pub async fn cancel(
        &self,
        inventory: &Inventory,
        order: Order,
        what: &Cancel,
        act: &Act,
    ) -> Result<Releasing, ReleaseError> {
        let id = order.id();
        let changed = order.cancel(what, act)?;
        let held = inventory.reservation(id).await?;
        let stock = held
            .map(|held| stock_of(inventory, &held, &changed))
            .transpose()?
            .unwrap_or_default();
        self.releasing(changed, stock)
    }

    fn releasing(
        &self,
        changed: Changed,
        stock: Vec<Part<inventory::StockRefusal>>,
    ) -> Result<Releasing, ReleaseError> {
        let mut parts = self.save(&changed, Lost::Order)?;
        parts.extend(stock.into_iter().map(|part| part.map(|_| Lost::Stock)));
        Ok(Releasing { changed, parts })
    }

    /// Commits parts; `Ok(Some)` is the first refusal.
    ///
    /// # Errors
    ///
    /// When the store fails.
    #[tracing::instrument(name = "db.order.commit", skip_all)]
    pub async fn commit<R: Clone>(&self, parts: Vec<Part<R>>) -> Result<Option<R>, StoreError> {
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(None),
            Err(error) => CommitError::first(error).map(Some),
        }
    }
}

fn stock_of(
    inventory: &Inventory,
    held: &Reservation,
    changed: &Changed,
) -> Result<Vec<Part<inventory::StockRefusal>>, ReleaseError> {
    let (whole, units) = cancelled(changed);
    if whole {
        return Ok(inventory.release(held)?);
    }
    let quantities = changed.order.stock(&units);
    inventory
        .settle(held, &quantities, Settlement::Release)?
        .map_err(ReleaseError::NotHeld)
}

fn cancelled(changed: &Changed) -> (bool, Vec<LineQuantity>) {
    let mut units = Vec::new();
    for event in &changed.events {
        if let OrderEvent::Cancelled(event) = event {
            if event.whole {
                return (true, Vec::new());
            }
            units.extend(event.lines.iter().map(|line| LineQuantity {
                line: line.line_id,
                quantity: line.quantity,
            }));
        }
    }
    (false, units)
}
