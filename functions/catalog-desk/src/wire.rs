//! What the function is made of.

use catalog::Catalog;
use runtime::{ConfigError, Function, Host};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let ports = Ports {
        catalog: Catalog::new(host.dynamo(), &host.variable("CATALOG_TABLE")?),
        idempotency: host.idempotency()?,
        outbox: host.outbox()?,
        ambient: host.ambient(),
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
