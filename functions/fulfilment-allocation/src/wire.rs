//! What the function is made of.

use fulfilment::Fulfilment;
use inventory::Inventory;
use runtime::{ConfigError, Function, FunctionError, Host};
use sales::Orders;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let ports = Ports {
        fulfilment: Fulfilment::new(host.dynamo(), &host.variable("FULFILMENT_TABLE")?, host.outbox()?),
        orders: Orders::new(
            host.dynamo(),
            &host.variable("SALES_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        inventory: Inventory::new(host.dynamo(), host.outbox()?, &host.variable("INVENTORY_TABLE")?),
        ambient: host.ambient(),
    };
    Ok(Function::event(move |event| {
        let ports = ports.clone();
        async move { Ok::<_, FunctionError>(handle(&ports, event).await) }
    }))
}
