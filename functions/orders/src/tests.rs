//! Orders over embedded DynamoDB, called as the gateway calls them.

use std::collections::HashMap;

use identity::token::{Audience, Claims};
use kernel::{CustomerId, Id, OrderId, StaffId};
use lambda_http::{RequestExt, request::RequestContext};
use privacy::Place;
use sales::{
    order::{Act, Address, DESTINATION_FIELD, NewShipment, Order, PaymentStatus, SEALED_ENTITY},
    sample,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::World;
use ucp::{
    Offer, Platforms,
    signature::{Target, verify},
};
use web::{Incoming, OutgoingRequest, SendError};

use super::*;

const AGENT: &str = "https://agent.example/ucp";
const OTHER: &str = "https://other.example/ucp";
/// Made for this test.
const KEY: &str = r#"{"current":"k1","keys":[{"kid":"k1","pkcs8":"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggUv5MISrVd+5iYVmusHeItuR+68Cv6Zh1jqb0Gzo/GehRANCAARpyjEv9EqXMNe8AEiiPJ2h0TvMIMtcTaJHkEdsxR1n9KMruNfx/rhplMlZF1kmnnQJ8P4BCpOiLJjgglwMubzt"}]}"#;

/// No profile is ever fetched in these tests: all platforms are known.
struct NoWeb;

impl HttpClient for NoWeb {
    async fn send(&self, _: OutgoingRequest) -> Result<Incoming, SendError> {
        Err(SendError::Timeout)
    }
}

/// Takes `<scope>:<subject>` for a token.
struct PlainTokens;

impl TokenVerifier for PlainTokens {
    async fn verify(&self, token: &str) -> Result<Claims, TokenRefused> {
        if token == "later" {
            return Err(TokenRefused::Unavailable);
        }
        let (scope, sub) = token.rsplit_once('/').ok_or(TokenRefused::Invalid)?;
        Ok(Claims {
            iss: String::new(),
            aud: Audience::One(String::new()),
            sub: sub.to_owned(),
            scope: scope.to_owned(),
            roles: Vec::new(),
            sid: None,
            client_id: None,
            jti: None,
            iat: 0,
            nbf: 0,
            exp: 0,
        })
    }
}

struct Shop {
    world: World,
    ports: Ports<NoWeb, PlainTokens>,
}

#[derive(Default)]
struct Call<'a> {
    id: Option<String>,
    query: &'a [(&'a str, &'a str)],
    headers: &'a [(&'a str, &'a str)],
    body: Value,
    subject: Option<String>,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new(&["sales", "inventory"]).await;
        let capabilities = json!({"dev.ucp.shopping.order": [{"version": "2026-04-08"}]});
        let profile = json!({"profile": {"ucp": {"version": "2026-04-08", "capabilities": capabilities}}});
        let known = Platforms::parse(&json!({AGENT: profile, OTHER: profile}).to_string(), false).unwrap();
        let offer = Offer::shop("https://shop.example", ucp::Registry::default());
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
            negotiator: Arc::new(Negotiator::new(offer, known, NoWeb, world.ambient())),
            verifier: Arc::new(PlainTokens),
            signing_key: Arc::new(SigningKey::parse(&SecretString::from(KEY)).unwrap()),
            storefront_url: "https://shop.example".to_owned(),
            unsigned: true,
            ambient: world.ambient(),
        };
        Self { world, ports }
    }

    async fn placed(&self) -> Order {
        let ambient = self.world.ambient();
        let mut placement = sample::placement(OrderId::generate(&ambient), self.world.now());
        let (key, part) = self.ports.vault.create::<()>().unwrap();
        self.world.dynamo().commit(vec![part]).await.unwrap();
        let entity = placement.id.to_string();
        let at = Place {
            entity: SEALED_ENTITY,
            id: &entity,
            field: DESTINATION_FIELD,
        };
        let address = Address {
            address_locality: Some("Hangzhou".to_owned()),
            ..Address::default()
        };
        placement.person = key.id();
        placement.destination = Some(key.seal(&ambient, at, &address).unwrap());
        sample::place(&self.ports.orders, &self.ports.inventory, &ambient, placement).await
    }

    async fn call(&self, route: &str, call: Call<'_>) -> (u16, Value) {
        let response = self.respond(route, call).await;
        let body = match response.body() {
            Body::Text(text) => serde_json::from_str(text).unwrap(),
            _ => Value::Null,
        };
        (response.status().as_u16(), body)
    }

    async fn respond(&self, route: &str, call: Call<'_>) -> Response<Body> {
        let (method, path) = route.split_once(' ').unwrap();
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("https://shop.example{path}"));
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        let mut context = json!({
            "routeKey": route, "requestId": "r1", "accountId": "1", "stage": "$default", "timeEpoch": 0, "apiId": "a",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
        });
        if let Some(subject) = call.subject {
            context["authorizer"] =
                json!({"jwt": {"claims": {"sub": subject, "scope": "customer"}, "scopes": ["customer"]}});
        }
        let context = serde_json::from_value(context).unwrap();
        let body = if call.body.is_null() {
            Body::Empty
        } else {
            Body::Text(call.body.to_string())
        };
        let parameters: HashMap<String, Vec<String>> =
            call.id.into_iter().map(|id| ("id".to_owned(), vec![id])).collect();
        let query: HashMap<String, Vec<String>> = call
            .query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()]))
            .collect();
        let request = request
            .body(body)
            .unwrap()
            .with_request_context(RequestContext::ApiGatewayV2(context))
            .with_path_parameters(parameters)
            .with_query_string_parameters(query);
        handle(&self.ports, request).await
    }

    async fn snapshot(&self, order: &str, agent: &str, token: Option<&str>) -> (u16, Value) {
        let agent = format!("profile=\"{agent}\"");
        let authorization = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("ucp-agent", agent.as_str())];
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        let call = Call {
            id: Some(order.to_owned()),
            headers: &headers,
            ..Call::default()
        };
        self.call("GET /ucp/2026-04-08/orders/{id}", call).await
    }

    async fn cancel(&self, order: OrderId, subject: String, key: &str, body: Value) -> (u16, Value) {
        let headers = [("idempotency-key", key)];
        let call = Call {
            id: Some(order.to_string()),
            headers: &headers,
            body,
            subject: Some(subject),
            query: &[],
        };
        self.call("POST /v1/me/orders/{id}/cancel", call).await
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

fn me() -> String {
    sample::customer(1).to_string()
}

fn not_found(answer: &(u16, Value)) -> bool {
    answer.0 == 200 && answer.1["ucp"]["status"] == "error" && answer.1["messages"][0]["code"] == "not_found"
}

#[tokio::test]
async fn a_platform_sees_what_it_placed_and_nothing_else() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    let id = order.id().to_string();
    let (status, body) = shop.snapshot(&id, AGENT, None).await;
    assert_eq!(
        (status, &body["ucp"]["status"], &body["id"]),
        (200, &json!("success"), &json!(id))
    );
    assert_eq!(
        body["fulfillment"]["expectations"][0]["destination"]["address_locality"],
        "Hangzhou"
    );
    assert_eq!(body["permalink_url"], format!("https://shop.example/orders/{id}"));
    assert!(not_found(&shop.snapshot(&id, OTHER, None).await));
    assert!(not_found(
        &shop
            .snapshot(&OrderId::generate(&shop.world.ambient()).to_string(), AGENT, None)
            .await
    ));
    assert!(not_found(&shop.snapshot("junk", AGENT, None).await));
}

