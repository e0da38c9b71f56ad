//! A merchant of the double, written from `WeChat` Pay's rules alone.

use std::sync::{Arc, Mutex};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde_json::{Value, json};

use super::{Account, WechatPayDouble};
use crate::{
    client::{Answer, Api},
    doubles::support::{PrivateKey, PublicKey, nonce, secret, wall_s},
    server::{Received, Server, json as answer},
};

/// A merchant: it calls, and collects what it is told.
pub(super) struct Merchant {
    api: Api,
    pub(super) key: PrivateKey,
    platform: PublicKey,
    pub(super) inbox: Server,
    told: Arc<Mutex<Vec<Received>>>,
}

impl Merchant {
    async fn of(double: &WechatPayDouble) -> Self {
        let told: Arc<Mutex<Vec<Received>>> = Arc::default();
        let kept = Arc::clone(&told);
        let inbox = Server::start(0, move |request| {
            kept.lock().unwrap().push(request);
            async { answer(200, &json!({"code": "SUCCESS"})) }
        })
        .await;
        Self {
            api: Api::new(&double.url()),
            key: PrivateKey::read(&secret("/WechatPayMerchant/private_key")),
            platform: PublicKey::read(&secret("/WechatPayNotices/platform_keys/0/public_key")),
            inbox,
            told,
        }
    }

    pub(super) async fn call(&self, method: Method, path: &str, body: &str) -> Answer {
        let (timestamp, nonce) = (wall_s(), nonce(32));
        let text = format!("{method}\n{path}\n{timestamp}\n{nonce}\n{body}\n");
        let authorization = format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",serial_no=\"{}\",timestamp=\"{timestamp}\",nonce_str=\"{nonce}\",\
             signature=\"{}\"",
            secret("/WechatPayMerchant/mchid"),
            secret("/WechatPayMerchant/merchant_serial"),
            self.key.sign(text.as_bytes())
        );
        let headers = [
            ("authorization", authorization.as_str()),
            ("accept", "application/json"),
            ("user-agent", "test"),
            ("content-type", "application/json"),
        ];
        let sent = self.api.send(method, path, &headers, body.as_bytes().to_vec()).await;
        sent.unwrap()
    }

    pub(super) async fn order(&self, number: &str, total: i64) -> Answer {
        let body = json!({
            "appid": secret("/WechatPayMerchant/appid"), "mchid": secret("/WechatPayMerchant/mchid"),
            "description": "tea, green", "out_trade_no": number, "attach": "ord_1",
            "notify_url": self.inbox.url(), "amount": {"total": total, "currency": "CNY"},
        });
        let path = "/v3/pay/transactions/native";
        self.call(Method::POST, path, &body.to_string()).await
    }

    pub(super) async fn refund(&self, order: &str, number: &str, amount: i64) -> Answer {
        let body = json!({
            "out_trade_no": order, "out_refund_no": number, "notify_url": self.inbox.url(),
            "amount": {"refund": amount, "total": 1_000, "currency": "CNY"},
        });
        let path = "/v3/refund/domestic/refunds";
        self.call(Method::POST, path, &body.to_string()).await
    }

    pub(super) async fn state(&self, number: &str) -> Value {
        let mchid = secret("/WechatPayMerchant/mchid");
        let path = format!("/v3/pay/transactions/out-trade-no/{number}?mchid={mchid}");
        self.call(Method::GET, &path, "").await.expect(200)
    }

    pub(super) fn told(&self) -> Vec<Received> {
        self.told.lock().unwrap().clone()
    }

    pub(super) fn verifies(&self, header: impl Fn(&str) -> String, body: &[u8]) -> bool {
        let (timestamp, nonce) = (header("wechatpay-timestamp"), header("wechatpay-nonce"));
        let text = [format!("{timestamp}\n{nonce}\n").as_bytes(), body, b"\n"].concat();
        self.platform.verifies(&text, &header("wechatpay-signature"))
    }

    pub(super) fn verified(&self, notice: &Received) -> bool {
        let header = |name: &str| notice.headers[name].to_str().unwrap().to_owned();
        self.verifies(header, &notice.body)
    }
}

/// A notice's content, decrypted.
pub(super) fn opened(notice: &Received) -> Value {
    let body: Value = serde_json::from_slice(&notice.body).unwrap();
    let resource = &body["resource"];
    let text = |name: &str| resource[name].as_str().unwrap();
    let key = UnboundKey::new(&AES_256_GCM, secret("/WechatPayNotices/api_v3_keys/0").as_bytes()).unwrap();
    let nonce = Nonce::try_assume_unique_for_key(text("nonce").as_bytes()).unwrap();
    let mut sealed = STANDARD.decode(text("ciphertext")).unwrap();
    let aad = Aad::from(text("associated_data").as_bytes());
    let plain = LessSafeKey::new(key).open_in_place(nonce, aad, &mut sealed).unwrap();
    serde_json::from_slice(plain).unwrap()
}

/// A double, and a merchant of it.
pub(super) async fn both() -> (WechatPayDouble, Merchant) {
    let double = WechatPayDouble::start(0, Account::dev()).await;
    let merchant = Merchant::of(&double).await;
    (double, merchant)
}
