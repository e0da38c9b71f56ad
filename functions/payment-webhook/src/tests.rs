//! The ingress over an embedded DynamoDB.

use dynamo::Dynamo;
use lambda_http::{RequestExt, http};
use ring::hmac;
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::World;

use super::*;

const SECRET: &str = "whsec_current_of_the_tests";
const ROLLED: &str = "whsec_previous_of_the_tests";

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
            stripe: Secrets::parse(&SecretString::from(secrets)).unwrap(),
        };
        Self { world, ports }
    }

    fn now_s(&self) -> i64 {
        self.world.now().seconds()
    }

    async fn post(&self, provider: &str, signatures: &[String], body: impl Into<Body>) -> (u16, String) {
        let mut request = http::Request::builder().method("POST").uri("/webhooks/payments/stripe");
        for signature in signatures {
            request = request.header("Stripe-Signature", signature);
        }
        let parameters = [("provider".to_owned(), vec![provider.to_owned()])];
        let request = request.body(body.into()).unwrap();
        let request = request.with_path_parameters(std::collections::HashMap::from(parameters));
        let response = handle(&self.ports, request).await;
        let text = match response.body() {
            Body::Text(text) => text.clone(),
            _ => String::new(),
        };
        (response.status().as_u16(), text)
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
    let metadata = json!({"order_id": "ord_0190a6d0000070008000000000000000", "payment_id": "pay_0190a6d0000070008000000000000000"});
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
            .post("stripe", &[signature], Body::Binary(body.into_bytes()))
            .await
            .0,
        200
    );
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
    assert_eq!(ingress.signed(&event("evt_1", "charge.succeeded")).await.0, 200);
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
    for provider in ["instant", "paypal", ""] {
        let answer = ingress
            .post(provider, &[sign(SECRET, ingress.now_s(), &body)], body.clone())
            .await;
        assert_eq!(answer.0, 404);
    }
    assert_eq!(ingress.world.items("PaymentsTable").await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_answered_as_taken() {
    let mut ingress = Ingress::new().await;
    ingress.ports.payments = Payments::new(ingress.world.dynamo(), "no-such-table", "", ingress.world.outbox());
    assert_eq!(ingress.signed(&event("evt_1", "payment_intent.succeeded")).await.0, 503);
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
