use kernel::{Id, StaffId};
use serde_json::{Value, json};
use testkit::World;

use super::*;

mod flow;

struct Desk {
    world: World,
    ports: Ports,
    writer: Person,
    approver: Person,
}

#[derive(Clone)]
struct Person {
    id: StaffId,
    roles: &'static str,
}

struct Answer {
    status: u16,
    body: Value,
    etag: Option<String>,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new(&["catalog"]).await;
        let ports = Ports {
            catalog: Catalog::new(world.dynamo(), world.table("CatalogTable")),
            idempotency: world.idempotency(),
            outbox: world.outbox(),
            ambient: world.ambient(),
        };
        let writer = Person {
            id: StaffId::generate(&world.ambient()),
            roles: "[catalog.edit catalog.approve]",
        };
        let approver = Person {
            id: StaffId::generate(&world.ambient()),
            roles: "[catalog.approve]",
        };
        Self {
            world,
            ports,
            writer,
            approver,
        }
    }

    async fn with_category() -> Self {
        let desk = Self::new().await;
        let answer = desk
            .call("POST /v1/categories", &[], &category(), &desk.writer, None)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        desk
    }

    /// A call with a key of its own.
    async fn call(&self, route: &str, path: &[(&str, &str)], body: &Value, who: &Person, etag: Option<&str>) -> Answer {
        let key = kernel::EventId::generate(&self.world.ambient()).to_string();
        self.keyed(route, path, body, who, etag, &key).await
    }

    #[expect(clippy::too_many_arguments, reason = "a request has that many parts")]
    async fn keyed(
        &self,
        route: &str,
        path: &[(&str, &str)],
        body: &Value,
        who: &Person,
        etag: Option<&str>,
        key: &str,
    ) -> Answer {
        let response = handle(&self.ports, request(route, path, body, who, etag, key)).await;
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

    async fn created(&self) -> Answer {
        let answer = self
            .call("POST /v1/products", &[], &product(), &self.writer, None)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer
    }

    async fn step(&self, step: &str, before: &Answer, who: &Person) -> Answer {
        let id = before.body["id"].as_str().unwrap();
        let route = format!("POST /v1/products/{{id}}/{step}");
        self.call(
            &route,
            &[("id", id)],
            &json!({"reason": "blurred"}),
            who,
            before.etag.as_deref(),
        )
        .await
    }

    async fn published(&self) -> Answer {
        let submitted = self.step("submit", &self.created().await, &self.writer).await;
        let published = self.step("approve", &submitted, &self.approver).await;
        assert_eq!(published.status, 200, "{}", published.body);
        published
    }
}

fn request(route: &str, path: &[(&str, &str)], body: &Value, who: &Person, etag: Option<&str>, key: &str) -> Request {
    let (method, template) = route.split_once(' ').unwrap();
    let raw = path.iter().fold(template.to_owned(), |raw, (name, value)| {
        raw.replace(&format!("{{{name}}}"), value)
    });
    let mut headers = json!({"idempotency-key": key, "content-type": "application/json"});
    if let Some(etag) = etag {
        headers["if-match"] = json!(etag);
    }
    let event = json!({
        "version": "2.0", "routeKey": route, "rawPath": raw, "rawQueryString": "", "headers": headers,
        "pathParameters": path.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "p", "requestId": "r", "routeKey": route,
            "stage": "$default", "time": "08/Apr/2026:09:30:00 +0000", "timeEpoch": 1,
            "http": {"method": method, "path": raw, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
            "authorizer": {"jwt": {"claims": {"sub": who.id.to_string(), "scope": "staff", "roles": who.roles}, "scopes": ["staff"]}}
        },
        "body": body.to_string(), "isBase64Encoded": false
    });
    lambda_http::request::from_str(&event.to_string()).unwrap()
}

fn category() -> Value {
    json!({
        "slug": "shoes", "title": {"en": "Shoes", "zh": "鞋"},
        "attributes": [{"name": "material", "label": {"en": "Material"}, "kind": "choice", "values": ["mesh", "leather"], "required": true}]
    })
}

fn product() -> Value {
    json!({
        "category": "shoes", "title": {"en": "Trail Runner", "zh": "越野跑鞋"}, "description": {"en": "Light and dry."},
        "attributes": {"material": "mesh"},
        "media": [{"url": "https://cdn.example.com/a.jpg"}],
        "options": [{"name": "Size", "values": ["41", "42"]}],
        "variants": [
            {"sku": "TR-41", "options": [{"name": "Size", "label": "41"}], "prices": [{"amount": 59900, "currency": "CNY"}], "weight_grams": 620},
            {"sku": "TR-42", "options": [{"name": "Size", "label": "42"}], "prices": [{"amount": 59900, "currency": "CNY"}], "weight_grams": 640}
        ]
    })
}
