use base64::{Engine, engine::general_purpose::STANDARD};
use identity::{
    Hasher, Limits, Peppers, Sessions, StaffAccounts,
    token::{AUDIENCE, Claims, Issuer, SigningKeys, TokenVerifier},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::World;
use web::{Body, Response};

use crate::{Ports, handle};

const KEY: &[u8] = include_bytes!("../../../shared/identity/src/token/test-key-1.der");
const ISSUER: &str = "https://shop.example";
const BOOT: &str = "the-bootstrap-secret-of-the-tests";
const EMAIL: &str = "ada.marker@shop.example";
const PASSWORD: &str = "marker horse battery";

fn keys() -> SigningKeys {
    let secret = json!({"current": "k", "keys": [{"kid": "k", "pkcs8": STANDARD.encode(KEY), "status": "current"}]});
    SigningKeys::parse(&SecretString::from(secret.to_string())).unwrap()
}

fn ports(world: &World) -> Ports {
    let peppers = Peppers::parse(&SecretString::from("pepper-of-the-tests-not-a-secret-1")).unwrap();
    let table = world.table("IdentityTable");
    Ports {
        staff: StaffAccounts::new(world.dynamo(), table),
        sessions: Sessions::new(world.dynamo(), table, peppers.clone()),
        limits: Limits::new(world.dynamo(), table),
        idempotency: world.idempotency(),
        vault: world.vault(),
        hasher: Hasher::new(peppers, world.ambient()),
        issuer: Issuer::new(keys(), ISSUER),
        bootstrap_secret: SecretString::from(BOOT),
        token_minutes: 15,
        dynamo: world.dynamo(),
    }
}

/// One call: route, path parameter, claims of the caller, headers, body.
#[derive(Default)]
struct Call<'a> {
    id: Option<String>,
    caller: Option<(String, &'a str)>,
    headers: Vec<(&'a str, String)>,
    body: Value,
    query: &'a str,
}

async fn call(ports: &Ports, route: &str, call: Call<'_>) -> Response<Body> {
    let (method, path) = route.split_once(' ').unwrap();
    let mut headers = json!({"content-type": "application/json"});
    for (name, value) in &call.headers {
        headers[name] = json!(value);
    }
    let mut context = json!({
        "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r", "routeKey": route,
        "stage": "$default", "time": "", "timeEpoch": 0,
        "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "t"},
    });
    if let Some((subject, roles)) = &call.caller {
        context["authorizer"] =
            json!({"jwt": {"claims": {"sub": subject, "scope": "staff", "roles": roles}, "scopes": ["staff"]}});
    }
    let event = json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": call.query, "headers": headers,
        "pathParameters": call.id.map(|id| json!({"id": id})).unwrap_or_default(),
        "queryStringParameters": {}, "isBase64Encoded": false, "body": call.body.to_string(), "requestContext": context,
    });
    handle(ports, lambda_http::request::from_str(&event.to_string()).unwrap()).await
}

fn body(response: &Response<Body>) -> Value {
    match response.body() {
        Body::Text(text) => serde_json::from_str(text).unwrap(),
        _ => Value::Null,
    }
}

fn boot(secret: &str, email: &str, key: &str) -> Call<'static> {
    Call {
        headers: vec![("idempotency-key", key.to_owned())],
        body: json!({"secret": secret, "email": email, "name": "Ada Marker", "password": PASSWORD}),
        ..Call::default()
    }
}

async fn bootstrapped(ports: &Ports) -> String {
    let response = call(ports, "POST /v1/staff/bootstrap", boot(BOOT, EMAIL, "k1")).await;
    assert_eq!(response.status(), 201, "{:?}", response.body());
    body(&response)["staff"]["id"].as_str().unwrap().to_owned()
}

fn sign_in(email: &str, password: &str) -> Call<'static> {
    Call {
        body: json!({"email": email, "password": password}),
        ..Call::default()
    }
}

fn create(admin: &str, email: &str, key: &str) -> Call<'static> {
    Call {
        caller: Some((admin.to_owned(), "[admin]")),
        headers: vec![("idempotency-key", key.to_owned())],
        body: json!({"email": email, "name": "Bo", "password": "staple correct horse", "roles": ["stock", "orders", "stock"]}),
        ..Call::default()
    }
}

fn claims(world: &World, answer: &Value) -> Claims {
    let verifier = TokenVerifier::new(keys().public().clone(), ISSUER, AUDIENCE);
    verifier
        .verify(answer["access_token"].as_str().unwrap(), world.now())
        .unwrap()
}

#[tokio::test]
async fn the_first_admin_is_created_once_and_then_signs_in() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let id = bootstrapped(&ports).await;
    let again = call(&ports, "POST /v1/staff/bootstrap", boot(BOOT, "eve@shop.example", "k2")).await;
    assert_eq!(again.status(), 409);
    let answer = call(
        &ports,
        "POST /v1/staff/sign-in",
        sign_in("Ada.Marker@SHOP.example", PASSWORD),
    )
    .await;
    assert_eq!(answer.status(), 200);
    let answer = body(&answer);
    let claims = claims(&world, &answer);
    assert_eq!(
        (claims.sub, claims.scope.as_str(), claims.roles),
        (id, "staff", vec!["admin".to_owned()])
    );
    assert_eq!(answer["expires_in"], 900);
    assert_eq!(answer["token_type"], "Bearer");
}

