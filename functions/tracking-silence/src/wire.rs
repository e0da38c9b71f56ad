//! What the function is made of.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use fulfilment::Fulfilment;
use runtime::{ConfigError, Function, FunctionError, Host};

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let ports = Ports {
        fulfilment: Fulfilment::new(host.dynamo(), &host.variable("FULFILMENT_TABLE")?, host.outbox()?),
        timers: host.timers()?,
        ambient: host.ambient(),
    };
    Ok(Function::event(move |_: EventBridgeEvent| {
        let ports = ports.clone();
        async move {
            handle(&ports)
                .await
                .map_err(|error| FunctionError::new("Silence.Failed", error))
        }
    }))
}
