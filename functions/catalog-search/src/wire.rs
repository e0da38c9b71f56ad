//! What the function is made of.

use std::sync::Arc;

use catalog::Catalog;
use dynamo::Outbox;
use inventory::Inventory;
use kernel::Currency;
use runtime::{ConfigError, Function, Host};
use ucp::{Negotiator, Offer, Platforms};

use crate::{Ports, handle};

struct Config {
    catalog_table: String,
    inventory_table: String,
    public_url: String,
    currency: String,
    platforms: String,
    loopback: bool,
}

impl Config {
    fn read(host: &Host) -> Result<Self, ConfigError> {
        let mut environment = host.environment();
        let config = Self {
            catalog_table: environment.required("CATALOG_TABLE"),
            inventory_table: environment.required("INVENTORY_TABLE"),
            public_url: environment.required("PUBLIC_URL"),
            currency: environment.required("DEFAULT_CURRENCY"),
            platforms: environment.optional("UCP_PLATFORMS").unwrap_or_default(),
            loopback: environment.parsed("EGRESS_LOOPBACK", false),
        };
        environment.finish()?;
        Ok(config)
    }
}

fn fault(error: impl std::fmt::Display) -> ConfigError {
    ConfigError::from(error.to_string())
}

/// Wires the function.
///
/// # Errors
///
/// When the configuration is incomplete.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let config = Config::read(&host)?;
    let platforms = Platforms::parse(&config.platforms, config.loopback).map_err(fault)?;
    // How we are paid plays no part in the catalogue.
    let offer = Offer::shop(&config.public_url, std::collections::BTreeMap::new());
    let dynamo = host.dynamo();
    let ports = Arc::new(Ports {
        negotiator: Negotiator::new(offer, platforms, host.web_client(), host.ambient()),
        catalog: Catalog::new(dynamo.clone(), &config.catalog_table),
        // Stock is only read here: nothing is ever appended.
        inventory: Inventory::new(dynamo, Outbox::new(""), &config.inventory_table),
        currency: config.currency.parse::<Currency>().map_err(fault)?,
    });
    Ok(Function::http(move |request| {
        let ports = Arc::clone(&ports);
        async move { handle(&ports, request).await }
    }))
}
