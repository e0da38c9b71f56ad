//! What the function is made of.

use inventory::Inventory;
use privacy::{MasterKeys, Vault};
use runtime::{ConfigError, Function, Host};
use sales::Orders;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing or the master keys cannot be read.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let keys = MasterKeys::parse(&host.secret("MASTER_KEYS_SECRET").await?);
    let keys = keys.map_err(|error| ConfigError::from(error.to_string()))?;
    let ports = Ports {
        orders: Orders::new(
            host.dynamo(),
            &host.variable("SALES_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        inventory: Inventory::new(host.dynamo(), host.outbox()?, &host.variable("INVENTORY_TABLE")?),
        idempotency: host.idempotency()?,
        vault: Vault::new(host.dynamo(), &host.variable("PERSON_KEYS_TABLE")?, keys),
        ambient: host.ambient(),
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
