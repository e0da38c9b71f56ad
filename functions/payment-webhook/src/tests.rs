//! The ingress over an embedded DynamoDB.

mod alipay;
mod wechat_pay;

use dynamo::Dynamo;
use lambda_http::{RequestExt, http};
use payments::provider::{
    alipay::Notices as AlipayNotices, rsa::PrivateKey, stripe::Secrets, wechat_pay::Notices as WechatPayNotices,
};
use ring::hmac;
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::World;

use super::*;

const SECRET: &str = "whsec_current_of_the_tests";
const ROLLED: &str = "whsec_previous_of_the_tests";
const KEYS: &str = include_str!("../../../tests/fixtures/payment-keys.dev.json");
const DEV_SECRETS: &str = include_str!("../../../infra/local/secrets.dev.json");
const ORDER: &str = "ord_0190a6d0000070008000000000000000";
const PAYMENT: &str = "pay_0190a6d0000070008000000000000000";
/// Nobody has that table.
const NO_TABLE: &str = "no-such-table";

fn dev_secret(name: &str) -> SecretString {
    let all: Value = serde_json::from_str(DEV_SECRETS).unwrap();
    SecretString::from(all[name].to_string())
}

/// A key of the provider's side.
fn platform_key(owner: &str) -> PrivateKey {
    let all: Value = serde_json::from_str(KEYS).unwrap();
    PrivateKey::parse(all[owner]["private_key"].as_str().unwrap()).unwrap()
}

struct Ingress {
    world: World,
    ports: Ports,
}

impl Ingress {
    async fn new() -> Self {
        let world = World::new(&["payments"]).await;
        let secrets = json!({"secrets": [SECRET, ROLLED]}).to_string();
        let dynamo: Dynamo = world.dynamo();
        let ports = Ports {
            payments: Payments::new(dynamo, world.table("PaymentsTable"), "", world.outbox()),
            ingresses: Ingresses {
                stripe: Some(Secrets::parse(&SecretString::from(secrets)).unwrap()),
                wechat_pay: Some(WechatPayNotices::parse(&dev_secret("WechatPayNotices")).unwrap()),
                alipay: Some(AlipayNotices::parse(&dev_secret("AlipayNotices")).unwrap()),
            },
        };
        Self { world, ports }
    }

    fn now_s(&self) -> i64 {
        self.world.now().seconds()
    }

    async fn post(&self, provider: &str, signatures: &[String], body: impl Into<Body>) -> (u16, String) {
        let headers: Vec<_> = signatures
            .iter()
            .map(|signature| ("Stripe-Signature", signature.clone()))
            .collect();
        self.deliver(provider, &headers, body).await
    }

    async fn deliver(&self, provider: &str, headers: &[(&str, String)], body: impl Into<Body>) -> (u16, String) {
        let mut request = http::Request::builder().method("POST").uri("/webhooks/payments/x");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let parameters = [("provider".to_owned(), vec![provider.to_owned()])];
        let request = request.body(body.into()).unwrap();
        self.answer(request.with_path_parameters(std::collections::HashMap::from(parameters)))
            .await
    }

    /// As the gateway hands a body over that it takes for binary.
    async fn deliver_in_base64(&self, provider: &str, headers: &[(&str, String)], body: &str) -> (u16, String) {
        let headers: serde_json::Map<_, _> = headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), json!(value)))
            .collect();
        let path = format!("/webhooks/payments/{provider}");
        let payload = json!({
            "version": "2.0", "routeKey": "POST /webhooks/payments/{provider}", "rawPath": path, "rawQueryString": "",
            "headers": headers, "pathParameters": {"provider": provider}, "isBase64Encoded": true,
            "body": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, body),
            "requestContext": {
                "accountId": "1", "apiId": "1", "domainName": "x", "domainPrefix": "x", "requestId": "1",
                "routeKey": "POST /webhooks/payments/{provider}", "stage": "$default", "time": "x", "timeEpoch": 1,
                "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"},
            },
        });
        self.answer(lambda_http::request::from_str(&payload.to_string()).unwrap())
            .await
    }

    async fn answer(&self, request: Request) -> (u16, String) {
        let response = handle(&self.ports, request).await;
        let text = match response.body() {
            Body::Text(text) => text.clone(),
            _ => String::new(),
        };
        (response.status().as_u16(), text)
    }

    /// Nothing can be kept any more.
    fn lose_the_store(&mut self) {
        self.ports.payments = Payments::new(self.world.dynamo(), NO_TABLE, "", self.world.outbox());
    }

    /// Why deliveries were refused, oldest first as far as that is known.
    async fn reasons(&self) -> Vec<String> {
        let refused = self.of("payment-notice-refused").await;
        let reason = |item: &Value| item["refused"]["M"]["reason"]["S"].as_str().unwrap().to_owned();
        refused.iter().map(reason).collect()
    }

    async fn signed(&self, body: &str) -> (u16, String) {
        self.post("stripe", &[sign(SECRET, self.now_s(), body)], body.to_owned())
            .await
    }

    async fn of(&self, entity: &str) -> Vec<Value> {
        self.world
            .items("PaymentsTable")
            .await
            .into_iter()
            .filter(|item| item["entity"]["S"] == entity)
            .collect()
    }
}