#[tokio::test]
async fn a_bootstrap_sent_again_with_its_key_signs_the_same_account_in() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let id = bootstrapped(&ports).await;
    assert_eq!(bootstrapped(&ports).await, id);
    let other = call(&ports, "POST /v1/staff/bootstrap", boot(BOOT, "eve@shop.example", "k1")).await;
    assert_eq!(other.status(), 422);
    let kept = format!("{:?}", world.items("IdempotencyTable").await);
    assert!(!kept.contains("access_token") && !kept.contains("marker"), "{kept}");
}

#[tokio::test]
async fn of_many_bootstraps_at_once_one_wins() {
    let world = World::new(&["identity"]).await;
    let ports = std::sync::Arc::new(ports(&world));
    let tries = (0..4).map(|n| {
        let ports = ports.clone();
        tokio::spawn(async move {
            let one = boot(BOOT, &format!("a{n}@shop.example"), &format!("k{n}"));
            call(&ports, "POST /v1/staff/bootstrap", one).await.status().as_u16()
        })
    });
    let mut statuses = Vec::new();
    for each in tries.collect::<Vec<_>>() {
        statuses.push(each.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

#[tokio::test]
async fn a_wrong_bootstrap_secret_is_refused_and_counted() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let mut statuses = Vec::new();
    for _ in 0..11 {
        let response = call(&ports, "POST /v1/staff/bootstrap", boot("guess", EMAIL, "k")).await;
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses, [&[401; 10][..], &[429]].concat());
    let right = call(&ports, "POST /v1/staff/bootstrap", boot(BOOT, EMAIL, "k")).await;
    assert_eq!(right.status(), 429, "even the right secret waits");
    assert!(right.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    bootstrapped(&ports).await;
    let wrong = call(&ports, "POST /v1/staff/sign-in", sign_in(EMAIL, "not the password")).await;
    let unknown = call(&ports, "POST /v1/staff/sign-in", sign_in("bo@shop.example", PASSWORD)).await;
    assert_eq!(
        (wrong.status(), unknown.status()),
        (401.try_into().unwrap(), 401.try_into().unwrap())
    );
    assert_eq!(body(&wrong), body(&unknown));
}

#[tokio::test]
async fn password_tries_are_limited_even_for_the_right_password() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    bootstrapped(&ports).await;
    for _ in 0..10 {
        assert_eq!(
            call(&ports, "POST /v1/staff/sign-in", sign_in(EMAIL, "guess"))
                .await
                .status(),
            401
        );
    }
    assert_eq!(
        call(&ports, "POST /v1/staff/sign-in", sign_in(EMAIL, PASSWORD))
            .await
            .status(),
        429
    );
    world.clock().advance_seconds(15 * 60);
    assert_eq!(
        call(&ports, "POST /v1/staff/sign-in", sign_in(EMAIL, PASSWORD))
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn signing_in_with_the_right_password_is_not_limited_by_the_account() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    bootstrapped(&ports).await;
    for n in 0..12 {
        let response = call(&ports, "POST /v1/staff/sign-in", sign_in(EMAIL, PASSWORD)).await;
        assert_eq!(response.status(), 200, "sign-in {n}");
    }
}

#[tokio::test]
async fn an_admin_creates_reads_changes_and_disables_accounts() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let admin = bootstrapped(&ports).await;
    let made = call(&ports, "POST /v1/staff", create(&admin, "bo@shop.example", "c1")).await;
    assert_eq!(made.status(), 201);
    let id = body(&made)["id"].as_str().unwrap().to_owned();
    assert_eq!(made.headers()["location"], format!("/v1/staff/{id}"));
    let again = call(&ports, "POST /v1/staff", create(&admin, "bo@shop.example", "c1")).await;
    assert_eq!(body(&again), body(&made));
    let taken = call(&ports, "POST /v1/staff", create(&admin, "BO@shop.example", "c2")).await;
    assert_eq!(taken.status(), 409);

    let as_admin = |body: Value, headers| Call {
        id: Some(id.clone()),
        caller: Some((admin.clone(), "[admin]")),
        headers,
        body,
        ..Call::default()
    };
    let read = call(&ports, "GET /v1/staff/{id}", as_admin(Value::Null, vec![])).await;
    assert_eq!(body(&read)["email"], "bo@shop.example");
    assert_eq!(body(&read)["roles"], json!(["stock", "orders"]));
    let tag = read.headers()["etag"].to_str().unwrap().to_owned();
    let roles = json!({"roles": ["support"]});
    let set = |tag: &str| as_admin(roles.clone(), vec![("if-match", tag.to_owned())]);
    assert_eq!(
        call(&ports, "PUT /v1/staff/{id}/roles", as_admin(roles.clone(), vec![]))
            .await
            .status(),
        428
    );
    assert_eq!(call(&ports, "PUT /v1/staff/{id}/roles", set(&tag)).await.status(), 200);
    assert_eq!(call(&ports, "PUT /v1/staff/{id}/roles", set(&tag)).await.status(), 412);

    let session = call(
        &ports,
        "POST /v1/staff/sign-in",
        sign_in("bo@shop.example", "staple correct horse"),
    )
    .await;
    assert_eq!(claims(&world, &body(&session)).roles, ["support"]);
    for _ in 0..2 {
        let disabled = call(&ports, "POST /v1/staff/{id}/disable", as_admin(Value::Null, vec![])).await;
        assert_eq!(
            (disabled.status().as_u16(), body(&disabled)["state"].clone()),
            (200, json!("disabled"))
        );
    }
    let refused = call(
        &ports,
        "POST /v1/staff/sign-in",
        sign_in("bo@shop.example", "staple correct horse"),
    )
    .await;
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn only_admins_reach_accounts_and_no_admin_removes_themselves() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let admin = bootstrapped(&ports).await;
    let made = call(&ports, "POST /v1/staff", create(&admin, "bo@shop.example", "c1")).await;
    let bo = body(&made)["id"].as_str().unwrap().to_owned();
    let routes = [
        "POST /v1/staff",
        "GET /v1/staff",
        "GET /v1/staff/{id}",
        "PUT /v1/staff/{id}/roles",
        "POST /v1/staff/{id}/disable",
    ];
    for route in routes {
        let nobody = call(
            &ports,
            route,
            Call {
                id: Some(admin.clone()),
                ..create(&admin, "c@x.example", "k")
            },
        );
        let stock = Call {
            caller: Some((bo.clone(), "[stock]")),
            id: Some(admin.clone()),
            ..create(&admin, "c@x.example", "k")
        };
        let expected = if route.starts_with("GET /v1/staff/{") { 404 } else { 403 };
        assert_eq!(call(&ports, route, stock).await.status(), expected, "{route}");
        drop(nobody);
        let anonymous = Call {
            caller: None,
            id: Some(admin.clone()),
            ..create(&admin, "c@x.example", "k")
        };
        assert_eq!(call(&ports, route, anonymous).await.status(), 401, "{route}");
    }
    // A token that still says admin, of an account that no longer is one.
    let stale = Call {
        caller: Some((bo.clone(), "[admin]")),
        ..create(&admin, "c@x.example", "k")
    };
    assert_eq!(call(&ports, "POST /v1/staff", stale).await.status(), 403);
    let own = |route, body, headers| {
        let one = Call {
            id: Some(admin.clone()),
            caller: Some((admin.clone(), "[admin]")),
            body,
            headers,
            ..Call::default()
        };
        call(&ports, route, one)
    };
    assert_eq!(
        own("POST /v1/staff/{id}/disable", Value::Null, vec![]).await.status(),
        409
    );
    let tag = vec![("if-match", "\"1\"".to_owned())];
    assert_eq!(
        own("PUT /v1/staff/{id}/roles", json!({"roles": ["stock"]}), tag)
            .await
            .status(),
        409
    );
    let me = Call {
        id: Some(bo.clone()),
        caller: Some((bo.clone(), "[stock]")),
        ..Call::default()
    };
    assert_eq!(call(&ports, "GET /v1/staff/{id}", me).await.status(), 200);
}

#[tokio::test]
async fn bad_input_names_its_place() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let admin = bootstrapped(&ports).await;
    let with = |name: &str, value: Value| {
        let mut one = create(&admin, "bo@shop.example", "k");
        one.body[name] = value;
        one
    };
    for (field, value, status) in [
        ("email", json!("nobody"), 422),
        ("password", json!("short"), 422),
        ("name", json!(" "), 422),
        ("roles", json!([]), 422),
        ("roles", json!(["emperor"]), 400),
        ("state", json!("active"), 400),
    ] {
        let response = call(&ports, "POST /v1/staff", with(field, value)).await;
        assert_eq!(response.status(), status, "{field}");
        if status == 422 {
            assert_eq!(body(&response)["errors"][0]["pointer"], format!("/{field}"));
        }
    }
    let keyless = Call {
        headers: vec![],
        ..create(&admin, "bo@shop.example", "k")
    };
    assert_eq!(call(&ports, "POST /v1/staff", keyless).await.status(), 400);
}

#[tokio::test]
async fn accounts_are_listed_in_pages_and_nothing_is_stored_in_the_clear() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let admin = bootstrapped(&ports).await;
    call(&ports, "POST /v1/staff", create(&admin, "bo@shop.example", "c1")).await;
    let list = Call {
        caller: Some((admin.clone(), "[admin]")),
        ..Call::default()
    };
    let listed = body(&call(&ports, "GET /v1/staff", list).await);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    for table in ["IdentityTable", "IdempotencyTable", "OutboxTable"] {
        let stored = format!("{:?}", world.items(table).await).to_lowercase();
        for marker in ["marker", "bo@shop", "192.0.2.7"] {
            assert!(!stored.contains(marker), "{table} holds {marker}");
        }
    }
}
