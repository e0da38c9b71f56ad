//! What the function is made of.

use payments::Payments;
use runtime::{ConfigError, Function, FunctionError, Host};
use serde::de::IgnoredAny;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let ports = Ports {
        payments: Payments::new(host.dynamo(), &host.variable("PAYMENTS_TABLE")?, "", host.outbox()?),
        timers: host.timers()?,
    };
    Ok(Function::event(move |_: IgnoredAny| {
        let ports = ports.clone();
        async move {
            handle(&ports)
                .await
                .map_err(|error| FunctionError::new("Dispute.Failed", error))
        }
    }))
}
