//! The desk over embedded DynamoDB, called as the gateway calls it.

use std::collections::HashMap;

use kernel::{Id, Money, OrderId, StaffId};
use lambda_http::{RequestExt, request::RequestContext};
use payments::{Case, CaseState, Intent, IntentState, Mode, Provider, payment_id};
use serde_json::{Value, json};
use testkit::World;

use super::*;

const RULES: &str = "/v1/payments/risk-rules";
const REVIEWS: &str = "/v1/payments/reviews";

struct Desk {
    world: World,
    ports: Ports,
    staff: StaffId,
}

/// How a request is made; the rest is the usual.
struct Call<'a> {
    scope: Option<&'a str>,
    role: &'a str,
    key: &'a str,
    over: Option<u64>,
}

const USUAL: Call<'_> = Call {
    scope: Some("staff"),
    role: "payments.risk",
    key: "k1",
    over: None,
};

impl Desk {
    async fn new() -> Self {
        let world = World::new(&["payments"]).await;
        let ports = Ports {
            payments: Payments::new(world.dynamo(), world.table("PaymentsTable"), "", world.outbox()),
            idempotency: world.idempotency(),
            dynamo: world.dynamo(),
        };
        let staff = StaffId::generate(&world.ambient());
        Self { world, ports, staff }
    }

    /// A try that a rule holds, written as payment-start does.
    async fn held(&self) -> Intent {
        let order = OrderId::generate(&self.world.ambient());
        let intent = Intent {
            id: payment_id(order, "k1"),
            order,
            provider: Provider::Stripe,
            mode: Mode::PaymentIntent,
            amount: Money::new(5_200, "CNY".parse().unwrap()).unwrap(),
            livemode: false,
            fingerprint: String::new(),
            version: 1,
            pay_by: None,
            step_up: true,
            state: IntentState::InReview {
                rules: vec!["large".to_owned()],
            },
            created_at: self.world.now(),
        };
        assert_eq!(
            self.ports.payments.hold_intent(&intent, Vec::new()).await.unwrap(),
            None
        );
        intent
    }

    async fn call(&self, route: &str, path: &str, call: Call<'_>, body: Value) -> (u16, Value, Option<String>) {
        let (method, template) = route.split_once(' ').unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut context = json!({
            "routeKey": route, "requestId": "r1", "accountId": "1", "stage": "$default", "timeEpoch": 0, "apiId": "a",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
        });
        if let Some(scope) = call.scope {
            let roles = format!("[{}]", call.role);
            context["authorizer"] = json!({"jwt": {
                "claims": {"sub": self.staff.to_string(), "scope": scope, "roles": roles}, "scopes": [scope],
            }});
        }
        let pairs = template.split('/').zip(path.split('/'));
        let parameters: HashMap<_, _> = pairs
            .filter(|(name, _)| name.starts_with('{'))
            .map(|(name, value)| (name.trim_matches(['{', '}']).to_owned(), vec![value.to_owned()]))
            .collect();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query: HashMap<_, _> = pairs
            .map(|(name, value)| (name.to_owned(), vec![value.to_owned()]))
            .collect();
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("https://shop.example{path}"))
            .header("idempotency-key", call.key);
        if let Some(version) = call.over {
            request = request.header("if-match", web::etag(version));
        }
        let request = request
            .body(Body::Text(body.to_string()))
            .unwrap()
            .with_request_context(RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap()))
            .with_path_parameters(parameters)
            .with_query_string_parameters(query);
        let response = handle(&self.ports, request).await;
        let etag = response
            .headers()
            .get("etag")
            .map(|tag| tag.to_str().unwrap().to_owned());
        let Body::Text(text) = response.body() else {
            panic!("no body")
        };
        (response.status().as_u16(), serde_json::from_str(text).unwrap(), etag)
    }

    async fn put(&self, key: &str, over: Option<u64>, body: Value) -> (u16, Value, Option<String>) {
        let call = Call { key, over, ..USUAL };
        self.call(&format!("PUT {RULES}"), RULES, call, body).await
    }

    async fn decide(&self, intent: &Intent, what: &str, key: &str) -> (u16, Value) {
        let route = format!("POST /v1/orders/{{id}}/payments/{{payment}}/{what}");
        let path = format!("/v1/orders/{}/payments/{}/{what}", intent.order, intent.id);
        let call = Call { key, ..USUAL };
        let (status, body, _) = self
            .call(&route, &path, call, json!({"note": "called the buyer"}))
            .await;
        (status, body)
    }

    async fn waiting(&self, query: &str) -> (u16, Value) {
        let path = format!("{REVIEWS}{query}");
        let (status, body, _) = self.call(&format!("GET {REVIEWS}"), &path, USUAL, Value::Null).await;
        (status, body)
    }

    async fn intent(&self, intent: &Intent) -> Intent {
        let found = self.ports.payments.intent(intent.order, intent.id).await;
        found.unwrap().unwrap()
    }
}

