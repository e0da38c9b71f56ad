//! A small HTTP client that says what it got.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

/// How often a read is sent again.
const GET_TRIES_MAX: u32 = 3;

/// Calls one server. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    base: String,
    headers: BTreeMap<String, String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as it came.
    pub bytes: Bytes,
    /// Body as JSON; null when it is none.
    pub body: Value,
}

impl Answer {
    /// The body, when the status is the expected one; else it says what came.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.body
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl Api {
    /// Of the server at `base`, without a closing slash.
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            headers: BTreeMap::new(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// With a header on every call.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// As the bearer of a token.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// The server's address.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Sends bytes with headers; an error is a connection that broke or was refused.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let response = self
            .client
            .request(request)
            .await
            .map_err(|error| format!("{error:?}"))?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes,
            body,
        })
    }

    /// Sends JSON with an idempotency key.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn try_json(&self, method: Method, path: &str, key: &str, body: &Value) -> Result<Answer, String> {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        self.send(method, path, &headers, body.to_string().into_bytes()).await
    }

    /// `GET`, sent again when a kept connection turns out to be closed.
    pub async fn get(&self, path: &str) -> Answer {
        for _ in 0..GET_TRIES_MAX {
            if let Ok(answer) = self.send(Method::GET, path, &[], Vec::new()).await {
                return answer;
            }
        }
        let answer = self.send(Method::GET, path, &[], Vec::new()).await;
        answer.expect("the server answers")
    }

    /// `POST` of JSON with a new idempotency key.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let key = uuid::Uuid::now_v7().to_string();
        self.try_json(Method::POST, path, &key, body)
            .await
            .expect("the server answers")
    }

    /// `PUT` of JSON with a new idempotency key.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        let key = uuid::Uuid::now_v7().to_string();
        self.try_json(Method::PUT, path, &key, body)
            .await
            .expect("the server answers")
    }
}
