//! Wires the function: environment → configuration → the document → handler.

use std::sync::Arc;

use runtime::{ConfigError, Function, Host};
use ucp::{Offer, payment, signature::SigningKey};

use crate::{Document, handle};

fn fault(error: impl std::fmt::Display) -> ConfigError {
    ConfigError::from(error.to_string())
}

/// The function, wired for a host.
///
/// # Errors
///
/// When the configuration is incomplete or the signing keys cannot be read.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let public_url = environment.required("PUBLIC_URL");
    let development = environment.parsed("DEVELOPMENT_PAYMENTS", false);
    let configured = environment.optional("PAYMENT_HANDLERS").unwrap_or_default();
    environment.finish()?;
    let keys = SigningKey::parse(&host.secret("UCP_SIGNING_KEYS_SECRET").await?).map_err(fault)?;
    let handlers = payment::handlers(&configured, development).map_err(fault)?;
    let document = Arc::new(Document::of(&Offer::shop(&public_url, handlers), keys.public_keys()));
    Ok(Function::http(move |request| {
        let document = Arc::clone(&document);
        async move { handle(&document, &request) }
    }))
}
