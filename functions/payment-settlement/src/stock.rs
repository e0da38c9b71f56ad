//! Stock for an order that was paid after it had expired.

use inventory::{PlanError, Reservation};
use kernel::OrderId;
use sales::order::{LineQuantity, Order};

use crate::{Error, Ports};

/// A plan for everything that the order needs; `None` when it is not there.
pub(crate) async fn plan(ports: &Ports, order: &Order) -> Result<Option<Reservation>, Error> {
    let id: OrderId = order.id();
    let units: Vec<LineQuantity> = order
        .lines()
        .iter()
        .map(|line| LineQuantity {
            line: line.id,
            quantity: line.quantity.ordered,
        })
        .collect();
    match ports.inventory.plan(id, &order.stock(&units)).await {
        Ok(plan) => Ok(Some(plan)),
        Err(PlanError::Short(_) | PlanError::TooMuch | PlanError::Scattered) => Ok(None),
        Err(PlanError::Store(error)) => Err(error.into()),
    }
}
