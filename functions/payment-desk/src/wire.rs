//! What the function is made of.

use payments::Payments;
use runtime::{ConfigError, Function, Host};
use sales::Orders;

use crate::{Ports, RefundLimits, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let sales = environment.required("SALES_TABLE");
    let (payments, ledger) = (
        environment.required("PAYMENTS_TABLE"),
        environment.required("LEDGER_TABLE"),
    );
    let limits = environment.parsed("REFUND_LIMITS", RefundLimits::default());
    environment.finish()?;
    let dynamo = host.dynamo();
    let ports = Ports {
        payments: Payments::new(dynamo.clone(), &payments, &ledger, host.outbox()?),
        orders: Orders::new(dynamo.clone(), &sales, host.outbox()?, host.timers()?),
        idempotency: host.idempotency()?,
        dynamo,
        limits,
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