fn sign(secret: &str, time: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(tag))
}

fn event(id: &str, kind: &str) -> String {
    let metadata = json!({"order_id": ORDER, "payment_id": PAYMENT});
    let object = json!({"id": "pi_1", "amount": 100, "amount_received": 100, "currency": "cny", "metadata": metadata});
    json!({"id": id, "type": kind, "livemode": false, "data": {"object": object}}).to_string()
}

#[tokio::test]
async fn a_signed_notice_is_kept_once_as_it_was_signed_and_handed_on_once() {
    let ingress = Ingress::new().await;
    let body = event("evt_1", "payment_intent.succeeded");
    for _ in 0..3 {
        assert_eq!(ingress.signed(&body).await, (200, r#"{"received":true}"#.to_owned()));
        // Stripe signs each attempt anew.
        ingress.world.clock().advance_seconds(3_600);
    }
    let kept = ingress.of("payment-notice").await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["notice"]["M"]["body"]["S"], body);
    let events = ingress.world.events().await;
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].name.as_str(), events[0].key.as_str()),
        ("payment.noticed", "ord_0190a6d0000070008000000000000000")
    );
    assert_eq!(ingress.of("payment-notice-refused").await.len(), 0);
}

#[tokio::test]
async fn copies_at_the_same_time_are_kept_once() {
    let ingress = std::sync::Arc::new(Ingress::new().await);
    let body = event("evt_1", "payment_intent.succeeded");
    let posts = (0..8).map(|_| {
        let (ingress, body) = (std::sync::Arc::clone(&ingress), body.clone());
        tokio::spawn(async move { ingress.signed(&body).await.0 })
    });
    for post in posts.collect::<Vec<_>>() {
        assert_eq!(post.await.unwrap(), 200);
    }
    assert_eq!(ingress.world.events().await.len(), 1);
}

