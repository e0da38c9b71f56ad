//! Telling of what happened, as good or bad as asked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;
use ring::hmac;
use serde_json::{Value, json};

use super::Shared;
use crate::client::Api;

/// How webhooks are sent.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fault of its own, and they combine"
)]
pub struct Telling {
    /// How often each event is delivered.
    pub times: u32,
    /// Whether all of them are sent at the same time.
    pub at_once: bool,
    /// How long after the fact, in milliseconds.
    pub delay_ms: u64,
    /// Last event first.
    pub out_of_order: bool,
    /// Signed with a secret that is not the endpoint's.
    pub forged: bool,
    /// Signed as of this many seconds from now: negative is the past.
    pub skew_s: i64,
    /// A body that was changed after it was signed.
    pub tampered: bool,
    /// Says another amount was asked for than was.
    pub wrong_amount: Option<i64>,
    /// Says another currency.
    pub wrong_currency: Option<String>,
    /// Without our metadata: of an order that nobody knows.
    pub unknown_order: bool,
}

impl Default for Telling {
    /// Once, at once, in order and honestly.
    fn default() -> Self {
        Self {
            times: 1,
            at_once: false,
            delay_ms: 0,
            out_of_order: false,
            forged: false,
            skew_s: 0,
            tampered: false,
            wrong_amount: None,
            wrong_currency: None,
            unknown_order: false,
        }
    }
}

impl Telling {
    /// From JSON of the same members; what is missing is the default.
    pub fn of(body: &Value) -> Self {
        let flag = |name: &str| body[name].as_bool().unwrap_or(false);
        let number = |name: &str| body[name].as_u64();
        Self {
            times: number("times").and_then(|times| u32::try_from(times).ok()).unwrap_or(1),
            at_once: flag("at_once"),
            delay_ms: number("delay_ms").unwrap_or(0),
            out_of_order: flag("out_of_order"),
            forged: flag("forged"),
            skew_s: body["skew_s"].as_i64().unwrap_or(0),
            tampered: flag("tampered"),
            wrong_amount: body["wrong_amount"].as_i64(),
            wrong_currency: body["wrong_currency"].as_str().map(str::to_owned),
            unknown_order: flag("unknown_order"),
        }
    }

    fn distort(&self, event: &mut Value) {
        let object = &mut event["data"]["object"];
        if let Some(amount) = self.wrong_amount {
            for name in ["amount", "amount_total"] {
                if object.get(name).is_some() {
                    object[name] = json!(amount);
                }
            }
        }
        if let Some(currency) = &self.wrong_currency {
            object["currency"] = json!(currency);
        }
        if self.unknown_order {
            object["metadata"] = json!({});
            object["id"] = json!(format!("{}_unknown", object["id"].as_str().unwrap_or("pi")));
        }
    }
}

/// One delivery of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event's id.
    pub event: String,
    /// Its type.
    pub kind: String,
    /// What it was answered with; 0 when there was no answer.
    pub status: u16,
}

/// The header for a body: `t=…,v1=…`.
pub fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = [seconds.to_string().as_bytes(), b".", body].concat();
    format!("t={seconds},v1={}", hex::encode(hmac::sign(&key, &signed)))
}

/// Delivers events as asked.
pub(super) async fn tell(shared: &Shared, mut events: Vec<Value>, telling: &Telling) -> Vec<Delivery> {
    tokio::time::sleep(Duration::from_millis(telling.delay_ms)).await;
    if telling.out_of_order {
        events.reverse();
    }
    let url = shared.webhook_url.lock().expect("nobody panics with the lock").clone();
    let mut sending = Vec::new();
    let mut told = Vec::new();
    for event in &mut events {
        telling.distort(event);
        for _ in 0..telling.times {
            let one = deliver(url.clone(), shared.secret.clone(), event.clone(), telling.clone());
            if telling.at_once {
                sending.push(tokio::spawn(one));
            } else {
                told.push(one.await);
            }
        }
    }
    for one in sending {
        told.push(one.await.expect("a delivery does not panic"));
    }
    told
}

async fn deliver(url: String, secret: String, event: Value, telling: Telling) -> Delivery {
    let mut body = event.to_string().into_bytes();
    let secret = if telling.forged {
        "whsec_forged_by_somebody_else".to_owned()
    } else {
        secret
    };
    let signature = sign(&secret, now_s() + telling.skew_s, &body);
    if telling.tampered {
        body.push(b' ');
    }
    let headers = [
        ("content-type", "application/json"),
        ("stripe-signature", signature.as_str()),
    ];
    let answer = Api::new(&url).send(Method::POST, "", &headers, body).await;
    let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
    Delivery {
        event: text("id"),
        kind: text("type"),
        status: answer.map_or(0, |answer| answer.status),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a double signs with the time that the platform's clock shows"
)]
pub(super) fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}
