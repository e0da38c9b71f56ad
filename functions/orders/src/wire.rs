//! What the function is made of.

use std::sync::Arc;

use identity::token::{AUDIENCE, RemoteVerifier};
use inventory::Inventory;
use privacy::{MasterKeys, Vault};
use runtime::{ConfigError, Function, Host};
use sales::Orders;
use ucp::{Negotiator, Offer, Platforms, signature::SigningKey};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing or malformed, or a secret cannot be read.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let fault = |error: &dyn std::error::Error| ConfigError::from(error.to_string());
    let keys = MasterKeys::parse(&host.secret("MASTER_KEYS_SECRET").await?).map_err(|error| fault(&error))?;
    let signing_key =
        SigningKey::parse(&host.secret("UCP_SIGNING_KEYS_SECRET").await?).map_err(|error| fault(&error))?;
    let mut environment = host.environment();
    let public_url = environment.required("PUBLIC_URL");
    let storefront_url = environment
        .optional("STOREFRONT_URL")
        .unwrap_or_else(|| public_url.clone());
    let known = environment.optional("UCP_PLATFORMS").unwrap_or_default();
    let loopback = environment.parsed("EGRESS_LOOPBACK", false);
    let unsigned = environment.parsed("UNSIGNED_ORDER_READS", false);
    environment.finish()?;
    let platforms = Platforms::parse(&known, loopback).map_err(|error| fault(&error))?;
    let offer = Offer::shop(&public_url, ucp::Registry::default());
    let ports = Ports {
        orders: Orders::new(
            host.dynamo(),
            &host.variable("SALES_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        inventory: Inventory::new(host.dynamo(), host.outbox()?, &host.variable("INVENTORY_TABLE")?),
        idempotency: host.idempotency()?,
        vault: Vault::new(host.dynamo(), &host.variable("PERSON_KEYS_TABLE")?, keys),
        negotiator: Arc::new(Negotiator::new(offer, platforms, host.web_client(), host.ambient())),
        verifier: Arc::new(RemoteVerifier::new(
            host.web_client(),
            &public_url,
            AUDIENCE,
            host.ambient(),
        )),
        signing_key: Arc::new(signing_key),
        storefront_url,
        unsigned,
        ambient: host.ambient(),
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
