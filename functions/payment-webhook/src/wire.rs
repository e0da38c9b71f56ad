//! What the function is made of.

use payments::Payments;
use runtime::{ConfigError, Function, Host};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable or a secret is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let ports = Ports {
        payments: Payments::new(host.dynamo(), &host.variable("PAYMENTS_TABLE")?, "", host.outbox()?),
        ingresses: payment_gateways::ingresses(&host).await?,
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
