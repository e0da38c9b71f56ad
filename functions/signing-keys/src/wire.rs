//! Configuration of `signing-keys`.

use std::sync::Arc;

use identity::token::SigningKeys;
use runtime::{ConfigError, Function, Host};

use crate::{Documents, handle};

/// Reads `PUBLIC_URL` and `JWT_SIGNING_KEYS_SECRET`, and makes both documents once.
///
/// # Errors
///
/// When a variable is missing or the secret does not hold signing keys.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let public_url = host.variable("PUBLIC_URL")?;
    let secret = host.secret("JWT_SIGNING_KEYS_SECRET").await?;
    let keys = SigningKeys::parse(&secret).map_err(|error| ConfigError::from(error.to_string()))?;
    let documents = Documents::of(keys.public(), &public_url).map_err(|error| ConfigError::from(error.to_string()))?;
    let documents = Arc::new(documents);
    Ok(Function::http(move |request| {
        let documents = Arc::clone(&documents);
        async move { handle(&documents, &request) }
    }))
}
