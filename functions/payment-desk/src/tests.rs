//! The desk over embedded DynamoDB, called as the gateway calls it.

mod reading;
mod refunds;
mod reviews;

use std::collections::BTreeMap;

use inventory::Inventory;
use kernel::{Id, Money, OrderId, RefundId, StaffId};
use lambda_http::{RequestExt, request::RequestContext};
use payments::{
    Fact, FactKind, Intent, IntentState, Mode, Notice, NoticeSource, OrderStanding, OrderStep, Provider, Reading,
    Reference, Started, payment_id, settle,
};
use sales::{
    order::{Act, Order},
    sample,
};
use serde_json::{Value, json};
use testkit::World;

use super::*;

/// What the sample order costs: 3 of line 1 at 10.00, 2 of line 2 at 5.00, freight 12.00.
const TOTAL: i64 = 5_200;

struct Desk {
    world: World,
    ports: Ports,
    staff: StaffId,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new(&["sales", "inventory", "payments"]).await;
        let ports = Ports {
            payments: Payments::new(
                world.dynamo(),
                world.table("PaymentsTable"),
                world.table("LedgerTable"),
                world.outbox(),
            ),
            orders: Orders::new(
                world.dynamo(),
                world.table("SalesTable"),
                world.outbox(),
                world.timers(),
            ),
            idempotency: world.idempotency(),
            dynamo: world.dynamo(),
            limits: "CNY:2000".parse().unwrap(),
        };
        let staff = StaffId::generate(&world.ambient());
        Self { world, ports, staff }
    }

    /// An order to which `received` came in through Stripe, booked as settlement does.
    async fn order(&self, received: i64) -> Order {
        let ambient = self.world.ambient();
        let stock = Inventory::new(
            self.world.dynamo(),
            self.world.outbox(),
            self.world.table("InventoryTable"),
        );
        let placement = sample::placement(OrderId::generate(&ambient), self.world.now());
        let order = sample::place(&self.ports.orders, &stock, &ambient, placement).await;
        let intent = self.intent(order.id(), Provider::Stripe, Mode::PaymentIntent, "pi_1");
        assert_eq!(self.ports.payments.put_intent(&intent).await.unwrap(), None);
        if received > 0 {
            self.told(
                &order,
                &intent,
                FactKind::Captured {
                    received: sample::cny(received),
                },
            )
            .await;
        }
        self.load(&order).await
    }

    fn intent(&self, order: OrderId, provider: Provider, mode: Mode, object: &str) -> Intent {
        Intent {
            id: payment_id(order, object),
            order,
            provider,
            mode,
            amount: sample::cny(TOTAL),
            livemode: false,
            fingerprint: String::new(),
            version: 1,
            pay_by: None,
            step_up: false,
            state: IntentState::Open {
                started: Started::of(object.parse().unwrap()),
            },
            created_at: self.world.now(),
        }
    }

    /// Books a fact, as settlement does.
    async fn told(&self, order: &Order, intent: &Intent, kind: FactKind) {
        let Ports { payments, orders, .. } = &self.ports;
        let IntentState::Open { started } = &intent.state else {
            unreachable!()
        };
        let reading = Reading {
            reference: Reference {
                order: Some(order.id()),
                payment: Some(intent.id),
                object: Some(started.object.clone()),
                session: None,
            },
            asked: None,
            livemode: false,
            occurred_at: None,
            evidence_due_at: None,
            card: None,
            facts: vec![Fact {
                provider: intent.provider,
                payment: started.object.clone(),
                kind,
            }],
        };
        payments
            .keep_reading(NoticeSource::Query, intent.provider, &reading)
            .await
            .unwrap();
        let now = self.world.now();
        let notice = Notice::of_reading(NoticeSource::Query, intent.provider, &reading, now).unwrap();
        let order = self.load(order).await;
        let money = payments.order_money(order.id(), order.value()).await.unwrap();
        let due = (OrderStanding::Open, order.value());
        let ids = || RefundId::generate(&self.world.ambient());
        let settled = settle(&money.state, &money.facts, &reading.facts, due, now, ids).unwrap();
        assert!(matches!(settled.order, OrderStep::None | OrderStep::Pay));
        let mut writes = payments.settle_parts(&settled, Some(&notice)).unwrap();
        let act = Act::by(kernel::Actor::system("test"), now);
        if let Ok(changed) = order.record_payment(summary(&settled.state), &act) {
            writes.extend(orders.save(&changed, Stale).unwrap());
        }
        self.world.dynamo().commit(writes).await.unwrap();
    }

    async fn load(&self, order: &Order) -> Order {
        self.ports.orders.get(order.id()).await.unwrap().unwrap()
    }

    async fn call(
        &self,
        route: &str,
        path: &str,
        caller: Option<&str>,
        (key, version): (&str, Option<u64>),
        body: Value,
    ) -> (u16, Value) {
        let (method, _) = route.split_once(' ').unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut context = json!({
            "routeKey": route, "requestId": "r1", "accountId": "1", "stage": "$default", "timeEpoch": 0, "apiId": "a",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
        });
        if let Some(role) = caller {
            context["authorizer"] = json!({"jwt": {
                "claims": {"sub": self.staff.to_string(), "scope": "staff", "roles": format!("[{role}]")}, "scopes": ["staff"],
            }});
        }
        let template = route.split_once(' ').unwrap().1;
        let parameters: BTreeMap<String, String> = template
            .split('/')
            .zip(path.split('/'))
            .filter(|(name, _)| name.starts_with('{'))
            .map(|(name, value)| (name.trim_matches(['{', '}']).to_owned(), value.to_owned()))
            .collect();
        let query: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let lists = |pairs: BTreeMap<String, String>| {
            let lists: std::collections::HashMap<_, _> =
                pairs.into_iter().map(|(name, value)| (name, vec![value])).collect();
            lists
        };
        let body = if body.is_null() {
            Body::Empty
        } else {
            Body::Text(body.to_string())
        };
        let version = version.map(web::etag).unwrap_or_default();
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://shop.example{path}"))
            .header("idempotency-key", key)
            .header("if-match", version)
            .body(body)
            .unwrap()
            .with_request_context(RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap()))
            .with_path_parameters(lists(parameters))
            .with_query_string_parameters(lists(query));
        let response = handle(&self.ports, request).await;
        let body = match response.body() {
            Body::Text(text) => serde_json::from_str(text).unwrap(),
            _ => Value::Null,
        };
        (response.status().as_u16(), body)
    }

    async fn get(&self, route: &str, path: &str) -> (u16, Value) {
        self.call(
            &format!("GET {route}"),
            path,
            Some("payments.read"),
            ("", None),
            Value::Null,
        )
        .await
    }

    async fn money(&self, order: &Order) -> Value {
        let path = format!("/v1/orders/{}/payments", order.id());
        let (status, body) = self.get("/v1/orders/{id}/payments", &path).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn refund(&self, order: &Order, role: &str, key: &str, version: u64, body: Value) -> (u16, Value) {
        let path = format!("/v1/orders/{}/refunds", order.id());
        self.call(
            "POST /v1/orders/{id}/refunds",
            &path,
            Some(role),
            (key, Some(version)),
            body,
        )
        .await
    }

    async fn review(&self, order: &Order, what: &str, key: &str) -> (u16, Value) {
        let path = format!("/v1/orders/{}/{what}", order.id());
        let body = json!({"reason": "looked at it"});
        let route = format!("POST /v1/orders/{{id}}/{what}");
        self.call(&route, &path, Some("payments.review"), (key, None), body)
            .await
    }

    async fn named(&self, name: &str) -> usize {
        let events = self.world.events().await.into_iter();
        events.filter(|event| event.name == name).count()
    }
}

fn cny(amount: i64) -> Money {
    sample::cny(amount)
}