fn rule(name: &str, limit: i64) -> Value {
    json!({"name": name, "when": {"if": "amount_over", "limits": {"CNY": limit}}, "then": "hold"})
}

#[tokio::test]
async fn every_route_is_for_staff_with_its_role_alone() {
    let desk = Desk::new().await;
    let held = desk.held().await;
    let one = |what: &str| {
        (
            format!("POST /v1/orders/{{id}}/payments/{{payment}}/{what}"),
            format!("/v1/orders/{}/payments/{}/{what}", held.order, held.id),
        )
    };
    for (route, path) in [
        (format!("GET {RULES}"), RULES.to_owned()),
        (format!("PUT {RULES}"), RULES.to_owned()),
        (format!("GET {REVIEWS}"), REVIEWS.to_owned()),
        one("approve"),
        one("refuse"),
    ] {
        for (scope, role, expected) in [
            (None, "", 401),
            (Some("customer"), "payments.risk", 403),
            (Some("staff"), "payments.review", 403),
            (Some("staff"), "", 403),
        ] {
            let call = Call { scope, role, ..USUAL };
            let (status, ..) = desk.call(&route, &path, call, json!({})).await;
            assert_eq!(status, expected, "{route} {scope:?} {role}");
        }
        for role in ["payments.risk", "admin"] {
            let call = Call { role, ..USUAL };
            let (status, ..) = desk.call(&route, &path, call, json!("x")).await;
            assert!(![401, 403].contains(&status), "{route} {role} {status}");
        }
    }
    assert_eq!(desk.intent(&held).await, held);
    let (status, ..) = desk
        .call("DELETE /v1/payments/risk-rules", RULES, USUAL, json!({}))
        .await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn rules_are_read_and_replaced_over_the_version_that_was_read() {
    let desk = Desk::new().await;
    let read = async || desk.call(&format!("GET {RULES}"), RULES, USUAL, Value::Null).await;
    let (status, product, etag) = read().await;
    assert_eq!(
        (status, etag.as_deref(), &product["version"]),
        (200, Some("\"0\""), &json!(0))
    );
    assert_eq!(product["rules"][0]["name"], "card-per-hour");

    let body = json!({"rules": [rule("large", 500)]});
    assert_eq!(desk.put("k1", None, body.clone()).await.0, 428);
    let first = desk.put("k1", Some(0), body.clone()).await;
    assert_eq!((first.0, first.2.as_deref()), (200, Some("\"1\"")), "{first:?}");
    assert_eq!(desk.put("k1", Some(0), body.clone()).await, first);
    assert_eq!(desk.put("k2", Some(0), body.clone()).await.0, 412);
    let none = desk.put("k3", Some(1), json!({"rules": []})).await;
    assert_eq!((none.0, &none.1["rules"]), (200, &json!([])));
    // What the product brings can be put back, as it was read.
    let back = desk.put("k4", Some(2), json!({"rules": product["rules"]})).await;
    assert_eq!(
        (back.0, read().await.1),
        (200, json!({"version": 3, "rules": product["rules"]}))
    );
}

#[tokio::test]
async fn rules_that_make_no_sense_are_named_by_their_place() {
    let desk = Desk::new().await;
    let many: Vec<_> = (0..51).map(|n| rule(&format!("r{n}"), 1)).collect();
    let mut unknown = rule("b", 1);
    unknown["then"] = json!("shrug");
    for (rules, pointer) in [
        (json!([rule("a", 1), rule("a", 1)]), "/rules/1/name"),
        (json!([rule("a b", 1)]), "/rules/0/name"),
        (json!([rule("a", 1), rule("b", -1)]), "/rules/1/when/limits"),
        (json!([rule("a", 1), unknown]), "/rules/1"),
        (json!([{"name": "a"}]), "/rules/0"),
        (json!(many), "/rules"),
    ] {
        let (status, answer, _) = desk.put("k1", Some(0), json!({"rules": rules})).await;
        assert_eq!(
            (status, &answer["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{answer}"
        );
    }
    for body in [json!([]), json!({}), json!({"rules": [], "more": 1})] {
        assert_eq!(desk.put("k1", Some(0), body).await.0, 400);
    }
    assert_eq!(desk.ports.payments.risk_rules().await.unwrap().version, 0);
}

#[tokio::test]
async fn what_is_held_is_listed_until_it_is_decided_once() {
    let desk = Desk::new().await;
    let (one, two) = (desk.held().await, desk.held().await);
    let (status, listed) = desk.waiting("").await;
    let items = listed["items"].as_array().unwrap();
    assert_eq!((status, items.len()), (200, 2), "{listed}");
    assert_eq!(
        (&items[0]["rules"], &items[0]["amount"]["amount"]),
        (&json!(["large"]), &json!(5_200))
    );
    let day = desk.world.now().day();
    assert_eq!(desk.waiting(&format!("?day={day}")).await, (200, listed));
    assert_eq!(desk.waiting("?day=2020-01-01").await, (200, json!({"items": []})));
    assert_eq!(desk.waiting("?day=today").await.0, 400);
    assert_eq!(desk.waiting("?cursor=junk").await.0, 400);

    let approved = desk.decide(&one, "approve", "k1").await;
    assert_eq!(
        (approved.0, approved.1["state"].as_str()),
        (200, Some("approved")),
        "{approved:?}"
    );
    assert_eq!(desk.decide(&one, "approve", "k1").await, approved);
    assert_eq!(desk.decide(&one, "refuse", "k2").await.0, 409);
    let IntentState::Approved { by, at } = desk.intent(&one).await.state else {
        panic!("approved")
    };
    assert_eq!((by.to_string(), at), (desk.staff.to_string(), desk.world.now()));

    let refused = desk.decide(&two, "refuse", "k3").await;
    assert_eq!(
        (refused.0, refused.1["state"].as_str()),
        (200, Some("refused")),
        "{refused:?}"
    );
    assert_eq!(desk.decide(&two, "approve", "k4").await.0, 409);
    assert_eq!(desk.waiting("").await.1["items"], json!([]));
    let cases: Vec<Case> = desk.ports.payments.cases(&day, None).await.unwrap().items;
    for case in cases {
        let CaseState::Resolved { by, note, .. } = case.state else {
            panic!("resolved")
        };
        assert_eq!(by.to_string(), desk.staff.to_string());
        assert!(note.is_some());
    }
}

#[tokio::test]
async fn two_who_decide_at_once_do_not_both_do_so() {
    let desk = Desk::new().await;
    let held = desk.held().await;
    let both = tokio::join!(desk.decide(&held, "approve", "k1"), desk.decide(&held, "refuse", "k2"));
    let mut statuses = [both.0.0, both.1.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn a_payment_that_is_not_there_is_not_decided() {
    let desk = Desk::new().await;
    let mut held = desk.held().await;
    held.order = OrderId::generate(&desk.world.ambient());
    assert_eq!(desk.decide(&held, "approve", "k1").await.0, 404);
}
