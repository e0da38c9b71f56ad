#![doc = include_str!("../README.md")]

mod inbound;
mod outbound;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use inbound::ingresses;
pub use outbound::gateways;
use payments::provider::Provider;
use runtime::{ConfigError, Host};

/// The variable that names the providers.
const PROVIDERS: &str = "PAYMENT_PROVIDERS";

/// The providers that money is taken through, as `PAYMENT_PROVIDERS` names them.
///
/// # Errors
///
/// When the variable is missing, or names something else. Instant payments are no provider's: `DEVELOPMENT_PAYMENTS` lets
/// them in.
pub fn providers(host: &Host) -> Result<BTreeSet<Provider>, ConfigError> {
    let list = host.variable(PROVIDERS)?;
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| match name.parse() {
            Ok(Provider::Instant) | Err(_) => Err(ConfigError::from(format!("{PROVIDERS} names {name:?}"))),
            Ok(provider) => Ok(provider),
        })
        .collect()
}

/// Says which variable a secret came from, and never what is in it.
fn shape(variable: &str, error: impl std::fmt::Display) -> ConfigError {
    ConfigError::from(format!("the secret of {variable} is {error}"))
}
