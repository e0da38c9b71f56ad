//! What the function is made of.

use payments::Payments;
use runtime::{ConfigError, Function, Host};
use sales::Orders;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable or a secret is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let (sales, payments) = (
        environment.required("SALES_TABLE"),
        environment.required("PAYMENTS_TABLE"),
    );
    let livemode = environment.parsed("STRIPE_LIVEMODE", false);
    environment.finish()?;
    let ports = Ports {
        payments: Payments::new(host.dynamo(), &payments, "", host.outbox()?),
        orders: Orders::new(host.dynamo(), &sales, host.outbox()?, host.timers()?),
        timers: host.timers()?,
        gateways: payment_gateways::gateways(&host).await?,
        livemode,
    };
    Ok(Function::http(move |request| {
        let ports = ports.clone();
        async move { handle(&ports, request).await }
    }))
}
