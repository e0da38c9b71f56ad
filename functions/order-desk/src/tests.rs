//! The desk over embedded DynamoDB, called as the gateway calls it.

use kernel::{CustomerId, Id, OrderId, StaffId};
use lambda_http::{RequestExt, request::RequestContext};
use privacy::Place;
use sales::{
    Day,
    order::{Act, Address, BUYER_FIELD, Buyer, DESTINATION_FIELD, Order, PaymentStatus, SEALED_ENTITY},
    sample,
};
use serde_json::{Value, json};
use testkit::World;

use super::*;

struct Desk {
    world: World,
    ports: Ports,
    staff: String,
}

struct Call<'a> {
    route: &'a str,
    id: Option<String>,
    query: &'a [(&'a str, String)],
    headers: &'a [(&'a str, &'a str)],
    body: Value,
    subject: Option<&'a str>,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new(&["sales", "inventory"]).await;
        let ports = Ports {
            orders: Orders::new(
                world.dynamo(),
                world.table("SalesTable"),
                world.outbox(),
                world.timers(),
            ),
            inventory: Inventory::new(world.dynamo(), world.outbox(), world.table("InventoryTable")),
            idempotency: world.idempotency(),
            vault: world.vault(),
            ambient: world.ambient(),
        };
        let staff = StaffId::generate(&world.ambient()).to_string();
        Self { world, ports, staff }
    }

    async fn placed(&self) -> Order {
        let ambient = self.world.ambient();
        let mut placement = sample::placement(OrderId::generate(&ambient), self.world.now());
        let (key, part) = self.ports.vault.create::<()>().unwrap();
        self.world.dynamo().commit(vec![part]).await.unwrap();
        let entity = placement.id.to_string();
        let at = |field| Place {
            entity: SEALED_ENTITY,
            id: &entity,
            field,
        };
        let buyer = Buyer {
            first_name: Some("Wei".to_owned()),
            ..Buyer::default()
        };
        let address = Address {
            address_locality: Some("Hangzhou".to_owned()),
            ..Address::default()
        };
        placement.person = key.id();
        placement.buyer = key.seal(&ambient, at(BUYER_FIELD), &buyer).unwrap();
        placement.destination = Some(key.seal(&ambient, at(DESTINATION_FIELD), &address).unwrap());
        sample::place(&self.ports.orders, &self.ports.inventory, &ambient, placement).await
    }

    async fn paid(&self) -> Order {
        let order = self.placed().await;
        let act = Act::by(kernel::Actor::system("test"), self.world.now());
        let changed = order
            .record_payment(sample::payment(PaymentStatus::Paid, 5_200, 0), &act)
            .unwrap();
        self.ports
            .orders
            .commit(self.ports.orders.save(&changed, ()).unwrap())
            .await
            .unwrap();
        changed.order
    }

    async fn call(&self, call: Call<'_>) -> (u16, Value, Response<Body>) {
        let (method, _) = call.route.split_once(' ').unwrap();
        let mut request = http::Request::builder()
            .method(method)
            .uri("https://shop.example/v1/orders");
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        let mut context = json!({
            "routeKey": call.route, "requestId": "r1", "accountId": "1", "stage": "$default", "timeEpoch": 0,
            "apiId": "a", "http": {"method": method, "path": "/v1/orders", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
        });
        if let Some(subject) = call.subject {
            context["authorizer"] = json!({"jwt": {"claims": {"sub": subject, "scope": "staff"}, "scopes": ["staff"]}});
        }
        let context = serde_json::from_value(context).unwrap();
        let body = if call.body.is_null() {
            Body::Empty
        } else {
            Body::Text(call.body.to_string())
        };
        let parameters: std::collections::HashMap<String, Vec<String>> =
            call.id.into_iter().map(|id| ("id".to_owned(), vec![id])).collect();
        let query: std::collections::HashMap<String, Vec<String>> = call
            .query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![value.clone()]))
            .collect();
        let request = request
            .body(body)
            .unwrap()
            .with_request_context(RequestContext::ApiGatewayV2(context))
            .with_path_parameters(parameters)
            .with_query_string_parameters(query);
        let response = handle(&self.ports, request).await;
        let body = match response.body() {
            Body::Text(text) => serde_json::from_str(text).unwrap(),
            _ => Value::Null,
        };
        (response.status().as_u16(), body, response)
    }

    async fn read(&self, route: &str, id: Option<String>, query: &[(&str, String)]) -> (u16, Value, Response<Body>) {
        self.call(Call {
            route,
            id,
            query,
            headers: &[],
            body: Value::Null,
            subject: Some(&self.staff),
        })
        .await
    }

    async fn cancel(&self, order: &Order, key: &str, version: u64, body: Value) -> (u16, Value) {
        let etag = web::etag(version);
        let headers = [("idempotency-key", key), ("if-match", etag.as_str())];
        let route = "POST /v1/orders/{id}/cancel";
        let id = Some(order.id().to_string());
        let (status, body, _) = self
            .call(Call {
                route,
                id,
                query: &[],
                headers: &headers,
                body,
                subject: Some(&self.staff),
            })
            .await;
        (status, body)
    }

    async fn free(&self) -> u64 {
        self.ports
            .inventory
            .availability(&[sample::id(1), sample::id(2)])
            .await
            .unwrap()
            .values()
            .sum()
    }
}

