//! What the function is made of.

use payments::{
    Payments,
    provider::stripe::{Returns, Stripe},
};
use runtime::{ConfigError, Function, Host, WebClient};
use sales::Orders;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{Ports, handle};

#[derive(Deserialize)]
struct StripeKey {
    secret_key: String,
}

/// Wires the function.
///
/// # Errors
///
/// When a variable or the secret is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let base = environment.required("STRIPE_API_BASE");
    let storefront = environment.required("STOREFRONT_URL");
    let (sales, payments) = (
        environment.required("SALES_TABLE"),
        environment.required("PAYMENTS_TABLE"),
    );
    let livemode = environment.parsed("STRIPE_LIVEMODE", false);
    environment.finish()?;
    let stripe = gateway(&host, base, &storefront).await?;
    let ports = Ports {
        payments: Payments::new(host.dynamo(), &payments, "", host.outbox()?),
        orders: Orders::new(host.dynamo(), &sales, host.outbox()?, host.timers()?),
        stripe,
        livemode,
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}

async fn gateway(host: &Host, base: String, storefront: &str) -> Result<Stripe<WebClient>, ConfigError> {
    let secret = host.secret("STRIPE_KEY_SECRET").await?;
    let shape = |_| ConfigError::from(r#"the secret of STRIPE_KEY_SECRET is not {"secret_key":"…"}"#.to_owned());
    let key: StripeKey = serde_json::from_str(secret.expose_secret()).map_err(shape)?;
    let storefront = storefront.trim_end_matches('/');
    let returns = Returns {
        success_url: format!("{storefront}/orders/paid"),
        cancel_url: format!("{storefront}/orders/unpaid"),
    };
    Ok(Stripe::new(
        host.web_client(),
        base,
        SecretString::from(key.secret_key),
        returns,
    ))
}
