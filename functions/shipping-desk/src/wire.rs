//! What the function is made of.

use fulfilment::Fulfilment;
use inventory::Inventory;
use privacy::{MasterKeys, Vault};
use runtime::{ConfigError, Function, Host};
use sales::Orders;

use crate::{Ports, handle};

/// How long a parcel may go without news, in seconds, when nothing is said: three days.
const SILENCE_S: i64 = 259_200;

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing or the master keys cannot be read.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let silence_s = environment.parsed("SILENCE_SECONDS", SILENCE_S);
    environment.finish()?;
    let keys = MasterKeys::parse(&host.secret("MASTER_KEYS_SECRET").await?)
        .map_err(|error| ConfigError::from(error.to_string()))?;
    let ports = Ports {
        fulfilment: Fulfilment::new(host.dynamo(), &host.variable("FULFILMENT_TABLE")?, host.outbox()?),
        orders: Orders::new(
            host.dynamo(),
            &host.variable("SALES_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        inventory: Inventory::new(host.dynamo(), host.outbox()?, &host.variable("INVENTORY_TABLE")?),
        timers: host.timers()?,
        idempotency: host.idempotency()?,
        vault: Vault::new(host.dynamo(), &host.variable("PERSON_KEYS_TABLE")?, keys),
        ambient: host.ambient(),
        silence_s,
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
