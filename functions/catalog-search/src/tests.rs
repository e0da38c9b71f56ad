use std::sync::atomic::{AtomicU32, Ordering};

use catalog::{Move, Product, Reviewer, ShopChange, Tree};
use dynamo::Outbox;
use inventory::{Location, Movement, Reason};
use kernel::{Actor, Id, LocationId, MovementId, ProductId, StaffId, Text};
use serde_json::{Value, json};
use testkit::World;
use ucp::{Offer, Platforms};
use web::{Incoming, OutgoingRequest, SendError};

use super::*;

mod calls;

const PLATFORM: &str = "https://platform.example/profile";

/// Nobody is called: the platform is known.
struct NoHttp;

impl HttpClient for NoHttp {
    async fn send(&self, _: OutgoingRequest) -> Result<Incoming, SendError> {
        Err(SendError::Timeout)
    }
}

struct Shop {
    world: World,
    ports: Ports<NoHttp>,
    place: LocationId,
    made: AtomicU32,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new(&["catalog", "inventory"]).await;
        let capabilities: Vec<&str> = vec![
            "dev.ucp.shopping.catalog.search",
            "dev.ucp.shopping.catalog.lookup",
            "dev.ucp.shopping.checkout",
        ];
        let platforms = json!({
            PLATFORM: {"profile": profile(&capabilities)},
            "https://search.example/profile": {"profile": profile(&["dev.ucp.shopping.catalog.search"])},
        });
        let ports = Ports {
            negotiator: Negotiator::new(
                Offer::shop("https://shop.example", BTreeMap::new()),
                Platforms::parse(&platforms.to_string(), false).unwrap(),
                NoHttp,
                world.ambient(),
            ),
            catalog: Catalog::new(world.dynamo(), world.table("CatalogTable")),
            inventory: Inventory::new(world.dynamo(), Outbox::new("none"), world.table("InventoryTable")),
            currency: "CNY".parse().unwrap(),
        };
        let place = LocationId::generate(&world.ambient());
        let location = Location {
            id: place,
            name: Text::parse("Main").unwrap(),
            kind: inventory::LocationKind::Warehouse,
            country: Text::parse("CN").unwrap(),
            region: None,
            created_at: world.now(),
        };
        world
            .dynamo()
            .commit(vec![ports.inventory.create_location(&location).unwrap()])
            .await
            .unwrap();
        Self {
            world,
            ports,
            place,
            made: AtomicU32::new(0),
        }
    }

    /// Publishes a product with a variant per size, and stocks those that `stock` counts.
    async fn publish(&self, title: &str, sizes: &[&str], stock: &[i64]) -> Product {
        let n = self.made.fetch_add(1, Ordering::SeqCst);
        let variant = |size: &&str| {
            json!({
                "id": VariantId::generate(&self.world.ambient()), "sku": format!("sku{n}x{size}"),
                "options": [{"name": "Size", "label": size}], "weight_grams": 500,
                "prices": [{"amount": 10_000 + i64::from(n), "currency": "CNY"}, {"amount": 1_500, "currency": "USD"}],
            })
        };
        let content = serde_json::from_value(json!({
            "category": "shoes", "title": {"en": title, "zh": "跑鞋"}, "description": {"en": "Light.", "zh": "轻"},
            "attributes": {"material": "mesh"}, "media": [{"url": "https://cdn.example.com/a.jpg"}],
            "options": [{"name": "Size", "values": sizes}], "variants": sizes.iter().map(variant).collect::<Vec<_>>(),
        }));
        let by = Reviewer {
            id: StaffId::generate(&self.world.ambient()),
            approves: true,
            admin: true,
        };
        let id = ProductId::generate(&self.world.ambient());
        self.world.clock().advance_seconds(1);
        let draft = Product::new(id, content.unwrap(), by.id, self.world.now());
        let submitted = draft
            .make(Move::Submit, by, self.world.now(), &Tree::default())
            .unwrap()
            .product;
        let tree = Tree::of([serde_json::from_value(json!({"slug": "shoes", "title": {"en": "Shoes"}})).unwrap()]);
        let decision = submitted.make(Move::Approve, by, self.world.now(), &tree).unwrap();
        let ShopChange::Show(listing, _) = &decision.shop else {
            panic!("approval shows")
        };
        self.world
            .dynamo()
            .commit(self.ports.catalog.show(None, listing).unwrap())
            .await
            .unwrap();
        for (variant, quantity) in decision
            .product
            .content
            .variants
            .iter()
            .zip(stock)
            .filter(|(_, quantity)| **quantity > 0)
        {
            self.receive(variant.id, *quantity).await;
        }
        decision.product
    }

    async fn receive(&self, variant: VariantId, quantity: i64) {
        let movement = Movement {
            id: MovementId::generate(&self.world.ambient()),
            variant,
            location: self.place,
            quantity,
            reason: Reason::Receipt,
            note: None,
            actor: Actor::system("test"),
            booked_at: self.world.now(),
        };
        self.world
            .dynamo()
            .commit(self.ports.inventory.book(&movement).await.unwrap().unwrap())
            .await
            .unwrap();
    }

    async fn call(&self, call: &str, body: &Value) -> (u16, Value) {
        self.call_as(PLATFORM, call, &body.to_string()).await
    }

    async fn call_as(&self, platform: &str, call: &str, body: &str) -> (u16, Value) {
        let path = format!("/ucp/2026-04-08/catalog/{call}");
        let route = format!("POST {path}");
        let event = json!({
            "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "",
            "headers": {"ucp-agent": format!("profile=\"{platform}\""), "content-type": "application/json", "accept-language": "zh-CN,zh"},
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "p", "requestId": "r", "routeKey": route,
                "stage": "$default", "time": "08/Apr/2026:09:30:00 +0000", "timeEpoch": 1,
                "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"}
            },
            "body": body, "isBase64Encoded": false
        });
        let response = handle(&self.ports, lambda_http::request::from_str(&event.to_string()).unwrap()).await;
        let Body::Text(text) = response.body() else {
            panic!("a body")
        };
        (response.status().as_u16(), serde_json::from_str(text).unwrap())
    }
}

fn profile(capabilities: &[&str]) -> Value {
    let offers: serde_json::Map<String, Value> = capabilities
        .iter()
        .map(|name| ((*name).to_owned(), json!([{"version": "2026-04-08"}])))
        .collect();
    json!({"ucp": {"version": "2026-04-08", "services": {}, "payment_handlers": {}, "capabilities": offers}, "signing_keys": []})
}
