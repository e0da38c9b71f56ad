use inventory::{LocationKind, Reservation};
use kernel::{Id, OrderId, VariantId};
use serde_json::{Value, json};
use testkit::World;

use super::*;

struct Desk {
    world: World,
    ports: Ports,
    who: StaffId,
    variant: VariantId,
    place: String,
}

struct Answer {
    status: u16,
    body: Value,
    etag: Option<String>,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new(&["inventory"]).await;
        let ports = Ports {
            inventory: Inventory::new(world.dynamo(), world.outbox(), world.table("InventoryTable")),
            idempotency: world.idempotency(),
            ambient: world.ambient(),
        };
        let who = StaffId::generate(&world.ambient());
        let variant = VariantId::generate(&world.ambient());
        let mut desk = Self {
            world,
            ports,
            who,
            variant,
            place: String::new(),
        };
        let body = json!({"name": "Main", "kind": "warehouse", "country": "CN"});
        let made = desk.call("POST /v1/locations", &body, None).await;
        assert_eq!(
            (made.status, &made.body["kind"]),
            (201, &json!(LocationKind::Warehouse)),
            "{}",
            made.body
        );
        desk.place = made.body["id"].as_str().unwrap().to_owned();
        desk
    }

    async fn call(&self, route: &str, body: &Value, etag: Option<&str>) -> Answer {
        let key = kernel::EventId::generate(&self.world.ambient()).to_string();
        self.keyed(route, body, etag, &key, "[stock]").await
    }

    async fn keyed(&self, route: &str, body: &Value, etag: Option<&str>, key: &str, roles: &str) -> Answer {
        let response = handle(&self.ports, self.request(route, body, etag, key, roles)).await;
        let etag = response
            .headers()
            .get("etag")
            .map(|tag| tag.to_str().unwrap().to_owned());
        let text = match response.body() {
            Body::Text(text) => text.clone(),
            _ => String::new(),
        };
        Answer {
            status: response.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or_default(),
            etag,
        }
    }

    fn request(&self, route: &str, body: &Value, etag: Option<&str>, key: &str, roles: &str) -> Request {
        let (method, template) = route.split_once(' ').unwrap();
        let raw = template.replace("{variant}", &self.variant.to_string());
        let mut headers = json!({"idempotency-key": key, "content-type": "application/json"});
        if let Some(etag) = etag {
            headers["if-match"] = json!(etag);
        }
        let event = json!({
            "version": "2.0", "routeKey": route, "rawPath": raw, "rawQueryString": "", "headers": headers,
            "pathParameters": {"variant": self.variant.to_string()},
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "p", "requestId": "r", "routeKey": route,
                "stage": "$default", "time": "08/Apr/2026:09:30:00 +0000", "timeEpoch": 1,
                "http": {"method": method, "path": raw, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
                "authorizer": {"jwt": {"claims": {"sub": self.who.to_string(), "scope": "staff", "roles": roles}, "scopes": ["staff"]}}
            },
            "body": body.to_string(), "isBase64Encoded": false
        });
        lambda_http::request::from_str(&event.to_string()).unwrap()
    }

    fn receipt(&self, quantity: i64) -> Value {
        json!({"location": self.place, "lines": [{"variant": self.variant, "quantity": quantity}]})
    }

    async fn received(&self, quantity: i64) {
        let answer = self
            .call("POST /v1/stock/receipts", &self.receipt(quantity), None)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }

    async fn levels(&self) -> Answer {
        self.call("GET /v1/stock/{variant}", &Value::Null, None).await
    }

    async fn reserve(&self, quantity: u32) -> Reservation {
        let order = OrderId::generate(&self.world.ambient());
        let plan = self
            .ports
            .inventory
            .plan(order, &[(self.variant, quantity)])
            .await
            .unwrap();
        self.world
            .dynamo()
            .commit(self.ports.inventory.reserve(&plan).unwrap())
            .await
            .unwrap();
        plan
    }
}

#[tokio::test]
async fn goods_come_in_and_are_counted() {
    let desk = Desk::new().await;
    assert_eq!(desk.levels().await.body["free"], 0);
    desk.received(7).await;
    desk.reserve(2).await;
    let levels = desk.levels().await.body;
    assert_eq!([&levels["free"], &levels["reserved"], &levels["booked"]], [5, 2, 7]);
    assert_eq!(levels["locations"][0]["location"], desk.place.as_str());
    let movements = desk
        .call("GET /v1/stock/{variant}/movements", &Value::Null, None)
        .await
        .body;
    assert_eq!(
        (&movements["items"][0]["quantity"], &movements["items"][0]["reason"]),
        (&json!(7), &json!("receipt"))
    );
}

