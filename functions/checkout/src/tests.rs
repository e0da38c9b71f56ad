//! The whole function over an embedded DynamoDB.

mod calls;
mod placing;
mod races;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use catalog::SellableVariant;
use inventory::{Inventory, Location, LocationKind, Movement, Reason};
use kernel::{Actor, Id, LocationId, MovementId, Text, VariantId};
use lambda_http::{RequestExt, aws_lambda_events::apigw::ApiGatewayV2httpRequestContext, request::RequestContext};
use payments::Payments;
use sales::{Orders, Sessions, checkout::Market};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::World;
use ucp::{Negotiator, Offer, Platforms, payment, signature::SigningKey};
use web::{Body, HttpClient, Incoming, OutgoingRequest, Request, SendError};

use crate::{Ports, handle};

/// A platform that takes part in everything, and another one.
const PLATFORM: &str = "https://platform.example/ucp.json";
const OTHER: &str = "https://other.example/ucp.json";
/// One that knows checkout only.
const SIMPLE: &str = "https://simple.example/ucp.json";
/// Made for this test.
const KEYS: &str = r#"{"current":"k1","keys":[{"kid":"k1","pkcs8":"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggUv5MISrVd+5iYVmusHeItuR+68Cv6Zh1jqb0Gzo/GehRANCAARpyjEv9EqXMNe8AEiiPJ2h0TvMIMtcTaJHkEdsxR1n9KMruNfx/rhplMlZF1kmnnQJ8P4BCpOiLJjgglwMubzt"}]}"#;
const STRIPE: &str =
    r#"{"com.stripe.payments":[{"id":"stripe","version":"2026-04-08","config":{"total_max":{"CNY":1000000}}}]}"#;

/// Nobody answers.
#[derive(Debug, Clone)]
struct NoWeb;

impl HttpClient for NoWeb {
    async fn send(&self, _: OutgoingRequest) -> Result<Incoming, SendError> {
        Err(SendError::Timeout)
    }
}

type TestPorts = Ports<NoWeb, BTreeMap<VariantId, SellableVariant>>;

struct Shop {
    world: World,
    ports: Arc<TestPorts>,
    goods: VariantId,
    scarce: VariantId,
}

struct Answer {
    status: u16,
    body: Value,
    text: String,
    headers: http::HeaderMap,
}

fn profile(names: &[&str]) -> Value {
    let offers: BTreeMap<_, _> = names
        .iter()
        .map(|name| (*name, json!([{"version": "2026-04-08"}])))
        .collect();
    json!({"profile": {"ucp": {"version": "2026-04-08", "services": {}, "payment_handlers": {}, "capabilities": offers}}})
}

fn platforms() -> String {
    let all = [
        "dev.ucp.shopping.checkout",
        "dev.ucp.shopping.fulfillment",
        "dev.ucp.shopping.buyer_consent",
    ];
    json!({PLATFORM: profile(&all), OTHER: profile(&all), SIMPLE: profile(&all[..1])}).to_string()
}

fn sellable(id: VariantId, cny: i64) -> SellableVariant {
    serde_json::from_value(json!({
        "id": id, "product": id.to_string().replace("var_", "prd_"), "published": true, "version": 1,
        "title": {"en": "Tea caddy", "zh": "茶叶罐"}, "options": [], "sku": "CADDY", "category": "tea",
        "prices": [{"amount": cny, "currency": "CNY"}, {"amount": cny / 7, "currency": "USD"}],
        "minimum_quantity": 1, "weight_grams": 300,
    }))
    .unwrap()
}

async fn receive(world: &World, inventory: &Inventory, place: LocationId, variant: VariantId, quantity: i64) {
    let movement = Movement {
        id: MovementId::generate(&world.ambient()),
        variant,
        location: place,
        quantity,
        reason: Reason::Receipt,
        note: None,
        actor: Actor::system("test"),
        booked_at: world.now(),
    };
    let booked = inventory.book(&movement).await.unwrap().unwrap();
    world.dynamo().commit(booked).await.unwrap();
}

impl Shop {
    /// 1000 of `goods`, `scarce` of the scarce.
    async fn with(scarce_stock: i64) -> Self {
        let world = World::new(&["sales", "inventory", "payments"]).await;
        let (dynamo, outbox, ambient) = (world.dynamo(), world.outbox(), world.ambient());
        let inventory = Inventory::new(dynamo.clone(), outbox.clone(), world.table("InventoryTable"));
        let place = LocationId::generate(&ambient);
        let location = Location {
            id: place,
            name: Text::parse("Main").unwrap(),
            kind: LocationKind::Warehouse,
            country: Text::parse("CN").unwrap(),
            region: None,
            created_at: world.now(),
        };
        dynamo
            .commit(vec![inventory.create_location(&location).unwrap()])
            .await
            .unwrap();
        let [goods, scarce] = [VariantId::generate(&ambient), VariantId::generate(&ambient)];
        receive(&world, &inventory, place, goods, 1_000).await;
        receive(&world, &inventory, place, scarce, scarce_stock).await;
        let handlers = payment::handlers(STRIPE, true).unwrap();
        let known = Platforms::parse(&platforms(), false).unwrap();
        let ports = Arc::new(Ports {
            negotiator: Negotiator::new(
                Offer::shop("https://api.shop.example", handlers),
                known,
                NoWeb,
                ambient.clone(),
            ),
            payment_due_s: sales::order::PAYMENT_DUE_S,
            shelf: [sellable(goods, 7_000), sellable(scarce, 2_100)]
                .into_iter()
                .map(|v| (v.id, v))
                .collect(),
            inventory,
            sessions: Sessions::new(dynamo.clone(), world.table("SalesTable")),
            orders: Orders::new(
                dynamo.clone(),
                world.table("SalesTable"),
                outbox.clone(),
                world.timers(),
            ),
            payments: Payments::new(dynamo.clone(), world.table("PaymentsTable"), "", outbox),
            vault: world.vault(),
            idempotency: world.idempotency(),
            dynamo,
            market: Market::parse("").unwrap(),
            storefront: "https://shop.example".to_owned(),
            signing_key: SigningKey::parse(&SecretString::from(KEYS)).unwrap(),
            ambient,
        });
        Self {
            world,
            ports,
            goods,
            scarce,
        }
    }