#[tokio::test]
async fn staff_read_an_order_with_its_buyer_and_its_version() {
    let desk = Desk::new().await;
    let order = desk.placed().await;
    let (status, body, response) = desk
        .read("GET /v1/orders/{id}", Some(order.id().to_string()), &[])
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        (&body["buyer"]["first_name"], &body["destination"]["address_locality"]),
        (&json!("Wei"), &json!("Hangzhou"))
    );
    assert_eq!(
        (&body["state"]["name"], &body["total"]["amount"]),
        (&json!("awaiting_payment"), &json!(5_200))
    );
    assert_eq!(response.headers()["etag"], "\"1\"");
}

#[tokio::test]
async fn an_erased_buyer_is_absent_and_the_order_stays() {
    let desk = Desk::new().await;
    let order = desk.placed().await;
    desk.ports.vault.erase(order.person()).await.unwrap();
    let (status, body, _) = desk
        .read("GET /v1/orders/{id}", Some(order.id().to_string()), &[])
        .await;
    assert_eq!((status, body.get("buyer")), (200, None));
}

#[tokio::test]
async fn who_is_not_staff_or_asks_for_nothing_is_refused() {
    let desk = Desk::new().await;
    let id = Some(OrderId::generate(&desk.world.ambient()).to_string());
    let customer = CustomerId::generate(&desk.world.ambient()).to_string();
    for (subject, expected) in [
        (None, 401),
        (Some(customer.as_str()), 403),
        (Some(desk.staff.as_str()), 404),
    ] {
        for route in ["GET /v1/orders/{id}", "GET /v1/orders/{id}/history"] {
            let call = Call {
                route,
                id: id.clone(),
                query: &[],
                headers: &[],
                body: Value::Null,
                subject,
            };
            assert_eq!(desk.call(call).await.0, expected, "{route} {subject:?}");
        }
        let headers = [("idempotency-key", "k"), ("if-match", "\"1\"")];
        let body = json!({"reason": "no"});
        let call = Call {
            route: "POST /v1/orders/{id}/cancel",
            id: id.clone(),
            query: &[],
            headers: &headers,
            body,
            subject,
        };
        assert_eq!(desk.call(call).await.0, expected, "cancel {subject:?}");
    }
    assert_eq!(
        desk.read("GET /v1/orders/{id}", Some("junk".to_owned()), &[]).await.0,
        404
    );
    assert_eq!(desk.read("GET /v1/other", None, &[]).await.0, 404);
}

#[tokio::test]
async fn lists_page_by_state_day_and_customer() {
    let desk = Desk::new().await;
    let mut placed = Vec::new();
    for _ in 0..3 {
        desk.world.clock().advance_seconds(1);
        placed.push(json!(desk.placed().await.id()));
    }
    placed.reverse();
    let day = Day::of(desk.world.now()).to_string();
    let customer = sample::customer(1).to_string();
    for list in [
        ("state", "awaiting_payment".to_owned()),
        ("day", day),
        ("customer", customer),
    ] {
        let two = [list.clone(), ("limit", "2".to_owned())];
        let (status, first, _) = desk.read("GET /v1/orders", None, &two).await;
        assert_eq!(status, 200);
        let cursor = first["next"].as_str().unwrap().to_owned();
        let (_, rest, _) = desk
            .read("GET /v1/orders", None, &[list.clone(), ("cursor", cursor)])
            .await;
        let items = [&first["items"], &rest["items"]]
            .map(|items| items.as_array().unwrap().clone())
            .concat();
        assert_eq!(
            items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>(),
            placed,
            "{list:?}"
        );
        assert!(items.iter().all(|item| item.get("buyer").is_none()));
    }
}

