//! Couriers over embedded DynamoDB, called as the gateway calls the function.

mod cash;
mod door;

use std::collections::BTreeMap;

use inventory::Inventory;
use kernel::{Id, OrderId, StaffId};
use lambda_http::{RequestExt, request::RequestContext};
use payments::{Intent, IntentState, Mode, Provider, Started, door_code, payment_id};
use sales::{
    order::{Act, Order},
    sample,
};
use serde_json::{Value, json};
use testkit::World;

use super::*;

/// What the sample order costs.
const TOTAL: i64 = 5_200;

struct Shop {
    world: World,
    ports: Ports,
    courier: StaffId,
    cashier: StaffId,
}

impl Shop {
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
        };
        let courier = StaffId::generate(&world.ambient());
        let cashier = StaffId::generate(&world.ambient());
        Self {
            world,
            ports,
            courier,
            cashier,
        }
    }

    async fn placed(&self) -> Order {
        let ambient = self.world.ambient();
        let stock = Inventory::new(
            self.world.dynamo(),
            self.world.outbox(),
            self.world.table("InventoryTable"),
        );
        let placement = sample::placement(OrderId::generate(&ambient), self.world.now());
        sample::place(&self.ports.orders, &stock, &ambient, placement).await
    }

    /// An order that is paid at the door, with its intent.
    async fn promised(&self) -> Order {
        let order = self.placed().await;
        let act = Act::by(kernel::Actor::system("test"), self.world.now());
        let changed = order.confirm_on_delivery(&act).unwrap();
        let intent = self.intent(changed.order.id());
        let with = self.ports.orders.save(&changed, payments::Stale).unwrap();
        assert_eq!(self.ports.payments.open_intent(&intent, with).await.unwrap(), None);
        changed.order
    }

    fn intent(&self, order: OrderId) -> Intent {
        let id = payment_id(order, "k");
        Intent {
            id,
            order,
            provider: Provider::CashOnDelivery,
            mode: Mode::Cash,
            amount: sample::cny(TOTAL),
            livemode: false,
            fingerprint: String::new(),
            version: 1,
            pay_by: None,
            step_up: false,
            state: IntentState::Open {
                started: Started::of(id.to_string().parse().unwrap()),
            },
            created_at: self.world.now(),
        }
    }

    async fn call(
        &self,
        route: &str,
        path: &str,
        caller: Option<(StaffId, &str)>,
        key: &str,
        body: Value,
    ) -> (u16, Value) {
        let (method, _) = route.split_once(' ').unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut context = json!({
            "routeKey": route, "requestId": "r1", "accountId": "1", "stage": "$default", "timeEpoch": 0, "apiId": "a",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
        });
        if let Some((subject, role)) = caller {
            context["authorizer"] = json!({"jwt": {
                "claims": {"sub": subject.to_string(), "scope": "staff", "roles": format!("[{role}]")}, "scopes": ["staff"],
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
        let request = http::Request::builder()
            .method(method)
            .uri(format!("https://shop.example{path}"))
            .header("idempotency-key", key)
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

    async fn post(&self, what: &str, key: &str, body: Value) -> (u16, Value) {
        let path = format!("/v1/courier/{what}");
        let caller = Some((self.courier, "courier"));
        self.call(&format!("POST {path}"), &path, caller, key, body).await
    }

    async fn collect(&self, order: &Order, key: &str, amount: i64) -> (u16, Value) {
        let code = door_code(payment_id(order.id(), "k"));
        let body = json!({"order_id": order.id(), "amount": sample::cny(amount), "evidence": {"code": code}});
        self.post("collections", key, body).await
    }

    async fn hand_in(&self, key: &str, amount: i64) -> (u16, Value) {
        self.post("remittances", key, json!({"amount": sample::cny(amount)}))
            .await
    }

    async fn count(&self, remittance: &Value, key: &str, amount: i64) -> (u16, Value) {
        let id = remittance["remittance"]["id"].as_str().unwrap();
        let route = "POST /v1/payments/couriers/{id}/remittances/{remittance}/count";
        let path = format!("/v1/payments/couriers/{}/remittances/{id}/count", self.courier);
        let body = json!({"counted": sample::cny(amount)});
        self.call(route, &path, Some((self.cashier, "payments.cash")), key, body)
            .await
    }

    async fn cash(&self) -> Value {
        let caller = Some((self.courier, "courier"));
        let path = "/v1/courier/cash?currency=CNY";
        let (status, body) = self.call("GET /v1/courier/cash", path, caller, "", Value::Null).await;
        assert_eq!(status, 200, "{body}");
        let amount = |name: &str| body[name]["amount"].as_i64().unwrap();
        assert_eq!(amount("collected") - amount("remitted"), amount("in_hand"));
        assert!(amount("in_hand") >= 0 && amount("uncounted") >= 0);
        body
    }

    /// Balances by account over the whole ledger; every posting balances.
    async fn books(&self) -> BTreeMap<String, i64> {
        let mut balances: BTreeMap<String, i64> = BTreeMap::new();
        for item in self.world.items("LedgerTable").await {
            let Some(entries) = item["posting"]["M"]["entries"]["L"].as_array() else {
                continue;
            };
            let mut sum = 0;
            for entry in entries {
                let account = &entry["M"]["account"];
                let account = account["S"].as_str().unwrap_or("clearing").to_owned();
                let amount: i64 = entry["M"]["amount"]["M"]["amount"]["N"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                sum += amount;
                *balances.entry(account).or_default() += amount;
            }
            assert_eq!(sum, 0, "{item}");
        }
        balances.retain(|_, amount| *amount != 0);
        balances
    }

    async fn named(&self, name: &str) -> Vec<Value> {
        let events = self.world.events().await.into_iter();
        events
            .filter(|event| event.name == name)
            .map(|event| event.data)
            .collect()
    }
}

#[tokio::test]
async fn each_route_asks_for_its_role() {
    let shop = Shop::new().await;
    let (courier, other) = (shop.courier, shop.cashier);
    let own = [
        ("POST /v1/courier/collections", "/v1/courier/collections"),
        ("POST /v1/courier/refusals", "/v1/courier/refusals"),
        ("POST /v1/courier/remittances", "/v1/courier/remittances"),
        ("GET /v1/courier/cash", "/v1/courier/cash"),
    ];
    let count = "POST /v1/payments/couriers/{id}/remittances/{remittance}/count";
    let count_path = format!("/v1/payments/couriers/{courier}/remittances/rmt_1/count");
    let cash_path = format!("/v1/payments/couriers/{courier}/cash");
    let staff = [
        (count, count_path.as_str()),
        ("GET /v1/payments/couriers/{id}/cash", cash_path.as_str()),
    ];
    for (route, path) in own.into_iter().chain(staff) {
        assert_eq!(shop.call(route, path, None, "k", Value::Null).await.0, 401, "{route}");
        for role in ["orders", "payments.refund"] {
            let caller = Some((other, role));
            assert_eq!(shop.call(route, path, caller, "k", Value::Null).await.0, 403, "{route}");
        }
    }
    for (route, path) in own {
        let caller = Some((other, "payments.cash"));
        assert_eq!(shop.call(route, path, caller, "k", Value::Null).await.0, 403, "{route}");
    }
    for (route, path) in staff {
        let caller = Some((courier, "courier"));
        assert_eq!(shop.call(route, path, caller, "k", Value::Null).await.0, 403, "{route}");
    }
    let nobody = Some((other, "admin"));
    assert_eq!(
        shop.call("GET /v1/courier/other", "/v1/courier/other", nobody, "", Value::Null)
            .await
            .0,
        404
    );
}
