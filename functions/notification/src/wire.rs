//! What the function is made of.

use std::sync::Arc;

use messaging::{Notifications, notification::Address};
use privacy::{MasterKeys, Vault};
use runtime::{ConfigError, Function, FunctionError, Host, WebClient};
use sales::Orders;

use crate::{Ports, Sender, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing, or a secret cannot be read.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let master = MasterKeys::parse(&host.secret("MASTER_KEYS_SECRET").await?);
    let environment = host.environment();
    let public_url = host.variable("PUBLIC_URL")?;
    let ports: Arc<Ports<WebClient>> = Arc::new(Ports {
        orders: Orders::new(
            host.dynamo(),
            &host.variable("SALES_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        notifications: Notifications::new(host.dynamo(), &host.variable("MESSAGING_TABLE")?),
        vault: Vault::new(
            host.dynamo(),
            &host.variable("PERSON_KEYS_TABLE")?,
            master.map_err(|error| ConfigError::from(error.to_string()))?,
        ),
        sender: Sender::new(host.web_client(), environment.optional("NOTIFICATION_WEBHOOK_URL")),
        storefront_url: environment.optional("STOREFRONT_URL").unwrap_or(public_url),
        staff: environment
            .optional("STAFF_NOTICE_ADDRESS")
            .and_then(|text| Address::new(&text)),
        ambient: host.ambient(),
    });
    Ok(Function::event(move |event| {
        let ports = Arc::clone(&ports);
        async move { Ok::<_, FunctionError>(handle(&ports, event).await) }
    }))
}
