//! The platform's side, for tests: it signs, seals and answers as `WeChat` Pay does.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Ambient, Clock, Id, Money, OrderId, PaymentId, Random, Timestamp};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use secrecy::SecretString;
use serde_json::{Value, json};
use web::{HttpClient, Incoming, OutgoingRequest, SendError};

use super::{
    super::rsa::{PrivateKey, PublicKey},
    Merchant, Notices, Site, WechatPay,
};
use crate::{Intent, IntentState, Mode, Provider};

pub(super) const NOW: i64 = 1_775_640_600;
pub(super) const SERIAL: &str = "PUB_KEY_ID_0114232134912410000000000000";
pub(super) const MCHID: &str = "1900000001";
pub(super) const APPID: &str = "wxd678efh567hg6787";
pub(super) const NONCE: &str = "593BEC0C930BF1AFEB40B4A08C8FB242";
pub(super) const BASE: &str = "http://127.0.0.1:8092";

const KEYS: &str = include_str!("../../../../../tests/fixtures/payment-keys.dev.json");
const SECRETS: &str = include_str!("../../../../../infra/local/secrets.dev.json");

pub(super) fn secret(name: &str) -> Value {
    serde_json::from_str::<Value>(SECRETS).unwrap()[name].clone()
}

fn fixture(owner: &str, name: &str) -> String {
    let keys: Value = serde_json::from_str(KEYS).unwrap();
    keys[owner][name].as_str().unwrap().to_owned()
}

pub(super) fn platform_key() -> PrivateKey {
    PrivateKey::parse(&fixture("wechat_platform", "private_key")).unwrap()
}

/// A key that is the platform's of somebody else.
pub(super) fn other_key() -> PrivateKey {
    PrivateKey::parse(&fixture("alipay_platform", "private_key")).unwrap()
}

pub(super) fn merchant_key() -> PublicKey {
    PublicKey::parse(&fixture("wechat_merchant", "public_key")).unwrap()
}

/// The notices' secret, changed.
pub(super) fn notices_with(change: impl FnOnce(&mut Value)) -> Notices {
    let mut json = secret("WechatPayNotices");
    change(&mut json);
    Notices::parse(&SecretString::from(json.to_string())).unwrap()
}

pub(super) fn notices() -> Notices {
    notices_with(|_| ())
}

/// The five headers, in bytes, signed by a key over whatever time, nonce and body.
pub(super) fn signed_by(key: &PrivateKey, time: &str, nonce: &str, body: &[u8]) -> [(&'static str, Vec<u8>); 5] {
    let text = [time.as_bytes(), b"\n", nonce.as_bytes(), b"\n", body, b"\n"].concat();
    [
        ("Wechatpay-Timestamp", time.into()),
        ("Wechatpay-Nonce", nonce.into()),
        ("Wechatpay-Signature", key.sign(&text).unwrap().into()),
        ("Wechatpay-Serial", SERIAL.into()),
        ("Wechatpay-Signature-Type", b"WECHATPAY2-SHA256-RSA2048".to_vec()),
    ]
}

/// `None` where HTTP itself does not take the value.
pub(super) fn headers(fields: &[(&str, Vec<u8>)]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}

pub(super) fn signed(body: &[u8]) -> HeaderMap {
    headers(&signed_by(&platform_key(), &NOW.to_string(), NONCE, body)).unwrap()
}

/// Sealed as the platform does, under an `APIv3` key.
pub(super) fn sealed(key: &str, nonce: &str, associated_data: &str, text: &str) -> String {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_bytes()).unwrap());
    let mut bytes = text.as_bytes().to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce.as_bytes()).unwrap();
    key.seal_in_place_append_tag(nonce, Aad::from(associated_data.as_bytes()), &mut bytes)
        .unwrap();
    STANDARD.encode(bytes)
}

/// A whole event about `resource`, under the first key of the secrets.
pub(super) fn event(event_type: &str, resource: &Value) -> Value {
    let key = secret("WechatPayNotices")["api_v3_keys"][0]
        .as_str()
        .unwrap()
        .to_owned();
    json!({
        "id": "EV-2018022511223320873", "create_time": "2026-04-08T17:30:00+08:00", "resource_type": "encrypt-resource",
        "event_type": event_type, "summary": "支付成功",
        "resource": {
            "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "associated_data": "transaction",
            "nonce": "fdasflkja484", "ciphertext": sealed(&key, "fdasflkja484", "transaction", &resource.to_string()),
        },
    })
}

