//! A merchant of the double, written from Alipay's rules alone.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Account, AlipayDouble};
use crate::{
    client::{Answer, Api},
    doubles::support::{PrivateKey, PublicKey, beijing_text, secret, wall_s},
    server::Server,
};

/// A merchant: it calls, and collects what it is told.
pub(super) struct Merchant {
    pub(super) api: Api,
    pub(super) key: PrivateKey,
    alipay: PublicKey,
    inbox: Server,
    told: Arc<Mutex<Vec<Bytes>>>,
}

impl Merchant {
    async fn of(double: &AlipayDouble) -> Self {
        let told: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let kept = Arc::clone(&told);
        let inbox = Server::start(0, move |request| {
            kept.lock().unwrap().push(request.body);
            async { Response::new(Full::new(Bytes::from_static(b"success"))) }
        })
        .await;
        Self {
            api: Api::new(&double.url()),
            key: PrivateKey::read(&secret("/AlipayApplication/private_key")),
            alipay: PublicKey::read(&secret("/AlipayNotices/public_keys/0")),
            inbox,
            told,
        }
    }

    pub(super) fn form(&self, method: &str, content: &Value) -> String {
        let mut fields = BTreeMap::from([
            ("app_id", secret("/AlipayApplication/app_id")),
            ("method", method.to_owned()),
            ("charset", "utf-8".to_owned()),
            ("sign_type", "RSA2".to_owned()),
            ("timestamp", beijing_text(wall_s())),
            ("version", "1.0".to_owned()),
            ("notify_url", self.inbox.url()),
            ("biz_content", content.to_string()),
        ]);
        let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        fields.insert("sign", self.key.sign(pairs.join("&").as_bytes()));
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish()
    }

    pub(super) async fn post(&self, method: &str, content: &Value) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded;charset=utf-8")];
        let body = self.form(method, content).into_bytes();
        self.api
            .send(Method::POST, "/gateway.do", &headers, body)
            .await
            .unwrap()
    }

    /// The node, after its signature was verified over its raw text.
    pub(super) async fn call(&self, method: &str, content: &Value) -> Value {
        let answer = self.post(method, content).await;
        assert!(self.verifies(&answer), "{}", String::from_utf8_lossy(&answer.bytes));
        let name = format!("{}_response", method.replace('.', "_"));
        answer.expect(200)[name.as_str()].clone()
    }

    pub(super) fn verifies(&self, answer: &Answer) -> bool {
        let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
        let Some((node, rest)) = text
            .split_once("_response\":")
            .and_then(|(_, rest)| rest.split_once(",\"sign\":\""))
        else {
            return false;
        };
        self.alipay.verifies(node.as_bytes(), rest.trim_end_matches("\"}"))
    }

    pub(super) async fn ask(&self, number: &str, amount: &str) -> Value {
        let content = json!({"out_trade_no": number, "total_amount": amount, "subject": "茶 100% +",
            "passback_params": "ord_1"});
        self.call("alipay.trade.precreate", &content).await
    }

    pub(super) async fn status(&self, number: &str) -> Value {
        self.call("alipay.trade.query", &json!({"out_trade_no": number})).await
    }

    pub(super) async fn refund(&self, number: &str, request: &str, amount: &str) -> Value {
        let content = json!({"out_trade_no": number, "out_request_no": request, "refund_amount": amount});
        self.call("alipay.trade.refund", &content).await
    }

    /// Waits until that many notices came; the last one, and whether it verifies.
    pub(super) async fn told(&self, count: usize) -> (BTreeMap<String, String>, bool) {
        for _ in 0..400 {
            let told = self.told.lock().unwrap().clone();
            if told.len() >= count {
                let mut fields: BTreeMap<String, String> =
                    form_urlencoded::parse(&told[count - 1]).into_owned().collect();
                let sign = fields.remove("sign").unwrap();
                let pairs = fields
                    .iter()
                    .filter(|(name, value)| *name != "sign_type" && !value.is_empty());
                let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
                let verified = self.alipay.verifies(pairs.join("&").as_bytes(), &sign);
                return (fields, verified);
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{count} notices did not come")
    }
}

/// A double, and a merchant of it.
pub(super) async fn both() -> (AlipayDouble, Merchant) {
    let double = AlipayDouble::start(0, Account::dev()).await;
    let merchant = Merchant::of(&double).await;
    (double, merchant)
}
