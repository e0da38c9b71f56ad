//! What the function is made of.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use messaging::Webhooks;
use runtime::{ConfigError, Function, FunctionError, Host};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let ports = Ports {
        webhooks: Webhooks::new(
            host.dynamo(),
            &host.variable("MESSAGING_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        timers: host.timers()?,
    };
    Ok(Function::event(move |_: EventBridgeEvent| {
        let ports = ports.clone();
        async move {
            handle(&ports)
                .await
                .map_err(|error| FunctionError::new("Retry.Failed", error))
        }
    }))
}