    async fn call(&self, route: &str, id: &str, key: &str, body: &Value) -> Answer {
        self.call_as(PLATFORM, route, id, key, body).await
    }

    async fn call_as(&self, platform: &str, route: &str, id: &str, key: &str, body: &Value) -> Answer {
        answer(&self.ports, request(platform, route, id, Some(key), body)).await
    }

    async fn create(&self, key: &str, body: &Value) -> Answer {
        self.call("POST /checkout-sessions", "", key, body).await
    }

    async fn get(&self, id: &str) -> Answer {
        self.call("GET /checkout-sessions/{id}", id, "", &Value::Null).await
    }

    async fn complete(&self, id: &str, key: &str, body: &Value) -> Answer {
        self.call("POST /checkout-sessions/{id}/complete", id, key, body).await
    }

    /// A session that is ready, for `quantity` of a variant.
    async fn ready(&self, key: &str, variant: VariantId, quantity: u32) -> String {
        let created = self.create(key, &basket(variant, quantity)).await;
        assert_eq!(
            (created.status, created.body["status"].as_str()),
            (201, Some("ready_for_complete")),
            "{}",
            created.text
        );
        created.body["id"].as_str().unwrap().to_owned()
    }

    async fn free(&self, variant: VariantId) -> u64 {
        self.ports.inventory.availability(&[variant]).await.unwrap()[&variant]
    }

    /// How many items of an entity a table holds.
    async fn count(&self, table: &str, entity: &str) -> usize {
        self.world
            .items(table)
            .await
            .iter()
            .filter(|item| item["entity"]["S"] == entity)
            .count()
    }

    async fn events(&self, name: &str) -> usize {
        self.world
            .events()
            .await
            .iter()
            .filter(|event| event.name == name)
            .count()
    }
}

fn request(platform: &str, route: &str, id: &str, key: Option<&str>, body: &Value) -> Request {
    let (method, path) = route.split_once(' ').unwrap();
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let mut request = Request::new(if text.is_empty() { Body::Empty } else { Body::Text(text) });
    *request.method_mut() = method.parse().unwrap();
    *request.uri_mut() = format!("https://api.shop.example/ucp/2026-04-08{}", path.replace("{id}", id))
        .parse()
        .unwrap();
    let headers = request.headers_mut();
    headers.insert("ucp-agent", format!("profile=\"{platform}\"").parse().unwrap());
    headers.insert("content-type", "application/json".parse().unwrap());
    if let Some(key) = key.filter(|key| !key.is_empty()) {
        headers.insert("idempotency-key", key.parse().unwrap());
    }
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.route_key = Some(format!("{method} /ucp/2026-04-08{path}"));
    request
        .with_request_context(RequestContext::ApiGatewayV2(context))
        .with_path_parameters(HashMap::from([("id".to_owned(), vec![id.to_owned()])]))
}

async fn answer(ports: &TestPorts, request: Request) -> Answer {
    let response = handle(ports, request).await;
    let (head, body) = response.into_parts();
    let text = match body {
        Body::Text(text) => text,
        _ => String::new(),
    };
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status: head.status.as_u16(),
        body,
        text,
        headers: head.headers,
    }
}

/// A basket with everything that completing needs.
fn basket(variant: VariantId, quantity: u32) -> Value {
    json!({
        "line_items": [{"item": {"id": variant, "price": 1, "title": "Mine"}, "quantity": quantity}],
        "buyer": {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone_number": "+8613800000000",
                  "consent": {"marketing": false}},
        "context": {"language": "zh-CN"},
        "fulfillment": {"methods": [{"type": "shipping",
            "destinations": [{"id": "home", "street_address": "1 Analytical Way", "address_locality": "Hangzhou", "address_country": "CN"}],
            "groups": [{"selected_option_id": "standard"}]}]},
    })
}

fn pay(handler: &str, token: &str) -> Value {
    json!({"payment": {"instruments": [{"id": "i1", "handler_id": handler, "type": "card", "selected": true,
        "credential": {"type": "token", "token": token}}]}})
}

fn codes(answer: &Answer) -> Vec<&str> {
    answer.body["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|message| message["code"].as_str())
        .collect()
}
