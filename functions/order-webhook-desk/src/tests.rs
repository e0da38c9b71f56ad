use kernel::{Envelope, EventId, Id, OrderId, StaffId};
use lambda_http::Request;
use messaging::webhook::{Delivery, EndpointId, Outcome, decide};
use serde_json::{Value, json};
use testkit::World;

use super::*;

const URL: &str = "https://a.example/hook?secret=marker";

struct Desk {
    world: World,
    ports: Ports,
    staff: String,
}

impl Desk {
    async fn open() -> Self {
        let world = World::new(&["messaging"]).await;
        let webhooks = Webhooks::new(
            world.dynamo(),
            world.table("MessagingTable"),
            world.outbox(),
            world.timers(),
        );
        let ports = Ports {
            webhooks,
            idempotency: world.idempotency(),
        };
        let staff = StaffId::generate(&world.ambient()).to_string();
        Self { world, ports, staff }
    }

    /// A delivery that came to an outcome.
    async fn delivery(&self, outcome: &Outcome) -> Delivery {
        self.world.clock().advance_seconds(1);
        let order = OrderId::generate(&self.world.ambient());
        let envelope = Envelope {
            id: EventId::generate(&self.world.ambient()),
            name: "order.placed".into(),
            version: 1,
            key: order.to_string(),
            occurred_at: self.world.now(),
            correlation: None,
            data: Value::Null,
        };
        let delivery = Delivery::of(&envelope, order, 1, EndpointId::of(URL), self.world.now());
        let decision = decide(delivery, outcome, self.world.now(), 0);
        self.ports
            .webhooks
            .record(&decision, "https://a.example")
            .await
            .unwrap()
            .unwrap();
        decision.delivery
    }

    fn request(route: &str, path: &Value, query: &str, key: Option<&str>, subject: &str) -> Request {
        let (method, raw_path) = route.split_once(' ').unwrap();
        let mut headers = json!({"content-type": "application/json"});
        if let Some(key) = key {
            headers["idempotency-key"] = json!(key);
        }
        let parameters: Value = form(query);
        let event = json!({
            "version": "2.0", "routeKey": route, "rawPath": raw_path, "rawQueryString": query, "headers": headers,
            "queryStringParameters": parameters, "pathParameters": path, "isBase64Encoded": false, "body": "",
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r", "routeKey": route,
                "stage": "$default", "time": "", "timeEpoch": 0,
                "http": {"method": method, "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "t"},
                "authorizer": {"jwt": {"claims": {"sub": subject, "scope": "staff"}, "scopes": ["staff"]}},
            },
        });
        lambda_http::request::from_str(&event.to_string()).unwrap()
    }

    async fn call(&self, route: &str, path: Value, query: &str, key: Option<&str>) -> (u16, Value) {
        let response = handle(&self.ports, Self::request(route, &path, query, key, &self.staff)).await;
        answer(&response)
    }
}

fn form(query: &str) -> Value {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    Value::Object(pairs.map(|(name, value)| (name.to_owned(), json!(value))).collect())
}

fn answer(response: &Response<Body>) -> (u16, Value) {
    let body = match response.body() {
        Body::Text(text) => serde_json::from_str(text).unwrap(),
        _ => Value::Null,
    };
    (response.status().as_u16(), body)
}

const OF_ORDER: &str = "GET /v1/orders/{id}/webhook-deliveries";
const STOPPED: &str = "GET /v1/webhook-endpoints";
const ENDPOINT: &str = "GET /v1/webhook-endpoints/{endpoint}";
const OF_ENDPOINT: &str = "GET /v1/webhook-endpoints/{endpoint}/deliveries";
const REPLAY_ONE: &str = "POST /v1/orders/{id}/webhook-deliveries/{delivery}/replay";
const REPLAY_ALL: &str = "POST /v1/webhook-endpoints/{endpoint}/replay";

fn endpoint_path() -> Value {
    json!({"endpoint": EndpointId::of(URL).to_string()})
}

#[tokio::test]
async fn deliveries_are_seen_by_order_without_the_url() {
    let desk = Desk::open().await;
    let delivery = desk
        .delivery(&Outcome::Failed {
            what: "status 500".into(),
            retry_after_s: None,
        })
        .await;
    let (status, body) = desk.call(OF_ORDER, json!({"id": delivery.order_id}), "", None).await;
    assert_eq!(status, 200);
    let item = &body["items"][0];
    assert_eq!(
        (&item["id"], &item["state"], &item["attempts"]),
        (&json!(delivery.id), &json!("waiting"), &json!(1))
    );
    assert_eq!(
        (&item["last_outcome"], &item["webhook_id"]),
        (&json!("status 500"), &json!(delivery.webhook_id()))
    );
    assert!(item["next_attempt_at"].is_string() && !body.to_string().contains("marker"));
}

