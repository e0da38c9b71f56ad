//! The platform with the world around it.

use std::{collections::BTreeMap, sync::Arc};

use local::{Options, Platform, Running, Seed, Storage};
use serde_json::json;
use template::model::EventSource;
use tests::{
    doubles::{agent::Agent, stripe::StripeDouble},
    server::{self, Server},
    shop::Shop,
};
use tokio::runtime::Runtime;

use crate::watch::Watch;

/// The Stripe webhook secret of the development secrets.
const STRIPE_SECRET: &str = "whsec_dev_public_not_a_secret_0000000001";
/// Units of each variant beside the demo shop's: as many as one receipt may bring in, more than are ever sold here.
const STOCK: u32 = 1_000_000;

/// A running platform, and who deals with it.
pub(crate) struct Stage {
    pub(crate) platform: Running,
    pub(crate) stripe: StripeDouble,
    pub(crate) shop: Shop,
    pub(crate) watch: Arc<Watch>,
    /// Goods that do not run out.
    pub(crate) variants: Vec<String>,
    _agent: Agent,
    _keys: Server,
}

impl Stage {
    /// The demo shop with plenty of stock.
    pub(crate) async fn set(hosting: &Runtime, storage: Storage, schedules: bool) -> Arc<Self> {
        let stripe = StripeDouble::start(0, "http://127.0.0.1:1/", STRIPE_SECRET).await;
        let watch = Arc::new(Watch::default());
        let options = Options {
            parameters: BTreeMap::from([("StripeApiBase".to_owned(), stripe.url())]),
            seed: Seed::Demo,
            interceptors: vec![watch.clone()],
            storage,
            schedules,
            ..Options::ephemeral()
        };
        let starting = hosting.spawn(Platform::start(options));
        let started = starting.await.expect("the start does not panic");
        let platform = started.unwrap_or_else(|error| panic!("{error}"));
        stripe.notify(&format!("{}/webhooks/payments/stripe", platform.base_url));
        // Checking signatures is the tests' affair: here it would ask the shop for its keys at every webhook.
        let keys = Server::start(0, |_| async { server::json(200, &json!({"signing_keys": []})) }).await;
        let agent = Agent::start(0, &keys.url(), |_| {}).await;
        let token = platform.staff_token.clone().expect("the demo seed saves a staff token");
        let shop = Shop::new(&platform.base_url, &agent.header(), &token);
        let variants = shop.search("runner").await;
        for variant in &variants {
            let lines = json!([{"variant": variant, "quantity": STOCK}]);
            let receipt = json!({"location": platform.variables["location"], "lines": lines});
            shop.staff.post("/v1/stock/receipts", &receipt).await.expect(201);
        }
        Arc::new(Self {
            platform,
            stripe,
            shop,
            watch,
            variants,
            _agent: agent,
            _keys: keys,
        })
    }

    /// Waits until no message, stream record or invocation is left.
    pub(crate) async fn settle(&self) {
        self.platform
            .sources
            .idle()
            .await
            .unwrap_or_else(|busy| panic!("{busy}"));
    }

    /// Fires every schedule once.
    pub(crate) async fn sweep(&self) {
        for (function, declared) in &self.platform.handles.stack.functions {
            let is_schedule = |source: &EventSource| matches!(source, EventSource::Schedule(_));
            if declared.sources.iter().any(is_schedule) {
                let fired = self.platform.sources.fire(function).await;
                fired.unwrap_or_else(|error| panic!("{error}"));
            }
        }
    }

    /// Drains the platform.
    pub(crate) async fn strike(self: Arc<Self>, hosting: &Runtime) {
        let stage = Arc::into_inner(self).expect("no client is left");
        let draining = hosting.spawn(stage.platform.shutdown());
        draining.await.expect("the end does not panic");
    }
}
