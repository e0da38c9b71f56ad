//! What the function is made of.

use kernel::Currency;
use payments::Payments;
use runtime::{ConfigError, Function, FunctionError, Host};
use serde::de::IgnoredAny;

use crate::{Ports, handle};

/// Wires the function.
///
/// # Errors
///
/// When a variable or a secret is missing or malformed.
pub async fn wire(host: Host) -> Result<Function, ConfigError> {
    let mut environment = host.environment();
    let (payments, ledger) = (
        environment.required("PAYMENTS_TABLE"),
        environment.required("LEDGER_TABLE"),
    );
    let currencies = environment.required("LEDGER_CURRENCIES");
    environment.finish()?;
    let ports = Ports {
        payments: Payments::new(host.dynamo(), &payments, &ledger, host.outbox()?),
        providers: payment_gateways::gateways(&host).await?,
        enabled: payment_gateways::providers(&host)?.into_iter().collect(),
        currencies: parse(&currencies)?,
        ambient: host.ambient(),
    };
    Ok(Function::event(move |_: IgnoredAny| {
        let ports = ports.clone();
        async move { Ok::<_, FunctionError>(handle(&ports).await) }
    }))
}

fn parse(csv: &str) -> Result<Vec<Currency>, ConfigError> {
    let wrong = |_| ConfigError::from("LEDGER_CURRENCIES is not a list of ISO 4217 codes".to_owned());
    csv.split(',').map(|code| code.trim().parse().map_err(wrong)).collect()
}
