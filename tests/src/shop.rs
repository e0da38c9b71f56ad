//! A shop as its clients drive it: search, session, payment, shipping, tracking.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Api};

/// Path of the UCP surface.
const UCP: &str = ucp::BASE_PATH;

/// How often a client comes back that was told to.
const TRIES_MAX: u32 = 40;

/// A storefront and a member of staff.
#[derive(Clone)]
pub struct Shop {
    /// Calls as the platform that shops.
    pub agent: Api,
    /// Calls as staff.
    pub staff: Api,
}

/// A member of staff who is signed in.
#[derive(Clone)]
pub struct Member {
    /// Who.
    pub id: String,
    /// Calls as this member.
    pub api: Api,
}

/// What a buyer wants.
pub fn basket(lines: &[(&str, u32)]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(variant, quantity)| json!({"item": {"id": variant}, "quantity": quantity}))
        .collect();
    json!({
        "line_items": lines,
        "buyer": {"first_name": "Fang", "last_name": "Wang", "email": "fang.wang@example.com",
            "phone_number": "+8613800000000"},
        "fulfillment": {"methods": [{"type": "shipping",
            "destinations": [{"id": "home", "street_address": "1 Lake Road", "address_locality": "Hangzhou",
                "address_region": "Zhejiang", "postal_code": "310000", "address_country": "CN"}],
            "groups": [{"selected_option_id": "standard"}]}]},
    })
}

/// Paying with a handler's token.
pub fn instrument(handler: &str, token: &str) -> Value {
    json!({"payment": {"instruments": [{"id": "i1", "handler_id": handler, "type": "card", "selected": true,
        "credential": {"type": "token", "token": token}}]}})
}

impl Shop {
    /// Of the server at `base`: the platform goes by its `UCP-Agent`, staff by a token.
    pub fn new(base: &str, agent: &str, staff_token: &str) -> Self {
        Self {
            agent: Api::new(base)
                .with("ucp-agent", agent)
                .with("request-id", "0190a6d0-0000-7000-8000-000000000000"),
            staff: Api::new(base).bearer(staff_token),
        }
    }

    /// Ids of the variants that a search finds.
    pub async fn search(&self, query: &str) -> Vec<String> {
        let found = self
            .agent
            .post(&format!("{UCP}/catalog/search"), &json!({"query": query}))
            .await
            .expect(200);
        let products = found["products"].as_array().cloned().unwrap_or_default();
        let variants = products
            .iter()
            .filter_map(|product| product["variants"].as_array())
            .flatten();
        variants
            .filter_map(|variant| variant["id"].as_str())
            .map(str::to_owned)
            .collect()
    }

    /// Opens a session.
    pub async fn open(&self, lines: &[(&str, u32)]) -> Answer {
        self.patient(&format!("{UCP}/checkout-sessions"), &basket(lines)).await
    }

    /// Completes a session.
    pub async fn complete(&self, session: &str, payment: &Value) -> Answer {
        let path = format!("{UCP}/checkout-sessions/{session}/complete");
        self.patient(&path, payment).await
    }

