//! A merchant of the double.

use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::{Value, json};

use super::{Pay, StripeDouble, Telling};
use crate::{
    client::{Answer, Api},
    server::{Received, Server, json as answer},
};

/// A secret for tests.
pub(super) const SECRET: &str = "whsec_test";

/// A merchant: it calls, and collects what it is told.
pub(super) struct Merchant {
    pub(super) api: Api,
    _inbox: Server,
    pub(super) told: Arc<Mutex<Vec<Received>>>,
}

impl Merchant {
    pub(super) async fn post(&self, path: &str, key: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("idempotency-key", key),
        ];
        self.api
            .send(Method::POST, path, &headers, body.into_bytes())
            .await
            .unwrap()
    }

    pub(super) async fn paid(&self, double: &StripeDouble, key: &str) -> String {
        let fields = [("amount", "1000"), ("currency", "usd"), ("metadata[order_id]", "ord_1")];
        let made = self.post("/v1/payment_intents", key, &fields).await.expect(200);
        let id = made["id"].as_str().unwrap().to_owned();
        let telling = Telling::silent();
        double
            .pay(&Pay {
                telling,
                ..Pay::exactly(&id)
            })
            .await;
        id
    }

    pub(super) async fn refund(&self, intent: &str, key: &str, amount: &str) -> Answer {
        let fields = [
            ("payment_intent", intent),
            ("amount", amount),
            ("metadata[refund_id]", key),
        ];
        self.post("/v1/refunds", key, &fields).await
    }

    /// The events that came, once there are that many.
    pub(super) async fn told(&self, count: usize) -> Vec<Value> {
        for _ in 0..400 {
            let told = self.told.lock().unwrap().clone();
            if told.len() >= count {
                return told
                    .iter()
                    .map(|one| serde_json::from_slice(&one.body).unwrap())
                    .collect();
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("{count} events did not come")
    }
}

/// A double, and a merchant of it.
pub(super) async fn both() -> (StripeDouble, Merchant) {
    let told: Arc<Mutex<Vec<Received>>> = Arc::default();
    let kept = Arc::clone(&told);
    let inbox = Server::start(0, move |request| {
        kept.lock().unwrap().push(request);
        async { answer(200, &json!({})) }
    })
    .await;
    let double = StripeDouble::start(0, &inbox.url(), SECRET).await;
    let api = Api::new(&double.url()).bearer("sk_test_1");
    let merchant = Merchant {
        api,
        _inbox: inbox,
        told,
    };
    (double, merchant)
}
