//! Every flow over the embedded store, through the gateway's own event shape.

mod codes;
mod logs;
mod passwords;
mod sessions;

use base64::{Engine, engine::general_purpose::STANDARD};
use identity::{
    Code, Codes, Customers, Hasher, Limits, Peppers, Sessions, StaffAccounts,
    events::CodeRequested,
    token::{AUDIENCE, Claims, Issuer, SigningKeys, TokenVerifier},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::World;
use web::{Body, Response};

use crate::{Ports, handle};

const KEY: &[u8] = include_bytes!("../../../../shared/identity/src/token/test-key-1.der");
const ISSUER: &str = "https://shop.example";
const EMAIL: &str = "ada.marker@mail.example";
const PHONE: &str = "13800138000";
const PASSWORD: &str = "marker horse battery";

fn keys() -> SigningKeys {
    let secret = json!({"current": "k", "keys": [{"kid": "k", "pkcs8": STANDARD.encode(KEY), "status": "current"}]});
    SigningKeys::parse(&SecretString::from(secret.to_string())).unwrap()
}

fn peppers() -> Peppers {
    Peppers::parse(&SecretString::from("pepper-of-the-tests-not-a-secret-1")).unwrap()
}

fn ports_with(world: &World, peppers: Peppers) -> Ports {
    let table = world.table("IdentityTable");
    Ports {
        customers: Customers::new(world.dynamo(), table),
        staff: StaffAccounts::new(world.dynamo(), table),
        codes: Codes::new(world.dynamo(), table),
        sessions: Sessions::new(world.dynamo(), table, peppers.clone()),
        limits: Limits::new(world.dynamo(), table),
        idempotency: world.idempotency(),
        outbox: world.outbox(),
        vault: world.vault(),
        hasher: Hasher::new(peppers, world.ambient()),
        issuer: Issuer::new(keys(), ISSUER),
        staff_token_minutes: 15,
        phone_countries: vec!["86".to_owned()],
        dynamo: world.dynamo(),
    }
}

fn ports(world: &World) -> Ports {
    ports_with(world, peppers())
}

/// What varies between calls; the route says the rest.
#[derive(Default)]
struct Call {
    id: Option<String>,
    caller: Option<(String, &'static str)>,
    key: Option<String>,
    address: Option<String>,
    body: Value,
}

fn with(body: Value) -> Call {
    Call {
        body,
        ..Call::default()
    }
}

fn keyed(key: &str, body: Value) -> Call {
    Call {
        key: Some(key.to_owned()),
        body,
        ..Call::default()
    }
}

async fn call(ports: &Ports, route: &str, call: Call) -> Response<Body> {
    let (method, path) = route.split_once(' ').unwrap();
    let mut headers = json!({"content-type": "application/json"});
    if let Some(key) = call.key {
        headers["idempotency-key"] = json!(key);
    }
    let source = call.address.unwrap_or_else(|| "192.0.2.7".to_owned());
    let mut context = json!({
        "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r", "routeKey": route,
        "stage": "$default", "time": "", "timeEpoch": 0,
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": source, "userAgent": "t"},
    });
    if let Some((subject, scope)) = call.caller {
        context["authorizer"] = json!({"jwt": {"claims": {"sub": subject, "scope": scope}, "scopes": [scope]}});
    }
    let event = json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": headers,
        "pathParameters": call.id.map(|id| json!({"id": id})).unwrap_or_default(),
        "isBase64Encoded": false, "body": call.body.to_string(), "requestContext": context,
    });
    handle(ports, lambda_http::request::from_str(&event.to_string()).unwrap()).await
}

fn body(response: &Response<Body>) -> Value {
    match response.body() {
        Body::Text(text) => serde_json::from_str(text).unwrap(),
        _ => Value::Null,
    }
}

fn status(response: &Response<Body>) -> u16 {
    response.status().as_u16()
}

/// What the notification function would send: address and digits.
async fn sent(world: &World, code_id: &str) -> (String, String) {
    let events = world.events().await;
    let event: CodeRequested = events
        .iter()
        .map(|event| event.open::<CodeRequested>().unwrap())
        .find(|event| event.code_id.to_string() == code_id)
        .expect("the code was sent");
    let key = world
        .vault()
        .open(event.person)
        .await
        .unwrap()
        .expect("the person is there");
    let address = key.open(Code::place(code_id, "address"), &event.address).unwrap();
    let digits = key.open(Code::place(code_id, "code"), &event.code).unwrap();
    (address, digits)
}

async fn verify(ports: &Ports, code_id: &str, digits: &str) -> Response<Body> {
    let one = Call {
        id: Some(code_id.to_owned()),
        ..with(json!({"code": digits}))
    };
    call(ports, "POST /v1/customers/codes/{id}/verify", one).await
}

/// Asks for a code, reads it as its receiver and verifies it.
async fn sign_in_by_code(world: &World, ports: &Ports, route: &str, key: &str, wanted: Value) -> Response<Body> {
    let asked = call(ports, route, keyed(key, wanted)).await;
    assert_eq!(status(&asked), 202, "{:?}", asked.body());
    let code_id = body(&asked)["code_id"].as_str().unwrap().to_owned();
    let (_, digits) = sent(world, &code_id).await;
    verify(ports, &code_id, &digits).await
}

/// A customer with a password; gives the sign-in's answer.
async fn registered(world: &World, ports: &Ports) -> Value {
    let wanted = json!({"email": EMAIL, "password": PASSWORD, "name": "Ada Marker"});
    let response = sign_in_by_code(world, ports, "POST /v1/customers", "reg-1", wanted).await;
    assert_eq!(status(&response), 201, "{:?}", response.body());
    body(&response)
}

fn claims(world: &World, answer: &Value) -> Claims {
    let verifier = TokenVerifier::new(keys().public().clone(), ISSUER, AUDIENCE);
    verifier
        .verify(answer["access_token"].as_str().unwrap(), world.now())
        .unwrap()
}

fn refresh_token(answer: &Value) -> String {
    answer["refresh_token"].as_str().unwrap().to_owned()
}
