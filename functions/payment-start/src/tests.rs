//! Starting payments over an embedded DynamoDB and scripted providers.

mod providers;
mod risk;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::HeaderMap;
use kernel::{Ambient, CheckoutId, Id, PaymentId};
use lambda_http::RequestExt;
use payments::{
    POLL_TIMER, RESEND_WITHIN_S,
    provider::{
        alipay::{self, Alipay, Application},
        rsa::PrivateKey,
        stripe::{Returns, Stripe},
        wechat_pay::{self, Merchant, Site, WechatPay},
    },
};
use sales::{order::Order, sample};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::World;
use web::{Incoming, OutgoingRequest, SendError};

use super::*;

/// Answers as Stripe does: the same key, the same payment. Then fails as told. As `WeChat` Pay too, signed.
struct FakeStripe {
    ambient: Ambient,
    /// What `WeChat` Pay was asked, as path and body.
    wechat_pay: Mutex<Vec<(String, Value)>>,
    /// Payments by idempotency key.
    made: Mutex<HashMap<String, String>>,
    /// What the next calls come to, after the payment was made: a lost answer, or a status.
    fails: Mutex<Vec<Fail>>,
}

#[derive(Clone, Copy)]
enum Fail {
    Lost,
    Status(u16),
}

impl HttpClient for FakeStripe {
    async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        if let Some(path) = request.url.strip_prefix(providers::WECHAT_PAY) {
            return Ok(providers::answer(self, path, &request.body));
        }
        let key = request.headers["idempotency-key"].to_str().unwrap().to_owned();
        let form: HashMap<String, String> = form(&request.body);
        let fail = self.fails.lock().unwrap().pop();
        if let Some(Fail::Status(status)) = fail {
            let error = json!({"error": {"type": "invalid_request_error", "code": "amount_too_small"}});
            return Ok(Incoming {
                status,
                headers: HeaderMap::new(),
                body: Bytes::from(error.to_string()),
            });
        }
        let mut made = self.made.lock().unwrap();
        let next = format!("pi_{}", made.len() + 1);
        let object = made.entry(key).or_insert(next).clone();
        if let Some(Fail::Lost) = fail {
            return Err(SendError::Timeout);
        }
        let amount: i64 = form
            .get("amount")
            .or(form.get("line_items[0][price_data][unit_amount]"))
            .unwrap()
            .parse()
            .unwrap();
        let currency = form
            .get("currency")
            .or(form.get("line_items[0][price_data][currency]"))
            .unwrap();
        let body = json!({
            "id": object, "amount": amount, "amount_total": amount, "currency": currency, "livemode": false,
            "client_secret": format!("{object}_secret"), "url": format!("https://pay.example/{object}"),
        });
        Ok(Incoming {
            status: 200,
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_string()),
        })
    }
}

fn form(body: &[u8]) -> HashMap<String, String> {
    let plain = |text: &str| text.replace("%5B", "[").replace("%5D", "]");
    let text = std::str::from_utf8(body).unwrap();
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

struct Shop {
    world: World,
    stripe: Arc<FakeStripe>,
    ports: Ports<Arc<FakeStripe>>,
    order: Order,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new(&["sales", "inventory", "payments"]).await;
        let stripe = Arc::new(FakeStripe {
            ambient: world.ambient(),
            wechat_pay: Mutex::default(),
            made: Mutex::default(),
            fails: Mutex::default(),
        });
        let returns = Returns {
            success_url: "https://s/ok".to_owned(),
            cancel_url: "https://s/no".to_owned(),
        };
        let base = "http://stripe".to_owned();
        let ports = Ports {
            payments: Payments::new(world.dynamo(), world.table("PaymentsTable"), "", world.outbox()),
            orders: Orders::new(
                world.dynamo(),
                world.table("SalesTable"),
                world.outbox(),
                world.timers(),
            ),
            timers: world.timers(),
            gateways: providers::all(&stripe).with_stripe(Stripe::new(
                Arc::clone(&stripe),
                base,
                SecretString::from("sk_test"),
                returns,
            )),
            livemode: false,
        };
        let ambient = world.ambient();
        let inventory = inventory::Inventory::new(world.dynamo(), world.outbox(), world.table("InventoryTable"));
        let placement = sample::placement(OrderId::generate(&ambient), ambient.now());
        let order = sample::place(&ports.orders, &inventory, &ambient, placement).await;
        Self {
            world,
            stripe,
            ports,
            order,
        }
    }

    fn body(&self, mode: &str) -> Value {
        json!({"checkout_id": self.order.checkout().to_string(), "provider": "stripe", "mode": mode})
    }

    async fn post(&self, key: Option<&str>, body: &Value) -> (u16, Value) {
        post(&self.ports, &self.order.id().to_string(), key, body).await
    }

    fn fail(&self, fails: &[Fail]) {
        *self.stripe.fails.lock().unwrap() = fails.iter().rev().copied().collect();
    }

    fn made(&self) -> usize {
        self.stripe.made.lock().unwrap().len()
    }
}

