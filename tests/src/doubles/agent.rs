//! A platform that shops by UCP: it publishes its profile and receives order webhooks.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use serde_json::{Value, json};
use ucp::signature::{Target, verify};

use crate::{
    client::Api,
    server::{Received, Server, json as answer},
};

/// Path of the profile.
const PROFILE: &str = "/profile.json";
/// Path of the webhook.
const WEBHOOK: &str = "/webhooks/orders";

/// An order webhook as it arrived.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// `Webhook-Id`.
    pub id: String,
    /// `Webhook-Timestamp`.
    pub timestamp: String,
    /// Whether the signature is one of the shop's published keys over exactly these bytes.
    pub verified: bool,
    /// The order.
    pub order: Value,
}

type OnWebhook = dyn Fn(&Webhook) + Send + Sync;

/// The platform's server and what it got.
pub struct Agent {
    server: Server,
    received: Arc<Mutex<Vec<Webhook>>>,
    status: Arc<Mutex<u16>>,
}

impl Agent {
    /// Listens on a loopback port; 0 takes a free one. `shop` is the shop whose keys webhooks are checked against.
    pub async fn start(port: u16, shop: &str, on_webhook: impl Fn(&Webhook) + Send + Sync + 'static) -> Self {
        let received: Arc<Mutex<Vec<Webhook>>> = Arc::default();
        let status = Arc::new(Mutex::new(200));
        let (kept, says, shop): (_, _, Arc<str>) = (Arc::clone(&received), Arc::clone(&status), shop.into());
        let on_webhook: Arc<OnWebhook> = Arc::new(on_webhook);
        let server = Server::start(port, move |request| {
            let (kept, says, shop, on_webhook) = (
                Arc::clone(&kept),
                Arc::clone(&says),
                Arc::clone(&shop),
                Arc::clone(&on_webhook),
            );
            async move {
                if request.path == PROFILE {
                    return profile(&request);
                }
                let webhook = webhook(&shop, &request).await;
                on_webhook(&webhook);
                kept.lock().expect("nobody panics with the lock").push(webhook);
                answer(*says.lock().expect("nobody panics with the lock"), &json!({}))
            }
        })
        .await;
        Self {
            server,
            received,
            status,
        }
    }

    /// What goes into `UCP-Agent`.
    pub fn header(&self) -> String {
        format!("profile=\"{}{PROFILE}\"", self.server.url())
    }

    /// Every webhook so far, in the order of arrival.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.received.lock().expect("nobody panics with the lock").clone()
    }

    /// Answers webhooks with this status from now on.
    pub fn answer_with(&self, status: u16) {
        *self.status.lock().expect("nobody panics with the lock") = status;
    }
}

fn profile(request: &Received) -> Response<Full<Bytes>> {
    let host = request
        .headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let shopping = |name: &str| json!([{"version": ucp::VERSION, "spec": format!("https://ucp.dev/{}/specification/{name}", ucp::VERSION), "schema": format!("https://ucp.dev/schemas/shopping/{name}.json")}]);
    let mut order = shopping("order");
    order[0]["config"] = json!({"webhook_url": format!("http://{host}{WEBHOOK}")});
    let extension = |name: &str| {
        let mut entry = shopping(name);
        entry[0]["extends"] = json!("dev.ucp.shopping.checkout");
        entry
    };
    let profile = json!({
        "ucp": {
            "version": ucp::VERSION,
            "services": {},
            "capabilities": {
                "dev.ucp.shopping.checkout": shopping("checkout"),
                "dev.ucp.shopping.catalog.search": shopping("catalog_search"),
                "dev.ucp.shopping.catalog.lookup": shopping("catalog_lookup"),
                "dev.ucp.shopping.fulfillment": extension("fulfillment"),
                "dev.ucp.shopping.buyer_consent": extension("buyer_consent"),
                "dev.ucp.shopping.order": order,
            },
            "payment_handlers": {},
        },
        "signing_keys": [],
    });
    let mut response = answer(200, &profile);
    response
        .headers_mut()
        .insert("cache-control", http::HeaderValue::from_static("public, max-age=300"));
    response
}

async fn webhook(shop: &str, request: &Received) -> Webhook {
    let keys = Api::new(shop).get("/.well-known/ucp").await.body["signing_keys"].clone();
    let keys: Vec<ucp::Jwk> = serde_json::from_value(keys).unwrap_or_default();
    let text = |name: &str| {
        request
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let target = Target::Request {
        method: request.method.to_string(),
        authority: text("host"),
        path: request.path.clone(),
        query: (!request.query.is_empty()).then(|| request.query.clone()),
    };
    Webhook {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        verified: verify(&target, &request.headers, &request.body, &keys).is_ok(),
        order: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
    }
}
