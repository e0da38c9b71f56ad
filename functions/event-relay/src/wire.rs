//! What the function is made of.

use runtime::{ConfigError, Function, FunctionError, Host};

use crate::{Routes, handle};

/// Wires the function: the queues of each event are in `EVENT_ROUTES`.
///
/// # Errors
///
/// When the variable is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let routes =
        Routes::parse(&host.variable("EVENT_ROUTES")?).map_err(|error| ConfigError::from(error.to_string()))?;
    let publisher = host.publisher();
    Ok(Function::event(move |event| {
        let (routes, publisher) = (routes.clone(), publisher.clone());
        async move { Ok::<_, FunctionError>(handle(&publisher, &routes, event).await) }
    }))
}