#[tokio::test]
async fn the_same_receipt_is_booked_once() {
    let desk = Desk::new().await;
    let body = desk.receipt(7);
    let first = desk.keyed("POST /v1/stock/receipts", &body, None, "k", "[stock]").await;
    let again = desk.keyed("POST /v1/stock/receipts", &body, None, "k", "[stock]").await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let mut same_movement = desk.receipt(7);
    same_movement["lines"][0]["id"] = first.body["items"][0]["id"].clone();
    assert_eq!(
        desk.call("POST /v1/stock/receipts", &same_movement, None).await.status,
        409
    );
    assert_eq!(
        desk.keyed("POST /v1/stock/receipts", &desk.receipt(8), None, "k", "[stock]")
            .await
            .status,
        422
    );
    assert_eq!(desk.levels().await.body["booked"], 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_receipts_at_once_are_booked_once() {
    let desk = std::sync::Arc::new(Desk::new().await);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let desk = std::sync::Arc::clone(&desk);
        calls.spawn(async move {
            desk.keyed("POST /v1/stock/receipts", &desk.receipt(7), None, "k", "[stock]")
                .await
                .status
        });
    }
    assert!(calls.join_all().await.iter().all(|status| *status == 201));
    assert_eq!(desk.levels().await.body["booked"], 7);
}

#[tokio::test]
async fn adjustments_say_why_and_never_touch_what_is_reserved() {
    let desk = Desk::new().await;
    desk.received(7).await;
    desk.reserve(5).await;
    let body = |quantity: i64| json!({"location": desk.place, "reason": "damage", "note": "fell", "lines": [{"variant": desk.variant, "quantity": quantity}]});
    assert_eq!(
        desk.call("POST /v1/stock/adjustments", &body(-2), None).await.status,
        201
    );
    let refused = desk.call("POST /v1/stock/adjustments", &body(-1), None).await;
    assert_eq!(
        (refused.status, &refused.body["errors"][0]["pointer"]),
        (422, &json!("/lines/0/quantity"))
    );
}

#[tokio::test]
async fn bad_bookings_are_told_where_they_are_bad() {
    let desk = Desk::new().await;
    for (body, pointer) in [
        (desk.receipt(0), "/lines/0/quantity"),
        (desk.receipt(-1), "/lines/0/quantity"),
        (desk.receipt(1_000_001), "/lines/0/quantity"),
        (json!({"location": desk.place, "lines": []}), "/lines"),
        (
            json!({"location": "loc_0190163d8694739b841f0101010101a1", "lines": [{"variant": desk.variant, "quantity": 1}]}),
            "/location",
        ),
    ] {
        let answer = desk.call("POST /v1/stock/receipts", &body, None).await;
        assert_eq!(
            (answer.status, &answer.body["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body}"
        );
    }
    for body in [
        json!({}),
        json!({"location": desk.place, "lines": [{"variant": "x", "quantity": 1}]}),
        desk.receipt(1)["lines"].clone(),
    ] {
        assert_eq!(desk.call("POST /v1/stock/receipts", &body, None).await.status, 400);
    }
}

#[tokio::test]
async fn several_variants_come_in_with_one_receipt() {
    let desk = Desk::new().await;
    let lines: Vec<Value> = (1..=20)
        .map(|n| json!({"variant": VariantId::generate(&desk.world.ambient()), "quantity": n}))
        .collect();
    let answer = desk
        .call(
            "POST /v1/stock/receipts",
            &json!({"location": desk.place, "lines": lines}),
            None,
        )
        .await;
    assert_eq!(
        (answer.status, answer.body["items"].as_array().unwrap().len()),
        (201, 20)
    );
}

#[tokio::test]
async fn settings_split_the_next_receipt_and_tell_of_low_stock() {
    let desk = Desk::new().await;
    let settings = json!({"shards": 4, "low_stock_threshold": 5});
    let set = desk
        .call(
            "PUT /v1/stock/{variant}/settings",
            &settings,
            desk.levels().await.etag.as_deref(),
        )
        .await;
    assert_eq!((set.status, set.etag.as_deref()), (200, Some("\"1\"")), "{}", set.body);
    desk.received(8).await;
    let levels = desk.levels().await.body;
    assert_eq!(levels["locations"][0]["shards"].as_array().unwrap().len(), 4);
    desk.reserve(4).await;
    assert_eq!(desk.world.events().await[0].name, "stock.low");
    let stale = desk
        .call("PUT /v1/stock/{variant}/settings", &settings, set.etag.as_deref())
        .await;
    assert_eq!(stale.status, 412);
    let none = desk
        .call("PUT /v1/stock/{variant}/settings", &json!({"shards": 0}), Some("\"3\""))
        .await;
    assert_eq!(none.status, 422);
}

#[tokio::test]
async fn only_those_who_keep_stock_may() {
    let desk = Desk::new().await;
    assert_eq!(
        desk.keyed("GET /v1/stock/{variant}", &Value::Null, None, "k", "[orders]")
            .await
            .status,
        403
    );
    assert_eq!(
        desk.keyed("GET /v1/locations", &Value::Null, None, "k", "[admin]")
            .await
            .body["items"][0]["name"],
        "Main"
    );
}
