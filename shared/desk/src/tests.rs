//! Writing once over embedded DynamoDB.

use dynamo::{Dynamo, Part, key};
use kernel::{Id, StaffId};
use lambda_http::{RequestExt, request::RequestContext};
use serde_json::json;
use testkit::World;
use web::{Body, Request};

use super::*;

struct Bump {
    dynamo: Dynamo,
    table: String,
}

impl Bump {
    fn of(world: &World) -> Self {
        Self {
            dynamo: world.dynamo(),
            table: world.table("IdempotencyTable").to_owned(),
        }
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Count {
    version: u64,
}

impl dynamo::Record for Count {
    const ENTITY: &'static str = "count";
    const SHAPE: u16 = 1;
}

impl Change for Bump {
    async fn decide(&self) -> Result<Decided, Error> {
        let key = key("count", "count");
        let strong = dynamo::Consistency::Strong;
        let before: Option<Count> = self.dynamo.get(&self.table, &key, strong).await?;
        let expected = before.map_or(0, |count| count.version);
        let after = Count { version: expected + 1 };
        let item = dynamo::to_item(&key, &after)?;
        let part = match expected {
            0 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version),
        };
        Decided::new(201, &after, vec![part.refused(Raced)])
    }
}

fn request(caller: Option<(&str, &str, &str)>, key: &str, body: &str) -> Request {
    let mut context = json!({
        "routeKey": "POST /v1/counts", "requestId": "r1", "accountId": "1", "stage": "$default", "timeEpoch": 0, "apiId": "a",
        "http": {"method": "POST", "path": "/v1/counts", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
    });
    if let Some((subject, scope, roles)) = caller {
        context["authorizer"] =
            json!({"jwt": {"claims": {"sub": subject, "scope": scope, "roles": roles}, "scopes": [scope]}});
    }
    http::Request::builder()
        .method("POST")
        .uri("https://shop.example/v1/counts")
        .header("idempotency-key", key)
        .body(Body::Text(body.to_owned()))
        .unwrap()
        .with_request_context(RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap()))
}

#[tokio::test]
async fn many_at_once_each_happen_once_and_copies_get_the_first_answer() {
    let world = World::new(&[]).await;
    let who = StaffId::generate(&world.ambient());
    let (store, kept, change) = (world.dynamo(), world.idempotency(), Bump::of(&world));
    let send = |key: &'static str, body: &'static str| {
        let (store, kept, change) = (&store, &kept, &change);
        async move { once((store, kept), &request(None, key, body), who, change).await }
    };
    let (first, copy, other) = tokio::join!(send("k1", "{}"), send("k1", "{}"), send("k2", "{}"));
    let (first, copy, other) = (first.unwrap(), copy.unwrap(), other.unwrap());
    assert_eq!(first.headers()["etag"], copy.headers()["etag"]);
    assert_ne!(first.headers()["etag"], other.headers()["etag"]);
    assert!(matches!(send("k1", "{\"a\":1}").await, Err(Error::KeyReused)));
    assert!(matches!(send("a key", "{}").await, Err(Error::Key)));
    let last = send("k3", "{}").await.unwrap();
    assert_eq!(
        (last.status().as_u16(), &last.headers()["etag"]),
        (201, &"\"3\"".parse().unwrap())
    );
}

#[tokio::test]
async fn a_caller_needs_staffs_scope_and_one_of_the_roles() {
    let world = World::new(&[]).await;
    let staff = StaffId::generate(&world.ambient()).to_string();
    let status = |caller| match Member::with(&request(caller, "k", ""), &["payments.read", "courier"]) {
        Ok(_) => 200,
        Err(error) => error.answer(&request(None, "k", "")).status().as_u16(),
    };
    for (caller, expected) in [
        (None, 401),
        (Some((staff.as_str(), "customer", "[courier]")), 403),
        (Some(("cus_1", "staff", "[courier]")), 403),
        (Some((staff.as_str(), "staff", "[orders]")), 403),
        (Some((staff.as_str(), "staff", "[orders courier]")), 200),
        (Some((staff.as_str(), "staff", "[admin]")), 200),
    ] {
        assert_eq!(status(caller), expected, "{caller:?}");
    }
}

#[test]
fn errors_are_told_by_their_kind() {
    let store = |error| Error::Store(error);
    for (error, expected) in [
        (Error::KeyReused, 422),
        (Error::Key, 400),
        (Error::Cursor, 400),
        (Error::Busy, 503),
        (Error::Inconsistent("x".to_owned()), 500),
        (store(dynamo::StoreError::Throttled), 503),
        (store(dynamo::StoreError::Rejected("x".to_owned())), 500),
        (Error::not_found(), 404),
    ] {
        assert_eq!(error.answer(&request(None, "k", "")).status().as_u16(), expected);
    }
}