#[tokio::test]
async fn a_platform_that_only_names_itself_is_refused_unless_that_is_allowed() {
    let mut shop = Shop::new().await;
    let id = shop.placed().await.id().to_string();
    shop.ports.unsigned = false;
    let (status, body) = shop.snapshot(&id, AGENT, None).await;
    assert_eq!((status, &body["code"]), (401, &json!("unauthorized")));
}

#[tokio::test]
async fn an_answer_and_a_refusal_are_signed_by_the_published_key() {
    let mut shop = Shop::new().await;
    let id = shop.placed().await.id().to_string();
    let agent = format!("profile=\"{AGENT}\"");
    for (unsigned, status) in [(true, 200), (false, 401)] {
        shop.ports.unsigned = unsigned;
        let call = Call {
            id: Some(id.clone()),
            headers: &[("ucp-agent", &agent)],
            ..Call::default()
        };
        let response = shop.respond("GET /ucp/2026-04-08/orders/{id}", call).await;
        let Body::Text(body) = response.body() else {
            panic!("no text");
        };
        let verified = |body: &str| {
            verify(
                &Target::Response { status },
                response.headers(),
                body.as_bytes(),
                shop.ports.signing_key.public_keys(),
            )
        };
        assert_eq!(verified(body), Ok(()), "{status}");
        assert!(verified("{}").is_err());
    }
}

#[tokio::test]
async fn a_buyers_token_sees_the_buyers_orders_on_any_platform() {
    let mut shop = Shop::new().await;
    shop.ports.unsigned = false;
    let id = shop.placed().await.id().to_string();
    let stranger = CustomerId::generate(&shop.world.ambient());
    let staff = StaffId::generate(&shop.world.ambient());
    assert_eq!(
        shop.snapshot(&id, OTHER, Some(&format!("customer/{}", me()))).await.1["id"],
        id
    );
    assert_eq!(
        shop.snapshot(&id, OTHER, Some(&format!("{ORDER_READ_SCOPE}/{}", me())))
            .await
            .1["id"],
        id
    );
    assert!(not_found(
        &shop.snapshot(&id, AGENT, Some(&format!("customer/{stranger}"))).await
    ));
    let cases = [
        (format!("profile/{}", me()), 403),
        (format!("customer/{staff}"), 403),
        ("forged".to_owned(), 401),
        ("later".to_owned(), 503),
    ];
    for (token, expected) in cases {
        assert_eq!(shop.snapshot(&id, AGENT, Some(&token)).await.0, expected, "{token}");
    }
}

