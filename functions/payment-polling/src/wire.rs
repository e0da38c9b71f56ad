//! What the function is made of.

use payments::Payments;
use runtime::{ConfigError, Function, FunctionError, Host};
use serde::de::IgnoredAny;

use crate::{ASK_TIMEOUT, Ports, handle};

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
        ambient: host.ambient(),
        ask_timeout: ASK_TIMEOUT,
    };
    Ok(Function::event(move |_: IgnoredAny| {
        let ports = ports.clone();
        async move {
            handle(&ports)
                .await
                .map_err(|error| FunctionError::new("Polling.Failed", error))
        }
    }))
}
