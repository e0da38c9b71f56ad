//! Alipay's side of the test keys, a scripted gateway, and an intent.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::HeaderMap;
use kernel::{Ambient, Clock, Id, Money, OrderId, PaymentId, Random, RefundId, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use web::{HttpClient, Incoming, OutgoingRequest, SendError};

use super::{
    super::rsa::{PrivateKey, PublicKey},
    Addresses, Alipay, Application, Notices,
};
use crate::{Intent, IntentState, Mode, Provider};

const SECRETS: &str = include_str!("../../../../../infra/local/secrets.dev.json");
const KEYS: &str = include_str!("../../../../../tests/fixtures/payment-keys.dev.json");

/// 2026-04-08 17:30:00 in Beijing.
pub(super) const NOW: i64 = 1_775_640_600;
pub(super) const APP_ID: &str = "2021000000000001";
pub(super) const SELLER_ID: &str = "2088000000000001";

fn fixture(json: &str, owner: &str) -> Value {
    let all: Value = serde_json::from_str(json).unwrap();
    all[owner].clone()
}

pub(super) fn notices() -> Notices {
    notices_with(&[])
}

/// With more keys, before and after Alipay's.
pub(super) fn notices_with(others: &[String]) -> Notices {
    let mut secret = fixture(SECRETS, "AlipayNotices");
    let keys = secret["public_keys"].as_array_mut().unwrap();
    for other in others {
        keys.insert(0, json!(other));
    }
    Notices::parse(&SecretString::from(secret.to_string())).unwrap()
}

pub(super) fn application() -> Application {
    Application::parse(&SecretString::from(fixture(SECRETS, "AlipayApplication").to_string())).unwrap()
}

/// What proves that our application wrote something.
pub(super) fn application_key() -> PublicKey {
    PublicKey::parse(&other_key()).unwrap()
}

/// A public key that is not Alipay's.
pub(super) fn other_key() -> String {
    let key = fixture(KEYS, "alipay_application");
    key["public_key"].as_str().unwrap().to_owned()
}

fn private(json: &str, owner: &str) -> PrivateKey {
    PrivateKey::parse(fixture(json, owner)["private_key"].as_str().unwrap()).unwrap()
}

/// Signs as Alipay.
pub(super) fn sign(text: &str) -> String {
    private(KEYS, "alipay_platform").sign(text.as_bytes()).unwrap()
}

/// Signs as somebody who is not Alipay.
pub(super) fn forge(text: &str) -> String {
    private(SECRETS, "AlipayApplication").sign(text.as_bytes()).unwrap()
}

pub(super) fn ambient() -> Ambient {
    struct Fixed;
    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(NOW)
        }
    }
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }
    Ambient::new(Arc::new(Fixed), Arc::new(Fixed))
}

pub(super) fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

pub(super) fn intent(mode: Mode) -> Intent {
    let at = Timestamp::from_seconds(NOW);
    Intent {
        id: PaymentId::from_parts(at, [1; 10]),
        order: OrderId::from_parts(at, [2; 10]),
        provider: Provider::Alipay,
        mode,
        amount: cny(1_999),
        livemode: false,
        fingerprint: String::new(),
        version: 1,
        pay_by: Some(at.plus_seconds(1_800)),
        step_up: false,
        state: IntentState::Sending,
        created_at: at,
    }
}

pub(super) fn refund_id() -> RefundId {
    RefundId::from_parts(Timestamp::from_seconds(NOW), [3; 10])
}

/// An answer of HTTP.
pub(super) type Answer = Result<Incoming, SendError>;

pub(super) fn raw(status: u16, body: &str) -> Incoming {
    Incoming {
        status,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// A signed answer to `method`, whose node has exactly this text.
pub(super) fn answer(method: &str, node: &str) -> Incoming {
    let name = method.replace('.', "_");
    raw(200, &format!(r#"{{"{name}_response":{node},"sign":"{}"}}"#, sign(node)))
}

/// A gateway that answers in turn, and remembers what it was asked.
#[derive(Default)]
pub(super) struct Scripted {
    answers: Mutex<Vec<Answer>>,
    asked: Mutex<Vec<OutgoingRequest>>,
}

impl HttpClient for Scripted {
    async fn send(&self, request: OutgoingRequest) -> Answer {
        self.asked.lock().unwrap().push(request);
        self.answers.lock().unwrap().remove(0)
    }
}

impl Scripted {
    pub(super) fn asked(&self) -> Vec<OutgoingRequest> {
        self.asked.lock().unwrap().clone()
    }
}

pub(super) fn alipay(answers: Vec<Answer>) -> (Alipay<Arc<Scripted>>, Arc<Scripted>) {
    let client = Arc::new(Scripted {
        answers: Mutex::new(answers),
        asked: Mutex::default(),
    });
    let addresses = Addresses {
        gateway_url: "https://alipay.test/gateway.do".to_owned(),
        notify_url: "https://shop.test/webhooks/payments/alipay".to_owned(),
        return_url: "https://shop.test/paid".to_owned(),
    };
    let gateway = Alipay::new(Arc::clone(&client), application(), notices(), addresses, ambient());
    (gateway, client)
}

/// Nothing here waits, so one poll is enough and no runtime is needed.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("waits"),
    }
}
