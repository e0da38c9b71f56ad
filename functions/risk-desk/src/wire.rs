//! What the function is made of.

use payments::Payments;
use runtime::{ConfigError, Function, Host};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let payments = environment.required("PAYMENTS_TABLE");
    environment.finish()?;
    let dynamo = host.dynamo();
    let ports = Ports {
        payments: Payments::new(dynamo.clone(), &payments, "", host.outbox()?),
        idempotency: host.idempotency()?,
        dynamo,
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