#[tokio::test]
async fn a_bad_agent_is_told_so() {
    let shop = Shop::new().await;
    let call = Call {
        id: Some("ord_1".to_owned()),
        ..Call::default()
    };
    assert_eq!(
        shop.call("GET /ucp/2026-04-08/orders/{id}", call).await.1["code"],
        "invalid_profile_url"
    );
    assert_eq!(shop.snapshot("ord_1", "https://unknown.example/ucp", None).await.0, 424);
}

#[tokio::test]
async fn an_erased_buyers_order_is_shown_without_its_address() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    shop.ports.vault.erase(order.person()).await.unwrap();
    let (_, body) = shop.snapshot(&order.id().to_string(), AGENT, None).await;
    assert_eq!(body["fulfillment"]["expectations"][0]["destination"], json!({}));
}

#[tokio::test]
async fn a_customer_lists_their_own_orders() {
    let shop = Shop::new().await;
    for _ in 0..3 {
        shop.world.clock().advance_seconds(1);
        shop.placed().await;
    }
    let route = "GET /v1/me/orders";
    let list = |subject: String, query| Call {
        subject: Some(subject),
        query,
        ..Call::default()
    };
    let (status, first) = shop.call(route, list(me(), &[("limit", "2")])).await;
    assert_eq!((status, first["items"].as_array().unwrap().len()), (200, 2));
    let cursor = first["next"].as_str().unwrap();
    let next = [("cursor", cursor)];
    let (_, rest) = shop
        .call(
            route,
            Call {
                subject: Some(me()),
                query: &next,
                ..Call::default()
            },
        )
        .await;
    assert_eq!((rest["items"].as_array().unwrap().len(), rest.get("next")), (1, None));
    let stranger = CustomerId::generate(&shop.world.ambient()).to_string();
    let stolen = Call {
        subject: Some(stranger.clone()),
        query: &next,
        ..Call::default()
    };
    assert_eq!(shop.call(route, stolen).await.0, 400);
    assert_eq!(shop.call(route, list(stranger, &[])).await.1["items"], json!([]));
    let staff = StaffId::generate(&shop.world.ambient()).to_string();
    assert_eq!(shop.call(route, list(staff, &[])).await.0, 403);
    assert_eq!(shop.call(route, Call::default()).await.0, 401);
}

#[tokio::test]
async fn a_customer_cancels_their_order_once_and_its_stock_goes_back() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    let stranger = CustomerId::generate(&shop.world.ambient()).to_string();
    assert_eq!(shop.cancel(order.id(), stranger, "k", Value::Null).await.0, 404);
    let first = shop.cancel(order.id(), me(), "k", Value::Null).await;
    assert_eq!((first.0, &first.1["state"]["name"]), (200, &json!("cancelled")));
    assert_eq!(shop.cancel(order.id(), me(), "k", Value::Null).await, first);
    assert_eq!(shop.free().await, 5);
    assert_eq!(
        shop.cancel(order.id(), me(), "k", json!({"reason": "changed my mind"}))
            .await
            .0,
        422
    );
    assert_eq!(
        shop.cancel(order.id(), me(), "k2", json!({"reason": "changed my mind"}))
            .await
            .0,
        409
    );
    assert_eq!(shop.cancel(order.id(), me(), "", Value::Null).await.0, 400);
}

#[tokio::test]
async fn what_was_shipped_is_not_cancelled_by_its_buyer() {
    let shop = Shop::new().await;
    let order = shop.placed().await;
    let act = Act::by(kernel::Actor::system("test"), shop.world.now());
    let units = vec![sample::units(1, 1)];
    let parcel = NewShipment {
        lines: units.clone(),
        ..sample::parcel(1, Vec::new())
    };
    let order = order
        .record_payment(sample::payment(PaymentStatus::Paid, 5_200, 0), &act)
        .unwrap();
    shop.ports
        .orders
        .commit(shop.ports.orders.save(&order, ()).unwrap())
        .await
        .unwrap();
    let order = order.order.allocate(&units, &act).unwrap();
    shop.ports
        .orders
        .commit(shop.ports.orders.save(&order, ()).unwrap())
        .await
        .unwrap();
    let order = order.order.ship(parcel, &act).unwrap();
    shop.ports
        .orders
        .commit(shop.ports.orders.save(&order, ()).unwrap())
        .await
        .unwrap();
    assert_eq!(shop.cancel(order.order.id(), me(), "k", Value::Null).await.0, 409);
    assert_eq!(shop.free().await, 0);
}
