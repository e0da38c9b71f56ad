//! The webhooks over an embedded table.

use lambda_http::request::from_str;
use md5::{Digest, Md5};
use ring::hmac;
use serde_json::{Value, json};
use testkit::World;

use super::*;

const SALT: &str = "salt";
const KEY: &str = "key";

fn ports(world: &World) -> Ports {
    Ports {
        fulfilment: Fulfilment::new(world.dynamo(), world.table("FulfilmentTable"), world.outbox()),
        kuaidi100: Kuaidi100Salts::parse(&json!({"salts": [SALT]}).to_string()).unwrap(),
        easypost: EasyPostKeys::parse(&json!({"keys": ["old", KEY]}).to_string()).unwrap(),
    }
}

fn request(provider: &str, headers: &Value, body: &[u8]) -> Request {
    let route = format!("POST /webhooks/carriers/{provider}");
    let path = format!("/webhooks/carriers/{provider}");
    let event = json!({
        "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": {
            "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r1", "routeKey": route, "timeEpoch": 0,
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t"},
        },
        "body": String::from_utf8(body.to_vec()).unwrap(), "isBase64Encoded": false,
    });
    from_str(&event.to_string()).unwrap()
}

async fn post(world: &World, provider: &str, headers: Value, body: &[u8]) -> (u16, String) {
    let response = handle(&ports(world), request(provider, &headers, body)).await;
    let text = match response.body() {
        Body::Text(text) => text.clone(),
        _ => String::new(),
    };
    (response.status().as_u16(), text)
}

fn param() -> String {
    json!({"status": "polling", "lastResult": {"com": "shunfeng", "nu": "SF1234567", "state": "3",
        "data": [{"ftime": "2026-04-08 17:30:00", "context": "已签收"}]}})
    .to_string()
}

fn form(param: &str, salt: &str) -> Vec<u8> {
    let sign = hex::encode(Md5::digest(format!("{param}{salt}").as_bytes())).to_uppercase();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("sign", &sign).append_pair("param", param);
    form.finish().into_bytes()
}

fn tracker() -> Vec<u8> {
    let result = json!({"object": "Tracker", "tracking_code": "EZ1000000001", "carrier": "USPS", "status": "delivered",
        "tracking_details": [{"status": "delivered", "datetime": "2026-04-08T09:30:00Z"}]});
    json!({"id": "evt_1", "object": "Event", "description": "tracker.updated", "result": result})
        .to_string()
        .into_bytes()
}

fn signed(body: &[u8], key: &str) -> Value {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), body);
    json!({"X-Hmac-Signature": format!("hmac-sha256-hex={}", hex::encode(tag)), "content-type": "application/json"})
}

async fn reasons(world: &World) -> Vec<String> {
    let items = world.items("FulfilmentTable").await;
    items
        .iter()
        .filter_map(|item| item.get("reason"))
        .map(|reason| reason["S"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_signed_notice_is_kept_once_and_answered_each_time() {
    let world = World::new(&["fulfilment"]).await;
    for _ in 0..2 {
        let (status, body) = post(&world, "kuaidi100", json!({}), &form(&param(), SALT)).await;
        assert_eq!(
            (status, body.as_str()),
            (200, r#"{"result":true,"returnCode":"200","message":"成功"}"#)
        );
        let answered = post(&world, "easypost", signed(&tracker(), KEY), &tracker()).await;
        assert_eq!(answered, (200, String::new()));
    }
    let events = world.events().await;
    let keys: Vec<_> = events
        .iter()
        .map(|event| (event.name.as_str(), event.key.as_str()))
        .collect();
    assert_eq!(
        keys,
        [
            ("tracking.noticed", "sf-express#SF1234567"),
            ("tracking.noticed", "usps#EZ1000000001")
        ]
    );
    assert_eq!(world.items("FulfilmentTable").await.len(), 2);
}

#[tokio::test]
async fn forged_notices_are_refused_kept_and_move_nothing() {
    let world = World::new(&["fulfilment"]).await;
    let (status, body) = post(&world, "kuaidi100", json!({}), &form(&param(), "guess")).await;
    assert_eq!((status, body.as_str()), (401, KUAIDI100_FAILED));
    let unsigned = format!(
        "param={}",
        form_urlencoded::byte_serialize(param().as_bytes()).collect::<String>()
    );
    assert_eq!(post(&world, "kuaidi100", json!({}), unsigned.as_bytes()).await.0, 401);
    for headers in [json!({}), signed(&tracker(), "guess"), signed(b"{}", KEY)] {
        assert_eq!(
            post(&world, "easypost", headers, &tracker()).await,
            (401, String::new())
        );
    }
    assert_eq!(world.events().await.len(), 0);
    assert_eq!(reasons(&world).await, ["forged", "forged", "forged"]);
}

#[tokio::test]
async fn two_signature_headers_are_no_signature() {
    let world = World::new(&["fulfilment"]).await;
    let body = tracker();
    let mut request = request("easypost", &signed(&body, KEY), &body);
    let copy = request.headers()["x-hmac-signature"].clone();
    request.headers_mut().append("x-hmac-signature", copy);
    assert_eq!(handle(&ports(&world), request).await.status(), 401);
}

#[tokio::test]
async fn malformed_and_oversized_bodies_are_refused_and_kept() {
    let world = World::new(&["fulfilment"]).await;
    assert_eq!(post(&world, "kuaidi100", json!({}), b"nothing").await.0, 400);
    assert_eq!(post(&world, "kuaidi100", json!({}), &form("{}", SALT)).await.0, 400);
    assert_eq!(post(&world, "easypost", signed(b"{", KEY), b"{").await.0, 400);
    let large = vec![b'a'; NOTICE_BYTES_MAX + 1];
    assert_eq!(post(&world, "easypost", signed(&large, KEY), &large).await.0, 413);
    assert_eq!(post(&world, "kuaidi100", json!({}), &large).await.0, 413);
    let mut reasons = reasons(&world).await;
    reasons.sort();
    assert_eq!(
        reasons,
        ["malformed", "malformed", "malformed", "oversized", "oversized"]
    );
    assert_eq!(world.events().await.len(), 0);
}

#[tokio::test]
async fn signed_events_about_something_else_are_received_and_dropped() {
    let world = World::new(&["fulfilment"]).await;
    let body = json!({"id": "evt_2", "result": {"object": "Batch"}}).to_string();
    assert_eq!(
        post(&world, "easypost", signed(body.as_bytes(), KEY), body.as_bytes())
            .await
            .0,
        200
    );
    assert_eq!(world.items("FulfilmentTable").await.len(), 0);
}

#[tokio::test]
async fn copies_at_once_are_told_once() {
    let world = std::sync::Arc::new(World::new(&["fulfilment"]).await);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { post(&world, "kuaidi100", json!({}), &form(&param(), SALT)).await.0 })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 200);
    }
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test]
async fn a_notice_that_cannot_be_kept_is_asked_for_again() {
    let world = World::new(&["fulfilment"]).await;
    let mut ports = ports(&world);
    ports.fulfilment = Fulfilment::new(world.dynamo(), "no-such-table", world.outbox());
    let response = handle(&ports, request("kuaidi100", &json!({}), &form(&param(), SALT))).await;
    assert_eq!(response.status(), 503);
}
