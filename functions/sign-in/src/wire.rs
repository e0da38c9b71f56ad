//! Configuration of `sign-in`.

use std::sync::Arc;

use identity::{
    Codes, Customers, Hasher, Limits, Peppers, Sessions, StaffAccounts,
    token::{Issuer, SigningKeys, TOKEN_MINUTES_MAX},
};
use privacy::{MasterKeys, Vault};
use runtime::{ConfigError, Function, Host};

use crate::{Ports, handle};

/// Reads the variables and secrets that `infra/identity.yaml` gives this function.
///
/// # Errors
///
/// When a variable is missing or a secret does not have its form.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let public_url = environment.required("PUBLIC_URL");
    let table = environment.required("IDENTITY_TABLE");
    let person_keys = environment.required("PERSON_KEYS_TABLE");
    let countries = environment.required("PHONE_COUNTRIES");
    let staff_token_minutes = environment.parsed("STAFF_TOKEN_MINUTES", TOKEN_MINUTES_MAX);
    environment.finish()?;
    let keys = SigningKeys::parse(&host.secret("JWT_SIGNING_KEYS_SECRET").await?).map_err(wrong)?;
    let peppers = Peppers::parse(&host.secret("IDENTITY_PEPPERS_SECRET").await?).map_err(wrong)?;
    let master_keys = MasterKeys::parse(&host.secret("MASTER_KEYS_SECRET").await?).map_err(wrong)?;
    let dynamo = host.dynamo();
    let ports = Arc::new(Ports {
        customers: Customers::new(dynamo.clone(), &table),
        staff: StaffAccounts::new(dynamo.clone(), &table),
        codes: Codes::new(dynamo.clone(), &table),
        sessions: Sessions::new(dynamo.clone(), &table, peppers.clone()),
        limits: Limits::new(dynamo.clone(), &table),
        idempotency: host.idempotency()?,
        outbox: host.outbox()?,
        vault: Vault::new(dynamo.clone(), &person_keys, master_keys),
        hasher: Hasher::new(peppers, host.ambient()),
        issuer: Issuer::new(keys, &public_url),
        staff_token_minutes,
        phone_countries: countries.split(',').map(|country| country.trim().to_owned()).collect(),
        dynamo,
    });
    Ok(Function::http(move |request| {
        let ports = Arc::clone(&ports);
        async move { handle(&ports, request).await }
    }))
}

fn wrong(error: impl std::fmt::Display) -> ConfigError {
    ConfigError::from(error.to_string())
}