async fn post(ports: &Ports<Arc<FakeStripe>>, order: &str, key: Option<&str>, body: &Value) -> (u16, Value) {
    let mut request = http::Request::builder().method("POST").uri("/v1/orders/x/payments");
    if let Some(key) = key {
        request = request.header("Idempotency-Key", key);
    }
    let parameters = HashMap::from([("id".to_owned(), vec![order.to_owned()])]);
    let request = request
        .body(Body::Text(body.to_string()))
        .unwrap()
        .with_path_parameters(parameters);
    let response = handle(ports, request).await;
    let Body::Text(text) = response.body() else {
        panic!("no body")
    };
    (response.status().as_u16(), serde_json::from_str(text).unwrap())
}

#[tokio::test]
async fn a_payment_starts_with_the_orders_amount_and_a_repeat_answers_the_same() {
    let shop = Shop::new().await;
    let first = shop.post(Some("k1"), &shop.body("payment_intent")).await;
    assert_eq!(first.0, 201);
    assert_eq!(
        (&first.1["amount"], &first.1["currency"]),
        (&json!(5_200), &json!("CNY"))
    );
    assert_eq!(first.1["client_secret"], "pi_1_secret");
    assert!(first.1["payment_id"].as_str().unwrap().parse::<PaymentId>().is_ok());
    assert_eq!(shop.post(Some("k1"), &shop.body("payment_intent")).await, first);
    assert_eq!(shop.made(), 1);
    // Another key while it is open: the same payment again.
    assert_eq!(shop.post(Some("k2"), &shop.body("payment_intent")).await, first);
    assert_eq!(shop.made(), 1);
    // Another way to pay is another payment.
    let page = shop.post(Some("k3"), &shop.body("checkout_session")).await;
    assert_eq!(
        (page.0, page.1["url"].as_str()),
        (201, Some("https://pay.example/pi_2"))
    );
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_makes_no_second_payment() {
    let shop = Shop::new().await;
    let body = shop.body("payment_intent");
    shop.fail(&[Fail::Lost]);
    assert_eq!(shop.post(Some("k1"), &body).await.0, 201);
    let shop = Shop::new().await;
    shop.fail(&[Fail::Lost, Fail::Lost]);
    assert_eq!(shop.post(Some("k1"), &body).await.0, 502);
    assert_eq!(shop.post(Some("k1"), &body).await.0, 201);
    assert_eq!(shop.made(), 1);
}

#[tokio::test]
async fn equal_requests_at_once_make_one_payment() {
    let shop = Shop::new().await;
    let posts = (0..6).map(|_| {
        let (ports, order, body) = (
            shop.ports.clone(),
            shop.order.id().to_string(),
            shop.body("payment_intent"),
        );
        tokio::spawn(async move { post(&ports, &order, Some("k1"), &body).await })
    });
    let mut answers = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        answers.push(post.await.unwrap());
    }
    // One that lost every race is told to try again.
    assert!(
        answers.iter().all(|answer| answer.0 == 201 || answer.0 == 409),
        "{answers:?}"
    );
    assert_eq!(shop.made(), 1);
    assert_eq!(shop.post(Some("k1"), &shop.body("payment_intent")).await.0, 201);
}

#[tokio::test]
async fn after_a_day_a_lost_answer_is_not_asked_for_under_its_key() {
    let shop = Shop::new().await;
    shop.fail(&[Fail::Lost, Fail::Lost]);
    assert_eq!(shop.post(Some("k1"), &shop.body("payment_intent")).await.0, 502);
    shop.world.clock().advance_seconds(RESEND_WITHIN_S);
    let answer = shop.post(Some("k1"), &shop.body("payment_intent")).await;
    assert_eq!((answer.0, shop.made()), (409, 1));
}

