//! The desk over embedded tables.

mod shipping;
mod shop;

use kernel::StaffId;
use lambda_http::{Request, request::from_str};
use serde_json::{Value, json};
use shop::Shop;

use super::*;

const SILENCE_S: i64 = 3_600;

fn ports(shop: &Shop) -> Ports {
    Ports {
        fulfilment: shop.fulfilment.clone(),
        orders: shop.orders.clone(),
        inventory: shop.inventory.clone(),
        timers: shop.world.timers(),
        idempotency: shop.world.idempotency(),
        vault: shop.world.vault(),
        ambient: shop.world.ambient(),
        silence_s: SILENCE_S,
    }
}

/// A call as the gateway hands it over.
#[derive(Clone)]
struct Call {
    route: String,
    id: String,
    query: Value,
    headers: Value,
    body: Value,
    claims: Value,
}

impl Call {
    fn new(route: &str, id: impl std::fmt::Display) -> Self {
        use kernel::Id;
        let staff = StaffId::from_parts(kernel::Timestamp::from_millis(1), [1; 10]);
        Self {
            route: route.to_owned(),
            id: id.to_string(),
            query: json!({}),
            headers: json!({}),
            body: Value::Null,
            claims: json!({"sub": staff, "scope": "staff"}),
        }
    }

    fn change(step: &str, id: impl std::fmt::Display, key: &str, version: u64) -> Self {
        let mut call = Self::new(&format!("POST /v1/shipments/{{id}}/{step}"), id);
        call.headers = json!({"idempotency-key": key, "if-match": format!("\"{version}\"")});
        call
    }

