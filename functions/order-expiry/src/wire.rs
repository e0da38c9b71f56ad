//! What the function is made of.

use inventory::Inventory;
use runtime::{ConfigError, Function, FunctionError, Host};
use sales::Orders;
use serde::de::IgnoredAny;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let ports = Ports {
        orders: Orders::new(
            host.dynamo(),
            &host.variable("SALES_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        inventory: Inventory::new(host.dynamo(), host.outbox()?, &host.variable("INVENTORY_TABLE")?),
        timers: host.timers()?,
        ambient: host.ambient(),
    };
    Ok(Function::event(move |_: IgnoredAny| {
        let ports = ports.clone();
        async move {
            handle(&ports)
                .await
                .map_err(|error| FunctionError::new("Expiry.Failed", error))
        }
    }))
}
