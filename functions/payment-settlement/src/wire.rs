//! What the function is made of.

use inventory::Inventory;
use payments::{ESCROW_DAYS_MAX, Payments};
use runtime::{ConfigError, Function, FunctionError, Host};
use sales::Orders;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let (sales, stock) = (
        environment.required("SALES_TABLE"),
        environment.required("INVENTORY_TABLE"),
    );
    let (payments, ledger) = (
        environment.required("PAYMENTS_TABLE"),
        environment.required("LEDGER_TABLE"),
    );
    let development_payments = environment.parsed("DEVELOPMENT_PAYMENTS", false);
    let escrow_days = environment.parsed("ESCROW_DAYS", 0_u16);
    environment.finish()?;
    let dynamo = host.dynamo();
    let ports = Ports {
        payments: Payments::new(dynamo.clone(), &payments, &ledger, host.outbox()?),
        orders: Orders::new(dynamo.clone(), &sales, host.outbox()?, host.timers()?),
        inventory: Inventory::new(dynamo.clone(), host.outbox()?, &stock),
        timers: host.timers()?,
        escrow_days: escrow_days.min(ESCROW_DAYS_MAX),
        dynamo,
        development_payments,
    };
    Ok(Function::event(move |event| {
        let ports = ports.clone();
        async move { Ok::<_, FunctionError>(handle(&ports, event).await) }
    }))
}
