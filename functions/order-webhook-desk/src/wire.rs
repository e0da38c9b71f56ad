//! What the function is made of.

use messaging::Webhooks;
use runtime::{ConfigError, Function, Host};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let ports = Ports {
        webhooks: Webhooks::new(
            host.dynamo(),
            &host.variable("MESSAGING_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        idempotency: host.idempotency()?,
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
