//! What the function is made of.

use fulfilment::Fulfilment;
use runtime::{ConfigError, Function, FunctionError, Host};
use sales::Orders;

use crate::{Ports, handle};

/// How long a parcel may go without news, in seconds, when nothing is said: three days.
const SILENCE_S: i64 = 259_200;

/// Wires the function.
///
/// # Errors
///
/// When a variable is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let silence_s = environment.parsed("SILENCE_SECONDS", SILENCE_S);
    environment.finish()?;
    let ports = Ports {
        fulfilment: Fulfilment::new(host.dynamo(), &host.variable("FULFILMENT_TABLE")?, host.outbox()?),
        orders: Orders::new(
            host.dynamo(),
            &host.variable("SALES_TABLE")?,
            host.outbox()?,
            host.timers()?,
        ),
        timers: host.timers()?,
        ambient: host.ambient(),
        silence_s,
    };
    Ok(Function::event(move |event| {
        let ports = ports.clone();
        async move { Ok::<_, FunctionError>(handle(&ports, event).await) }
    }))
}
