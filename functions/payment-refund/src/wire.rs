//! What the function is made of.

use payments::Payments;
use runtime::{ConfigError, Function, FunctionError, Host};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable or a secret is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let table = host.variable("PAYMENTS_TABLE")?;
    let ports = Ports {
        payments: Payments::new(host.dynamo(), &table, "", host.outbox()?),
        timers: host.timers()?,
        providers: payment_gateways::gateways(&host).await?,
    };
    Ok(Function::event(move |event| {
        let ports = ports.clone();
        async move { Ok::<_, FunctionError>(handle(&ports, event).await) }
    }))
}