#[tokio::test]
async fn held_deliveries_of_a_stopped_endpoint_are_listed_by_pages_and_replayed_at_once() {
    let desk = Desk::open().await;
    for _ in 0..3 {
        desk.delivery(&Outcome::Gone).await;
    }
    let (_, stopped) = desk.call(STOPPED, json!({}), "state=stopped", None).await;
    assert_eq!(
        (&stopped["items"][0]["reason"], &stopped["items"][0]["origin"]),
        (&json!("gone"), &json!("https://a.example"))
    );
    let (_, first) = desk
        .call(OF_ENDPOINT, endpoint_path(), "state=held&limit=2", None)
        .await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let query = format!("state=held&limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    let (_, rest) = desk.call(OF_ENDPOINT, endpoint_path(), &query, None).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    let foreign = query.replace("held", "waiting");
    assert_eq!(desk.call(OF_ENDPOINT, endpoint_path(), &foreign, None).await.0, 400);

    let replay = |key| desk.call(REPLAY_ALL, endpoint_path(), "", Some(key));
    let first = replay("k1").await;
    assert_eq!(first, (202, json!({"scheduled": 3, "more": false})));
    assert_eq!(replay("k1").await, first, "the same key gives the kept answer");
    assert_eq!(replay("k2").await, (202, json!({"scheduled": 0, "more": false})));
    let (_, endpoint) = desk.call(ENDPOINT, endpoint_path(), "", None).await;
    assert_eq!(endpoint["state"], "open");
    assert_eq!(desk.world.items("TimersTable").await.len(), 3);
}

#[tokio::test]
async fn more_than_one_transaction_holds_is_replayed_in_several_calls() {
    let desk = Desk::open().await;
    for _ in 0..=messaging::REPLAY_MAX {
        desk.delivery(&Outcome::Gone).await;
    }
    let (_, first) = desk.call(REPLAY_ALL, endpoint_path(), "", Some("k1")).await;
    assert_eq!(first, json!({"scheduled": messaging::REPLAY_MAX, "more": true}));
    let (_, second) = desk.call(REPLAY_ALL, endpoint_path(), "", Some("k2")).await;
    assert_eq!(second, json!({"scheduled": 1, "more": false}));
}

#[tokio::test]
async fn one_delivered_webhook_is_sent_again_on_request() {
    let desk = Desk::open().await;
    let delivery = desk.delivery(&Outcome::Delivered { status: 200 }).await;
    let path = json!({"id": delivery.order_id, "delivery": delivery.id});
    let (status, body) = desk.call(REPLAY_ONE, path.clone(), "", Some("k1")).await;
    assert_eq!((status, &body["scheduled"]), (202, &json!(1)));
    let again = desk
        .ports
        .webhooks
        .get(delivery.order_id, delivery.id)
        .await
        .unwrap()
        .unwrap();
    assert!(again.forced && again.is_due(desk.world.now()) && again.webhook_id() == delivery.webhook_id());
    assert_eq!(desk.call(REPLAY_ONE, path, "", None).await.0, 400, "a key is required");
    let unknown = json!({"id": delivery.order_id, "delivery": "whd_0190a6d0000070008000000000000000"});
    assert_eq!(desk.call(REPLAY_ONE, unknown, "", Some("k2")).await.0, 404);
}

#[tokio::test]
async fn bad_requests_and_other_callers_are_refused() {
    let desk = Desk::open().await;
    assert_eq!(desk.call(STOPPED, json!({}), "", None).await.0, 400);
    assert_eq!(desk.call(ENDPOINT, json!({"endpoint": "whe_x"}), "", None).await.0, 404);
    assert_eq!(desk.call(OF_ENDPOINT, endpoint_path(), "state=lost", None).await.0, 400);
    assert_eq!(desk.call(OF_ENDPOINT, endpoint_path(), "limit=0", None).await.0, 400);
    assert_eq!(desk.call(OF_ENDPOINT, endpoint_path(), "cursor=x", None).await.0, 400);
    let customer = "cus_0190a6d0000070008000000000000000";
    let request = Desk::request(REPLAY_ALL, &endpoint_path(), "", Some("k"), customer);
    assert_eq!(answer(&handle(&desk.ports, request).await).0, 403);
    let (_, open) = desk.call(ENDPOINT, endpoint_path(), "", None).await;
    assert_eq!(open["state"], "open");
}
