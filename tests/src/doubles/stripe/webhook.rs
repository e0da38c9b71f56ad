//! Webhooks, signed.

use std::sync::Mutex;

use ring::hmac;
use serde_json::{Value, json};

use super::Shared;
use crate::{
    client::Answer,
    doubles::support::{Control, Letter, Notice, Telling, Voice, wall_s},
};

/// The header for a body: `t=…,v1=…`.
pub fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = [seconds.to_string().as_bytes(), b".", body].concat();
    format!("t={seconds},v1={}", hex::encode(hmac::sign(&key, &signed)))
}

/// Makes an event say what is not so.
fn distort(event: &mut Value, telling: &Telling) {
    let object = &mut event["data"]["object"];
    if let Some(amount) = telling.wrong_amount {
        for name in ["amount", "amount_total"] {
            if object.get(name).is_some() {
                object[name] = json!(amount);
            }
        }
    }
    if let Some(currency) = &telling.wrong_currency {
        object["currency"] = json!(currency);
    }
    if telling.unknown_order {
        object["metadata"] = json!({});
        object["id"] = json!(format!("{}_unknown", object["id"].as_str().unwrap_or("pi")));
    }
}

impl Voice for Shared {
    fn write(&self, notice: &Notice, telling: &Telling) -> Letter {
        let mut event = notice.content.clone();
        distort(&mut event, telling);
        let mut body = event.to_string().into_bytes();
        let secret = if telling.forged {
            "whsec_forged_by_somebody_else"
        } else {
            self.secret.as_str()
        };
        let signature = sign(secret, wall_s() + telling.skew_s, &body);
        if telling.tampered {
            body.push(b' ');
        }
        Letter {
            url: self.webhook_url.lock().expect("nobody panics with the lock").clone(),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("stripe-signature", signature),
            ],
            body,
        }
    }

    fn taken(&self, answer: &Answer) -> bool {
        (200..300).contains(&answer.status)
    }

    fn control(&self) -> &Mutex<Control> {
        &self.control
    }
}