pub(super) fn payment() -> PaymentId {
    PaymentId::from_parts(Timestamp::from_seconds(NOW), [1; 10])
}

pub(super) fn order() -> OrderId {
    OrderId::from_parts(Timestamp::from_seconds(NOW), [2; 10])
}

/// Our number of [`payment`].
pub(super) fn number() -> String {
    payment().to_string()[4..].to_owned()
}

/// A paid transaction, as notices and queries tell it.
pub(super) fn transaction() -> Value {
    json!({
        "transaction_id": "1217752501201407033233368018", "mchid": MCHID, "appid": APPID, "out_trade_no": number(),
        "amount": {"payer_total": 1_899, "total": 1_999, "currency": "CNY", "payer_currency": "CNY"},
        "trade_state": "SUCCESS", "bank_type": "CMC", "attach": order().to_string(), "trade_type": "NATIVE",
        "success_time": "2026-04-08T17:30:00+08:00", "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "trade_state_desc": "支付成功",
    })
}

/// A refund, as notices tell it (`refund_status`) and calls (`status`).
pub(super) fn refund(status: &str) -> Value {
    json!({
        "mchid": MCHID, "transaction_id": "1217752501201407033233368018", "out_trade_no": number(),
        "refund_id": "50200207182018070300011301001", "out_refund_no": refund_id(), "refund_status": status,
        "status": status, "success_time": "2026-04-08T17:30:00+08:00", "user_received_account": "支付用户零钱",
        "amount": {"total": 1_999, "refund": 999, "payer_total": 1_899, "payer_refund": 949},
    })
}

pub(super) fn refund_id() -> kernel::RefundId {
    kernel::RefundId::from_parts(Timestamp::from_seconds(NOW), [3; 10])
}

pub(super) fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

pub(super) fn intent(mode: Mode) -> Intent {
    // Through JSON: what else an intent has is of no concern here.
    let intent = json!({
        "id": payment(), "order": order(), "provider": Provider::WechatPay, "mode": mode, "amount": cny(1_999),
        "livemode": true, "fingerprint": "", "version": 1, "state": IntentState::Sending,
        "pay_by": Timestamp::from_seconds(NOW + 900), "created_at": Timestamp::from_seconds(NOW),
    });
    serde_json::from_value(intent).unwrap()
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(NOW)
    }
}

impl Random for Stopped {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xab);
    }
}

/// Answers in turn, and remembers what it was asked.
#[derive(Debug)]
pub(super) struct Scripted {
    answers: Mutex<Vec<Result<Incoming, SendError>>>,
    asked: Mutex<Vec<OutgoingRequest>>,
}

impl HttpClient for Scripted {
    async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        self.asked.lock().unwrap().push(request);
        self.answers.lock().unwrap().remove(0)
    }
}

impl Scripted {
    pub(super) fn asked(&self) -> Vec<OutgoingRequest> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer that the platform signed.
#[expect(clippy::unnecessary_wraps, reason = "one of two kinds of scripted answers")]
pub(super) fn reply(status: u16, body: &Value) -> Result<Incoming, SendError> {
    let body = Bytes::from(body.to_string());
    Ok(Incoming {
        status,
        headers: signed(&body),
        body,
    })
}

/// An answer that nobody signed.
#[expect(clippy::unnecessary_wraps, reason = "one of two kinds of scripted answers")]
pub(super) fn unsigned(status: u16, body: &str) -> Result<Incoming, SendError> {
    Ok(Incoming {
        status,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    })
}

/// Our gateway before a platform that answers so.
pub(super) fn gateway(answers: Vec<Result<Incoming, SendError>>) -> (WechatPay<Arc<Scripted>>, Arc<Scripted>) {
    let client = Arc::new(Scripted {
        answers: Mutex::new(answers),
        asked: Mutex::new(Vec::new()),
    });
    let merchant = Merchant::parse(&SecretString::from(secret("WechatPayMerchant").to_string())).unwrap();
    let site = Site {
        base: format!("{BASE}/"),
        notify_url: "https://shop/webhooks/payments/wechat_pay".to_owned(),
    };
    let ambient = Ambient::new(Arc::new(Stopped), Arc::new(Stopped));
    (
        WechatPay::new(Arc::clone(&client), site, merchant, notices(), ambient).unwrap(),
        client,
    )
}

/// Nothing here waits, so one poll is enough and no runtime is needed.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("waits"),
    }
}
