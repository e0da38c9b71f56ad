//! What the function is made of.

use payments::{Payments, provider::stripe::Secrets};
use runtime::{ConfigError, Function, Host};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable or the secret is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let stripe = Secrets::parse(&host.secret("STRIPE_WEBHOOK_SECRET").await?)
        .map_err(|error| ConfigError::from(format!("the secret of STRIPE_WEBHOOK_SECRET is {error}")))?;
    let payments = Payments::new(host.dynamo(), &host.variable("PAYMENTS_TABLE")?, "", host.outbox()?);
    let ports = Ports { payments, stripe };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