#[tokio::test]
async fn a_refusal_is_kept_with_its_key() {
    let shop = Shop::new().await;
    shop.fail(&[Fail::Status(400)]);
    let refused = shop.post(Some("k1"), &shop.body("payment_intent")).await;
    assert_eq!(
        (refused.0, refused.1["provider_code"].as_str()),
        (422, Some("amount_too_small"))
    );
    assert_eq!(shop.post(Some("k1"), &shop.body("payment_intent")).await.0, 422);
    assert_eq!(shop.post(Some("k2"), &shop.body("payment_intent")).await.0, 201);
    shop.fail(&[Fail::Status(401)]);
    assert_eq!(shop.post(Some("k3"), &shop.body("checkout_session")).await.0, 502);
}

#[tokio::test]
async fn only_who_knows_the_checkout_may_pay_and_only_what_waits_for_money() {
    let shop = Shop::new().await;
    let mut stranger = shop.body("payment_intent");
    stranger["checkout_id"] = json!(CheckoutId::generate(&shop.world.ambient()).to_string());
    assert_eq!(shop.post(Some("k1"), &stranger).await.0, 404);
    let nobody = OrderId::generate(&shop.world.ambient()).to_string();
    assert_eq!(
        post(&shop.ports, &nobody, Some("k1"), &shop.body("payment_intent"))
            .await
            .0,
        404
    );
    assert_eq!(
        post(&shop.ports, "x", Some("k1"), &shop.body("payment_intent")).await.0,
        404
    );
    shop.world.clock().advance_seconds(1_800);
    let late = shop.post(Some("k1"), &shop.body("payment_intent")).await;
    assert_eq!(
        (late.0, late.1["order_state"].as_str()),
        (409, Some("awaiting_payment"))
    );
    assert_eq!(shop.made(), 0);
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let shop = Shop::new().await;
    let good = shop.body("payment_intent");
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (key, body, status) in [
        (None, good.clone(), 400),
        (Some("k1"), with("amount", json!(1)), 400),
        (Some("k1"), with("mode", json!("barter")), 400),
        (Some("k1"), with("mode", json!("cash")), 422),
        (Some("k1"), with("provider", json!("paypal")), 400),
        (Some("k1"), with("provider", json!("instant")), 422),
        (Some("k1"), with("mode", json!("instant")), 422),
        (Some("k1"), json!([]), 400),
    ] {
        assert_eq!(shop.post(key, &body).await.0, status, "{body}");
    }
    assert_eq!(shop.made(), 0);
    assert_eq!(shop.post(Some("k1"), &good).await.0, 201);
    assert_eq!(shop.post(Some("k1"), &shop.body("checkout_session")).await.0, 422);
}

/// A crash around every store call, an answer lost at any provider call, then the same request again: one payment, and the
/// answer of a clean run.
#[tokio::test]
async fn a_crash_around_any_call_makes_no_second_payment() {
    use payments::crash::{Crash, When};
    let mut points = 0;
    for when in [When::Before, When::After] {
        for lost in [false, true] {
            for at in 0.. {
                let shop = Shop::new().await;
                let crash = Crash::new(at, when);
                let store = crash.store(shop.world.client(), shop.world.ambient());
                let mut crashing = shop.ports.clone();
                crashing.payments = Payments::new(
                    store.clone(),
                    shop.world.table("PaymentsTable"),
                    "",
                    shop.world.outbox(),
                );
                crashing.orders = Orders::new(
                    store,
                    shop.world.table("SalesTable"),
                    shop.world.outbox(),
                    shop.world.timers(),
                );
                shop.fail(if lost { &[Fail::Lost, Fail::Lost] } else { &[] });
                let (order, body) = (shop.order.id().to_string(), shop.body("payment_intent"));
                post(&crashing, &order, Some("k1"), &body).await;
                if !crash.happened() {
                    break;
                }
                shop.fail(&[]);
                let (status, answer) = post(&shop.ports, &order, Some("k1"), &body).await;
                assert_eq!(
                    (status, answer["client_secret"].as_str()),
                    (201, Some("pi_1_secret")),
                    "{when:?} {at}"
                );
                assert_eq!(shop.made(), 1, "{when:?} {at}");
                points += 1;
            }
        }
    }
    println!("start: {points} crash points visited");
    assert!(points >= 10, "{points}");
}