    /// `POST` as a well-behaved client: told to come back, or not told anything (5xx), it does so with the same key.
    async fn patient(&self, path: &str, body: &Value) -> Answer {
        let key = uuid::Uuid::now_v7().to_string();
        let mut tries = 0;
        loop {
            let sent = self.agent.try_json(Method::POST, path, &key, body).await;
            let answer = sent.expect("the server answers");
            tries += 1;
            if answer.status < 500 || tries == TRIES_MAX {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
    }

    /// Places an order that waits for its payment: its session and its id.
    pub async fn place(&self, lines: &[(&str, u32)]) -> (String, String) {
        let session = self.open(lines).await.expect(201);
        let id = session["id"].as_str().expect("a session has an id").to_owned();
        let done = self.complete(&id, &instrument("stripe", "later")).await.expect(200);
        assert_eq!(done["status"], "completed", "{done}");
        (
            id,
            done["order"]["id"]
                .as_str()
                .expect("a completed session has an order")
                .to_owned(),
        )
    }

    /// Starts the payment of an order: the provider's payment id.
    pub async fn start_payment(&self, session: &str, order: &str) -> String {
        let body = json!({"checkout_id": session, "provider": "stripe", "mode": "payment_intent"});
        let started = self
            .agent
            .post(&format!("/v1/orders/{order}/payments"), &body)
            .await
            .expect(201);
        started["provider_payment_id"]
            .as_str()
            .expect("a started payment has the provider's id")
            .to_owned()
    }

    /// Asks for a payment of an order, through whom and how: `beside` are the request's other members.
    pub async fn ask_for_payment(
        &self,
        (session, order): (&str, &str),
        (provider, mode): (&str, &str),
        beside: &Value,
    ) -> Answer {
        let mut body = json!({"checkout_id": session, "provider": provider, "mode": mode});
        if let (Some(body), Some(beside)) = (body.as_object_mut(), beside.as_object()) {
            body.extend(beside.clone());
        }
        self.agent.post(&format!("/v1/orders/{order}/payments"), &body).await
    }

    /// All that is known of an order's money, as staff see it.
    pub async fn money(&self, order: &str) -> Value {
        self.staff
            .get(&format!("/v1/orders/{order}/payments"))
            .await
            .expect(200)
    }

    /// A member of staff asks some of an order's money back, having seen this version of it.
    pub async fn refund(&self, by: &Api, order: &str, version: &Value, body: &Value) -> Answer {
        let (key, version) = (uuid::Uuid::now_v7().to_string(), format!("\"{version}\""));
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key.as_str()),
            ("if-match", &version),
        ];
        let path = format!("/v1/orders/{order}/refunds");
        let sent = by
            .send(Method::POST, &path, &headers, body.to_string().into_bytes())
            .await;
        sent.expect("the server answers")
    }

    /// A new member of staff with these roles.
    pub async fn hire(&self, roles: &[&str]) -> Member {
        let (email, password) = (
            format!("{}@demo.example", uuid::Uuid::now_v7()),
            "a long pass phrase for tests",
        );
        let account = json!({"email": email, "name": "Test", "password": password, "roles": roles});
        self.staff.post("/v1/staff", &account).await.expect(201);
        let sign_in = json!({"email": email, "password": password});
        let signed_in = self.agent.post("/v1/staff/sign-in", &sign_in).await.expect(200);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Member {
            id: text(&signed_in["staff"]["id"]),
            api: Api::new(self.staff.base()).bearer(&text(&signed_in["access_token"])),
        }
    }

    /// An order as staff see it.
    pub async fn order(&self, id: &str) -> Value {
        self.staff.get(&format!("/v1/orders/{id}")).await.expect(200)
    }

    /// Shipments of an order.
    pub async fn shipments(&self, order: &str) -> Vec<Value> {
        let mut found = Vec::new();
        for state in ["to_pick", "picking", "packed", "shipped", "delivered"] {
            let page = self
                .staff
                .get(&format!("/v1/shipments?state={state}"))
                .await
                .expect(200);
            let items = page["items"].as_array().cloned().unwrap_or_default();
            found.extend(items.into_iter().filter(|shipment| shipment["order_id"] == order));
        }
        found
    }

    /// One step of a shipment on its way out: the shipment afterwards.
    pub async fn step(&self, shipment: &Value, step: &str, body: &Value) -> Value {
        let id = shipment["id"].as_str().expect("a shipment has an id");
        let version = format!("\"{}\"", shipment["version"]);
        let key = format!("{id}-{step}");
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key.as_str()),
            ("if-match", &version),
        ];
        let path = format!("/v1/shipments/{id}/{step}");
        let sent = self
            .staff
            .send(Method::POST, &path, &headers, body.to_string().into_bytes())
            .await;
        sent.expect("the server answers").expect(200)
    }

    /// Asks until the order satisfies, for at most ten seconds; then shows the last one.
    pub async fn until(&self, order: &str, satisfied: impl Fn(&Value) -> bool) -> Value {
        self.until_at(&format!("/v1/orders/{order}"), satisfied).await
    }

    /// Asks until the order's money satisfies, for at most ten seconds; then shows the last one.
    pub async fn until_money(&self, order: &str, satisfied: impl Fn(&Value) -> bool) -> Value {
        self.until_at(&format!("/v1/orders/{order}/payments"), satisfied).await
    }

    async fn until_at(&self, path: &str, satisfied: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..200 {
            last = self.staff.get(path).await.expect(200);
            if satisfied(&last) {
                return last;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("not within ten seconds: {last}")
    }
}
