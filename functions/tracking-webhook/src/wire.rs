//! What the function is made of.

use fulfilment::{EasyPostKeys, Fulfilment, Kuaidi100Salts};
use runtime::{ConfigError, Function, Host};
use secrecy::ExposeSecret;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing, or a secret cannot be read or is not of its shape.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let shape = |name: &str| ConfigError::from(format!("the secret of {name} is not of its shape"));
    let salts = host.secret("KUAIDI100_SALT_SECRET").await?;
    let keys = host.secret("EASYPOST_WEBHOOK_SECRET").await?;
    let ports = Ports {
        fulfilment: Fulfilment::new(host.dynamo(), &host.variable("FULFILMENT_TABLE")?, host.outbox()?),
        kuaidi100: Kuaidi100Salts::parse(salts.expose_secret()).ok_or_else(|| shape("KUAIDI100_SALT_SECRET"))?,
        easypost: EasyPostKeys::parse(keys.expose_secret()).ok_or_else(|| shape("EASYPOST_WEBHOOK_SECRET"))?,
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
