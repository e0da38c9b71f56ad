//! Wires the function: environment → configuration → ports → handler.

use std::sync::Arc;

use catalog::Catalog;
use inventory::Inventory;
use payments::Payments;
use privacy::{MasterKeys, Vault};
use runtime::{ConfigError, Function, Host};
use sales::{Orders, Sessions, checkout::Market, order::PAYMENT_DUE_S};
use ucp::{Negotiator, Offer, Platforms, payment, signature::SigningKey};

use crate::{Ports, handle};

struct Config {
    sales_table: String,
    inventory_table: String,
    catalog_table: String,
    payments_table: String,
    person_keys_table: String,
    public_url: String,
    storefront: String,
    development_payments: bool,
    payment_handlers: String,
    platforms: String,
    loopback: bool,
    payment_due_s: i64,
}

impl Config {
    fn read(host: &Host) -> Result<Self, ConfigError> {
        let mut environment = host.environment();
        let public_url = environment.required("PUBLIC_URL");
        let config = Self {
            sales_table: environment.required("SALES_TABLE"),
            inventory_table: environment.required("INVENTORY_TABLE"),
            catalog_table: environment.required("CATALOG_TABLE"),
            payments_table: environment.required("PAYMENTS_TABLE"),
            person_keys_table: environment.required("PERSON_KEYS_TABLE"),
            storefront: environment
                .optional("STOREFRONT_URL")
                .unwrap_or_else(|| public_url.clone()),
            public_url,
            development_payments: environment.parsed("DEVELOPMENT_PAYMENTS", false),
            payment_handlers: environment.optional("PAYMENT_HANDLERS").unwrap_or_default(),
            platforms: environment.optional("UCP_PLATFORMS").unwrap_or_default(),
            loopback: environment.parsed("EGRESS_LOOPBACK", false),
            payment_due_s: environment.parsed("PAYMENT_DUE_SECONDS", PAYMENT_DUE_S),
        };
        environment.finish()?;
        Ok(config)
    }
}

fn fault(error: impl std::fmt::Display) -> ConfigError {
    ConfigError::from(error.to_string())
}

/// The function, wired for a host.
///
/// # Errors
///
/// When the configuration is incomplete or a secret cannot be read.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let config = Config::read(&host)?;
    let master_keys = MasterKeys::parse(&host.secret("MASTER_KEYS_SECRET").await?).map_err(fault)?;
    let signing_key = SigningKey::parse(&host.secret("UCP_SIGNING_KEYS_SECRET").await?).map_err(fault)?;
    let handlers = payment::handlers(&config.payment_handlers, config.development_payments).map_err(fault)?;
    let platforms = Platforms::parse(&config.platforms, config.loopback).map_err(fault)?;
    let offer = Offer::shop(&config.public_url, handlers);
    let (dynamo, outbox, ambient) = (host.dynamo(), host.outbox()?, host.ambient());
    let ports = Arc::new(Ports {
        negotiator: Negotiator::new(offer, platforms, host.web_client(), ambient.clone()),
        shelf: Catalog::new(dynamo.clone(), &config.catalog_table),
        inventory: Inventory::new(dynamo.clone(), outbox.clone(), &config.inventory_table),
        sessions: Sessions::new(dynamo.clone(), &config.sales_table),
        orders: Orders::new(dynamo.clone(), &config.sales_table, outbox.clone(), host.timers()?),
        payments: Payments::new(dynamo.clone(), &config.payments_table, "", outbox),
        vault: Vault::new(dynamo.clone(), &config.person_keys_table, master_keys),
        idempotency: host.idempotency()?,
        dynamo,
        market: Market::parse("").map_err(fault)?,
        storefront: config.storefront.trim_end_matches('/').to_owned(),
        signing_key,
        payment_due_s: config.payment_due_s,
        ambient,
    });
    Ok(Function::http(move |request| {
        let ports = Arc::clone(&ports);
        async move { handle(&ports, request).await }
    }))
}