    fn body(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    fn query(mut self, query: Value) -> Self {
        self.query = query;
        self
    }

    fn request(&self) -> Request {
        let (method, path) = self.route.split_once(' ').unwrap();
        let authorizer = json!({"jwt": {"claims": self.claims, "scopes": ["staff"]}});
        let pair = |(name, value): (&String, &Value)| format!("{name}={}", value.as_str().unwrap());
        let query: Vec<String> = self.query.as_object().unwrap().iter().map(pair).collect();
        let event = json!({
            "version": "2.0", "routeKey": self.route, "rawPath": path.replace("{id}", &self.id), "rawQueryString": query.join("&"),
            "headers": self.headers, "queryStringParameters": self.query, "pathParameters": {"id": self.id},
            "requestContext": {
                "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r1", "routeKey": self.route,
                "timeEpoch": 0, "authorizer": if self.claims.is_null() { Value::Null } else { authorizer },
                "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
            },
            "body": if self.body.is_null() { Value::Null } else { Value::String(self.body.to_string()) },
            "isBase64Encoded": false,
        });
        from_str(&event.to_string()).unwrap()
    }

    async fn send(&self, shop: &Shop) -> (u16, Value) {
        let response = handle(&ports(shop), self.request()).await;
        let status = response.status().as_u16();
        let Body::Text(text) = response.body() else {
            panic!("no text")
        };
        (status, serde_json::from_str(text).unwrap())
    }
}

const ROUTES: [&str; 8] = [
    "GET /v1/shipments",
    "GET /v1/pick-list",
    "GET /v1/shipments/{id}",
    "POST /v1/shipments/{id}/pick",
    "POST /v1/shipments/{id}/pack",
    "POST /v1/shipments/{id}/ship",
    "POST /v1/shipments/{id}/split",
    "POST /v1/shipments/{id}/lost",
];

#[tokio::test]
async fn every_route_is_for_staff_alone() {
    let shop = Shop::paid().await;
    let id = shop.allocate().await[0].id;
    for route in ROUTES {
        let mut call = Call::new(route, id);
        call.claims = Value::Null;
        assert_eq!(call.send(&shop).await.0, 401, "{route}");
        call.claims = json!({"sub": "cus_1", "scope": "customer"});
        assert_eq!(call.send(&shop).await.0, 403, "{route}");
        call.claims = json!({"sub": "cus_1", "scope": "staff"});
        assert_eq!(call.send(&shop).await.0, 403, "{route}");
    }
}

#[tokio::test]
async fn lists_go_by_state_place_and_order_with_a_cursor() {
    let shop = Shop::paid().await;
    let shipments = shop.allocate().await;
    let list = Call::new("GET /v1/shipments", "");
    let (status, first) = list
        .clone()
        .query(json!({"state": "to_pick", "limit": "1"}))
        .send(&shop)
        .await;
    assert_eq!((status, first["items"].as_array().unwrap().len()), (200, 1));
    let next = list
        .clone()
        .query(json!({"state": "to_pick", "limit": "1", "cursor": first["next_cursor"]}));
    let (_, second) = next.send(&shop).await;
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    let place = list.clone().query(json!({"location": shipments[1].location}));
    assert_eq!(place.send(&shop).await.1["items"][0]["id"], json!(shipments[1].id));
    let order = list.clone().query(json!({"order": shop.order}));
    assert_eq!(order.send(&shop).await.1["items"].as_array().unwrap().len(), 2);
    for bad in [
        json!({"state": "gone"}),
        json!({"location": "here"}),
        json!({"cursor": "x"}),
        json!({"limit": "0"}),
    ] {
        assert_eq!(list.clone().query(bad.clone()).send(&shop).await.0, 400, "{bad}");
    }
}

#[tokio::test]
async fn the_pick_list_sums_by_variant() {
    let shop = Shop::paid().await;
    shop.allocate().await;
    let (_, all) = Call::new("GET /v1/pick-list", "").send(&shop).await;
    let mut quantities: Vec<u64> = all["picks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pick| pick["quantity"].as_u64().unwrap())
        .collect();
    quantities.sort_unstable();
    assert_eq!((quantities, &all["complete"]), (vec![2, 3], &json!(true)));
}

#[tokio::test]
async fn one_shipment_shows_where_it_goes_until_the_buyer_is_erased() {
    let shop = Shop::paid().await;
    let id = shop.allocate().await[0].id;
    let read = Call::new("GET /v1/shipments/{id}", id);
    let (status, body) = read.send(&shop).await;
    assert_eq!(
        (status, &body["destination"]["street_address"]),
        (200, &json!("1 Bund"))
    );
    shop.world.vault().erase(shop.order().await.person()).await.unwrap();
    assert_eq!(read.send(&shop).await.1["destination"], Value::Null);
    let stored = json!(shop.world.items("FulfilmentTable").await).to_string();
    assert!(!stored.contains("Bund") && !stored.contains("Wang"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let shop = Shop::paid().await;
    assert_eq!(Call::new("GET /v1/shipments/{id}", "shp_1").send(&shop).await.0, 404);
    let unknown = "shp_019d6c6b7cc07a0b8c0d0e0f10111213";
    assert_eq!(Call::new("GET /v1/shipments/{id}", unknown).send(&shop).await.0, 404);
    assert_eq!(Call::change("pick", unknown, "k", 1).send(&shop).await.0, 404);
}

#[tokio::test]
async fn a_change_needs_a_key_and_the_version_it_saw() {
    let shop = Shop::paid().await;
    let id = shop.allocate().await[0].id;
    let mut call = Call::change("pick", id, "k", 1);
    call.headers = json!({"if-match": "\"1\""});
    assert_eq!(call.send(&shop).await.1["code"], "idempotency-key-missing");
    call.headers = json!({"idempotency-key": "k"});
    assert_eq!(call.send(&shop).await.0, 428);
    assert_eq!(Call::change("pick", id, "k", 7).send(&shop).await.0, 412);
    assert_eq!(Call::change("pack", id, "k", 1).send(&shop).await.1["state"], "to_pick");
}

#[tokio::test]
async fn a_repeated_change_answers_the_same_and_happens_once() {
    let shop = Shop::paid().await;
    let id = shop.allocate().await[0].id;
    let call = Call::change("pick", id, "k", 1);
    let first = call.send(&shop).await;
    assert_eq!(
        (first.0, &first.1["state"], &first.1["version"]),
        (200, &json!("picking"), &json!(2))
    );
    assert_eq!(call.send(&shop).await, first);
    let other = Call::change("pick", id, "k", 1).body(json!({"x": 1}));
    assert_eq!(other.send(&shop).await.1["code"], "idempotency-key-reused");
    assert_eq!(shop.fulfilment.shipment(id).await.unwrap().unwrap().version, 2);
}

#[tokio::test]
async fn every_state_can_be_listed() {
    let shop = Shop::paid().await;
    for state in fulfilment::SHIPMENT_STATES {
        let list = Call::new("GET /v1/shipments", "").query(json!({"state": state}));
        assert_eq!(list.send(&shop).await.0, 200, "{state}");
    }
}