#[tokio::test]
async fn a_list_that_is_not_one_is_malformed() {
    let desk = Desk::new().await;
    let wrong: [&[(&str, &str)]; 7] = [
        &[],
        &[("state", "lost")],
        &[("day", "2026-02-30")],
        &[("customer", "ord_1")],
        &[
            ("state", "confirmed"),
            ("customer", "cus_019d6c6b7cc07a0b8c0d0e0f10111213"),
        ],
        &[("state", "confirmed"), ("limit", "101")],
        &[("state", "confirmed"), ("cursor", "00")],
    ];
    for query in wrong {
        let query: Vec<_> = query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        assert_eq!(desk.read("GET /v1/orders", None, &query).await.0, 400, "{query:?}");
    }
}

#[tokio::test]
async fn cancelling_gives_stock_back_tells_it_and_answers_the_same_twice() {
    let desk = Desk::new().await;
    let order = desk.paid().await;
    assert_eq!(desk.free().await, 0);
    let body = json!({"reason": "buyer called"});
    let first = desk.cancel(&order, "k1", 2, body.clone()).await;
    assert_eq!(
        (first.0, &first.1["state"]["name"], &first.1["refund_owed"]["amount"]),
        (200, &json!("cancelled"), &json!(5_200))
    );
    assert_eq!(desk.cancel(&order, "k1", 2, body.clone()).await, first);
    assert_eq!(desk.free().await, 5);
    let mut names: Vec<_> = desk.world.events().await.into_iter().map(|event| event.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["order.cancelled", "order.paid", "order.placed"]);
    assert_eq!(desk.cancel(&order, "k1", 2, json!({"reason": "other"})).await.0, 422);
    assert_eq!(desk.cancel(&order, "k2", 2, body.clone()).await.0, 412);
    assert_eq!(desk.cancel(&order, "k3", 3, body).await.0, 409);
}

#[tokio::test]
async fn some_units_are_cancelled_and_the_history_says_who_and_why() {
    let desk = Desk::new().await;
    let order = desk.paid().await;
    let line = order.lines()[0].id.to_string();
    let body = json!({"reason": "one is broken", "lines": [{"line_id": line, "quantity": 2}]});
    let (status, answer) = desk.cancel(&order, "k1", 2, body).await;
    assert_eq!(
        (status, &answer["state"]["name"], &answer["refund_owed"]["amount"]),
        (200, &json!("confirmed"), &json!(2_000))
    );
    assert_eq!(desk.free().await, 2);
    let (_, history, _) = desk
        .read("GET /v1/orders/{id}/history", Some(order.id().to_string()), &[])
        .await;
    let last = &history["items"][2];
    assert_eq!(
        (&last["what"], &last["reason"], &last["actor"]["id"]),
        (&json!("cancelled"), &json!("one is broken"), &json!(desk.staff))
    );
}

#[tokio::test]
async fn equal_requests_at_once_cancel_once_and_answer_the_same() {
    let desk = Desk::new().await;
    let order = desk.paid().await;
    let body = json!({"reason": "twice"});
    let (first, second) = tokio::join!(
        desk.cancel(&order, "k1", 2, body.clone()),
        desk.cancel(&order, "k1", 2, body.clone())
    );
    assert_eq!(first.0, 200);
    assert_eq!(first, second);
    assert_eq!(desk.free().await, 5);
}

#[tokio::test]
async fn a_cancellation_that_cannot_be_read_or_done_says_why() {
    let desk = Desk::new().await;
    let order = desk.paid().await;
    let line = order.lines()[0].id.to_string();
    let too_many = json!({"reason": "x", "lines": [{"line_id": line, "quantity": 4}]});
    let (status, problem) = desk.cancel(&order, "k1", 2, too_many).await;
    assert_eq!((status, &problem["line_id"]), (422, &json!(line)));
    for body in [
        json!({}),
        json!({"reason": " "}),
        json!({"reason": "x", "other": 1}),
        json!([]),
    ] {
        assert_eq!(desk.cancel(&order, "k2", 2, body).await.0, 400);
    }
    let id = Some(order.id().to_string());
    let route = "POST /v1/orders/{id}/cancel";
    let body = json!({"reason": "x"});
    for (headers, expected) in [
        (vec![("if-match", "\"2\"")], 400),
        (vec![("idempotency-key", "k")], 428),
    ] {
        let call = Call {
            route,
            id: id.clone(),
            query: &[],
            headers: &headers,
            body: body.clone(),
            subject: Some(&desk.staff),
        };
        assert_eq!(desk.call(call).await.0, expected);
    }
    assert_eq!(desk.free().await, 0);
}
