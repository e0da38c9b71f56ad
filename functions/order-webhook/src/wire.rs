//! What the function is made of.

use std::sync::Arc;

use messaging::Webhooks;
use privacy::{MasterKeys, Vault};
use runtime::{ConfigError, Function, FunctionError, Host};
use sales::Orders;
use ucp::signature::SigningKey;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing, or a secret cannot be read.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let master = MasterKeys::parse(&host.secret("MASTER_KEYS_SECRET").await?);
    let signing = SigningKey::parse(&host.secret("UCP_SIGNING_KEYS_SECRET").await?);
    let public_url = host.variable("PUBLIC_URL")?;
    let ports = Arc::new(Ports {
        orders: Orders::new(
            host.dynamo(),
            &host.variable("SALES_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        webhooks: Webhooks::new(
            host.dynamo(),
            &host.variable("MESSAGING_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        vault: Vault::new(
            host.dynamo(),
            &host.variable("PERSON_KEYS_TABLE")?,
            master.map_err(|error| ConfigError::from(error.to_string()))?,
        ),
        client: host.web_client(),
        key: signing.map_err(|error| ConfigError::from(error.to_string()))?,
        storefront_url: host
            .environment()
            .optional("STOREFRONT_URL")
            .unwrap_or_else(|| public_url.clone()),
        public_url,
        ambient: host.ambient(),
    });
    Ok(Function::event(move |event| {
        let ports = Arc::clone(&ports);
        async move { Ok::<_, FunctionError>(handle(&ports, event).await) }
    }))
}