#[tokio::test]
async fn a_body_that_came_in_base64_and_the_rolled_secret_are_taken() {
    let ingress = Ingress::new().await;
    let body = event("evt_1", "payment_intent.succeeded");
    let signature = sign(ROLLED, ingress.now_s(), &body);
    assert_eq!(
        ingress
            .post("stripe", &[signature], Body::Binary(body.clone().into_bytes()))
            .await
            .0,
        200
    );
    let again = [("Stripe-Signature", sign(SECRET, ingress.now_s(), &body))];
    let answer = ingress.deliver_in_base64("stripe", &again, &body).await;
    assert_eq!(answer, (200, r#"{"received":true}"#.to_owned()));
    assert_eq!(ingress.world.events().await.len(), 1);
}

#[tokio::test]
async fn every_refusal_is_answered_alike_kept_with_its_reason_and_books_nothing() {
    let ingress = Ingress::new().await;
    let now = ingress.now_s();
    let body = event("evt_1", "payment_intent.succeeded");
    let good = sign(SECRET, now, &body);
    let v0 = good.replace("v1=", "v0=");
    let large = "x".repeat(web::BODY_BYTES_MAX + 1);
    let of_large = sign(SECRET, now, &large);
    let of_list = sign(SECRET, now, "[]");
    let changed = body.replace("100", "900");
    for (signatures, body, status, reason) in [
        (vec![], body.clone(), 400, "signature_missing"),
        (vec![good.clone(), good.clone()], body.clone(), 400, "signature_twice"),
        (vec![format!("{good},{good}")], body.clone(), 400, "signature_twice"),
        (vec!["nonsense".to_owned()], body.clone(), 400, "signature_malformed"),
        (vec![v0], body.clone(), 400, "signature_malformed"),
        (vec![sign(SECRET, now - 301, &body)], body.clone(), 400, "stale"),
        (
            vec![sign(SECRET, now + 301, &body)],
            body.clone(),
            400,
            "from_the_future",
        ),
        (
            vec![sign("whsec_of_somebody_else", now, &body)],
            body.clone(),
            400,
            "signature_wrong",
        ),
        (vec![good.clone()], changed, 400, "signature_wrong"),
        (vec![of_list], "[]".to_owned(), 400, "not_an_event"),
        (vec![of_large], large, 413, "too_large"),
    ] {
        let before = ingress.of("payment-notice-refused").await.len();
        assert_eq!(
            ingress.post("stripe", &signatures, body.clone()).await,
            (status, String::new()),
            "{reason}"
        );
        let refused = ingress.of("payment-notice-refused").await;
        assert_eq!(refused.len(), before + 1, "{reason}");
        let kept = refused
            .iter()
            .map(|item| &item["refused"]["M"])
            .find(|kept| kept["reason"]["S"] == reason);
        let kept = kept.unwrap_or_else(|| panic!("{reason} is not kept"));
        assert!(kept["body"]["S"].as_str().unwrap().len() <= payments::QUARANTINED_BYTES_MAX);
    }
    assert_eq!(ingress.of("payment-notice").await.len(), 0);
    assert_eq!(ingress.world.events().await.len(), 0);
}

#[tokio::test]
async fn an_event_that_we_do_not_need_is_answered_and_forgotten() {
    let ingress = Ingress::new().await;
    assert_eq!(ingress.signed(&event("evt_1", "charge.updated")).await.0, 200);
    assert_eq!(ingress.world.items("PaymentsTable").await.len(), 0);
}

#[tokio::test]
async fn a_signed_notice_that_cannot_be_read_is_kept_for_a_person() {
    let ingress = Ingress::new().await;
    let body = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {}}).to_string();
    assert_eq!(ingress.signed(&body).await.0, 200);
    assert_eq!(
        (
            ingress.of("payment-notice").await.len(),
            ingress.world.events().await.len()
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn nobody_else_has_a_webhook() {
    let ingress = Ingress::new().await;
    let body = event("evt_1", "payment_intent.succeeded");
    for provider in ["instant", "cash_on_delivery", "paypal", ""] {
        let answer = ingress
            .post(provider, &[sign(SECRET, ingress.now_s(), &body)], body.clone())
            .await;
        assert_eq!(answer.0, 404);
    }
    assert_eq!(ingress.world.items("PaymentsTable").await.len(), 0);
}

#[tokio::test]
async fn a_provider_that_is_not_configured_has_no_webhook() {
    let mut ingress = Ingress::new().await;
    ingress.ports.ingresses = Ingresses::default();
    let body = event("evt_1", "payment_intent.succeeded");
    assert_eq!(ingress.signed(&body).await.0, 404);
    for provider in ["wechat_pay", "alipay"] {
        assert_eq!(ingress.deliver(provider, &[], body.clone()).await.0, 404);
    }
    assert_eq!(ingress.world.items("PaymentsTable").await.len(), 0);
}

#[tokio::test]
async fn a_notice_at_another_providers_address_is_refused() {
    let ingress = Ingress::new().await;
    let body = event("evt_1", "payment_intent.succeeded");
    let stripe = [("Stripe-Signature", sign(SECRET, ingress.now_s(), &body))];
    for provider in ["wechat_pay", "alipay"] {
        assert_eq!(
            ingress.deliver(provider, &stripe, body.clone()).await.0,
            400,
            "{provider}"
        );
    }
    let (headers, body) = wechat_pay::paid(&ingress, "EV-1");
    assert_eq!(ingress.deliver("stripe", &headers, body).await.0, 400);
    assert_eq!(ingress.deliver("stripe", &[], alipay::paid("n-1")).await.0, 400);
    assert_eq!(
        (ingress.world.events().await.len(), ingress.reasons().await.len()),
        (0, 4)
    );
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_answered_as_taken() {
    let mut ingress = Ingress::new().await;
    ingress.lose_the_store();
    let answer = ingress.signed(&event("evt_1", "payment_intent.succeeded")).await;
    assert_eq!(answer, (503, String::new()));
}

#[tokio::test]
async fn a_crash_around_any_store_call_neither_loses_nor_doubles_a_notice() {
    use payments::crash::{Crash, When};
    let body = event("evt_1", "payment_intent.succeeded");
    let mut points = 0;
    for when in [When::Before, When::After] {
        for at in 0.. {
            let mut ingress = Ingress::new().await;
            let crash = Crash::new(at, when);
            let store = crash.store(ingress.world.client(), ingress.world.ambient());
            let good = ingress.ports.payments.clone();
            ingress.ports.payments =
                Payments::new(store, ingress.world.table("PaymentsTable"), "", ingress.world.outbox());
            let first = ingress.signed(&body).await.0;
            if !crash.happened() {
                break;
            }
            assert_eq!(first, 503);
            ingress.ports.payments = good;
            assert_eq!(ingress.signed(&body).await.0, 200);
            assert_eq!(
                (
                    ingress.world.events().await.len(),
                    ingress.of("payment-notice").await.len()
                ),
                (1, 1)
            );
            points += 1;
        }
    }
    println!("webhook: {points} crash points visited");
    assert!(points >= 2, "{points}");
}
