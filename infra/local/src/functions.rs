//! The code of the functions, by the name of their binary: the one list here that is not in the templates.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use runtime::{ConfigError, Function, Host};

use crate::invoke::{Code, Failure};

type Wired = BoxFuture<'static, Result<Code, ConfigError>>;
type Wire = Arc<dyn Fn(Host) -> Wired + Send + Sync>;

/// Code by binary name.
#[derive(Clone, Default)]
pub struct Functions {
    wires: BTreeMap<String, Wire>,
}

impl Functions {
    /// The crates of `functions/`.
    pub fn of_this_build() -> Self {
        let mut functions = Self::default();
        macro_rules! host {
            ($($name:literal => $package:ident,)*) => {
                $(functions.add($name, |host| $package::wire(host));)*
            };
        }
        host! {
            "catalog-desk" => catalog_desk,
            "catalog-search" => catalog_search,
            "checkout" => checkout,
            "courier-desk" => courier_desk,
            "dispute-deadline" => dispute_deadline,
            "escrow-release" => escrow_release,
            "event-relay" => event_relay,
            "fulfilment-allocation" => fulfilment_allocation,
            "notification" => notification,
            "order-desk" => order_desk,
            "order-expiry" => order_expiry,
            "order-webhook" => order_webhook,
            "order-webhook-desk" => order_webhook_desk,
            "order-webhook-retry" => order_webhook_retry,
            "orders" => orders,
            "payment-desk" => payment_desk,
            "payment-polling" => payment_polling,
            "payment-reconciliation" => payment_reconciliation,
            "payment-refund" => payment_refund,
            "payment-settlement" => payment_settlement,
            "payment-start" => payment_start,
            "payment-webhook" => payment_webhook,
            "risk-desk" => risk_desk,
            "shipping-desk" => shipping_desk,
            "sign-in" => sign_in,
            "signing-keys" => signing_keys,
            "staff-desk" => staff_desk,
            "stock-desk" => stock_desk,
            "tracking-silence" => tracking_silence,
            "tracking-update" => tracking_update,
            "tracking-webhook" => tracking_webhook,
            "ucp-profile" => ucp_profile,
        }
        functions
    }

    /// Adds the code of one binary, as a function crate's `wire` gives it.
    pub fn add<F>(&mut self, binary: &str, wire: impl Fn(Host) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<Function, ConfigError>> + Send + 'static,
    {
        let wire: Wire = Arc::new(move |host| {
            let wired = wire(host);
            async move { wired.await.map(code) }.boxed()
        });
        self.wires.insert(binary.to_owned(), wire);
    }

    /// Adds code that is made from its variables at once; for tests of the platform itself.
    pub fn add_host(&mut self, binary: &str, make: impl Fn(&Host) -> Code + Send + Sync + 'static) {
        let wire: Wire = Arc::new(move |host| futures::future::ready(Ok(make(&host))).boxed());
        self.wires.insert(binary.to_owned(), wire);
    }

    /// Names of the binaries.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.wires.keys().map(String::as_str)
    }

    /// Wires one binary; `None` when there is no such binary.
    pub(crate) fn wire(&self, binary: &str, host: Host) -> Option<Wired> {
        self.wires.get(binary).map(|wire| wire(host))
    }
}

fn code(function: Function) -> Code {
    Arc::new(move |event, context| {
        let function = function.clone();
        async move {
            let answer = function.invoke(event, context).await;
            answer.map_err(|error| Failure {
                error_type: error.error_type,
                message: error.message,
            })
        }
        .boxed()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::Functions;
    use crate::options::default_template;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// Names of the folders of `functions/`.
    fn folders() -> BTreeSet<String> {
        let entries = std::fs::read_dir(root().join("functions"))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let crates = entries.filter(|path| path.join("src/wire.rs").exists());
        crates
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn every_function_crate_is_hosted() {
        let functions = Functions::of_this_build();
        assert_eq!(functions.names().map(str::to_owned).collect::<BTreeSet<_>>(), folders());
    }

    #[test]
    fn every_declared_function_has_its_crate_and_every_crate_is_declared() {
        let overrides = template::overrides(&root().join("samconfig.toml"), "local").unwrap();
        let mut options = template::Options {
            parameters: overrides,
            ..template::Options::default()
        };
        options
            .parameters
            .insert("PublicUrl".to_owned(), "http://127.0.0.1:8080".to_owned());
        let stack = template::read(&default_template(), &options).unwrap();
        let declared: BTreeSet<String> = stack
            .functions
            .values()
            .map(|function| function.binary.clone())
            .collect();
        assert_eq!(declared, folders());
    }
}
