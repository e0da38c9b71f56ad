//! The whole platform from the templates.

mod carrier;
mod kill;
mod ledger;
mod order;
mod oversell;
mod payments;
mod refusals;

use std::collections::BTreeMap;

use local::{Options, Platform, Running};
use tests::{
    doubles::{
        agent::Agent,
        alipay::{Account as AlipayAccount, AlipayDouble},
        stripe::StripeDouble,
        wechat_pay::{Account as WechatPayAccount, WechatPayDouble},
    },
    shop::Shop,
};

/// The Stripe webhook secret of the development secrets.
pub(crate) const STRIPE_SECRET: &str = "whsec_dev_public_not_a_secret_0000000001";

/// A running platform with the world around it.
pub(crate) struct Stage {
    pub(crate) platform: Running,
    pub(crate) stripe: StripeDouble,
    pub(crate) wechat_pay: WechatPayDouble,
    pub(crate) alipay: AlipayDouble,
    pub(crate) agent: Agent,
    pub(crate) shop: Shop,
}

impl Stage {
    /// The demo shop in memory; schedules fire only by hand.
    pub(crate) async fn set() -> Self {
        Self::with(&[]).await
    }

    /// The same, with parameters of the templates.
    pub(crate) async fn with(parameters: &[(&str, &str)]) -> Self {
        let stripe = StripeDouble::start(0, "http://127.0.0.1:1/", STRIPE_SECRET).await;
        let mut parameters: BTreeMap<String, String> = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let wechat_pay = WechatPayDouble::start(0, WechatPayAccount::dev()).await;
        let alipay = AlipayDouble::start(0, AlipayAccount::dev()).await;
        for (name, value) in [
            (
                "PaymentProviders",
                "stripe,wechat_pay,alipay,cash_on_delivery".to_owned(),
            ),
            ("StripeApiBase", stripe.url()),
            ("WechatPayApiBase", wechat_pay.url()),
            ("AlipayGatewayUrl", alipay.gateway()),
        ] {
            parameters.insert(name.to_owned(), value);
        }
        let options = Options {
            parameters,
            seed: local::Seed::Demo,
            schedules: false,
            ..Options::ephemeral()
        };
        let platform = Platform::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        stripe.notify(&format!("{}/webhooks/payments/stripe", platform.base_url));
        let agent = Agent::start(0, &platform.base_url, |_| {}).await;
        let token = platform.staff_token.clone().expect("the demo seed saves a staff token");
        let shop = Shop::new(&platform.base_url, &agent.header(), &token);
        Self {
            platform,
            stripe,
            wechat_pay,
            alipay,
            agent,
            shop,
        }
    }

    /// Waits until no message, stream record or invocation is left.
    pub(crate) async fn settle(&self) {
        self.platform
            .sources
            .idle()
            .await
            .unwrap_or_else(|busy| panic!("{busy}"));
    }

    /// Fires the schedule of a function, whose answer it gives.
    pub(crate) async fn fire(&self, function: &str) -> serde_json::Value {
        let mut outcomes = self.platform.sources.fire(function).await.unwrap();
        match outcomes.pop() {
            Some(local::invoke::Outcome::Answer(answer)) if outcomes.is_empty() => answer,
            outcome => panic!("{function}: {outcome:?}, and {outcomes:?}"),
        }
    }

    /// At the end of a test: the books are right, nobody was refused a right that they need, and no message was given up.
    pub(crate) async fn audit(&self) {
        self.settle().await;
        ledger::check(self).await;
        assert_eq!(
            self.platform.permissions.denied(),
            [],
            "rights that templates do not grant"
        );
        let sqs = &self.platform.handles.sqs;
        for queue in sqs.queues().into_iter().filter(|queue| queue.contains("DeadLetters")) {
            assert_eq!(sqs.statistics(&queue).unwrap().visible, 0, "{queue}");
        }
    }

    /// A fresh variant with its own stock.
    pub(crate) async fn goods(&self, name: &str, stock: u32) -> String {
        goods(&self.shop, &self.platform.variables, name, stock).await
    }
}

/// Creates, publishes and stocks a product of one variant.
pub(crate) async fn goods(shop: &Shop, variables: &BTreeMap<String, String>, name: &str, stock: u32) -> String {
    use serde_json::json;
    let product = json!({
        "category": "tea", "title": {"en": name, "zh": name}, "description": {"en": name},
        "attributes": {}, "media": [{"url": "https://cdn.demo.example/goods.jpg"}], "options": [],
        "variants": [{"sku": name, "options": [], "prices": [{"amount": 1_000, "currency": "CNY"}], "weight_grams": 100}],
    });
    let created = shop.staff.post("/v1/products", &product).await;
    let mut tag = created.header("etag").to_owned();
    let created = created.expect(201);
    let id = created["id"].as_str().unwrap().to_owned();
    for step in ["submit", "approve"] {
        let key = format!("{id}-{step}");
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key.as_str()),
            ("if-match", tag.as_str()),
        ];
        let path = format!("/v1/products/{id}/{step}");
        let answer = shop
            .staff
            .send(http::Method::POST, &path, &headers, b"{}".to_vec())
            .await
            .unwrap();
        answer.header("etag").clone_into(&mut tag);
        answer.expect(200);
    }
    let variant = created["content"]["variants"][0]["id"].as_str().unwrap().to_owned();
    let receipt = json!({"location": variables["location"], "lines": [{"variant": variant, "quantity": stock}]});
    shop.staff.post("/v1/stock/receipts", &receipt).await.expect(201);
    variant
}
