//! One call to Stripe's API.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use web::{Egress, HttpClient, Incoming, OutgoingRequest, SendError};

use super::{super::CallError, Returns};

/// The version of Stripe's API that requests and answers are of.
pub const API_VERSION: &str = "2025-09-30.clover";
/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(4);
/// How often one invocation sends the same request, under the same key, after an answer that did not come.
const SENDS_MAX: u32 = 2;
/// The longest code of theirs that is taken over, in bytes.
const CODE_BYTES_MAX: usize = 64;

/// Stripe's API.
#[derive(Debug, Clone)]
pub struct Stripe<C> {
    client: C,
    base: String,
    key: SecretString,
    pub(super) returns: Returns,
}

impl<C: HttpClient> Stripe<C> {
    /// Stripe at `base`, such as `https://api.stripe.com`, with a secret or restricted key.
    pub const fn new(client: C, base: String, key: SecretString, returns: Returns) -> Self {
        Self {
            client,
            base,
            key,
            returns,
        }
    }

    /// Makes or changes something, under an idempotency key: sending again makes it no second time, so an answer that did
    /// not come is asked for again under the same key.
    pub(super) async fn post(&self, path: &str, form: String, key: &str) -> Result<Value, CallError> {
        let mut request = self.request(Method::POST, path)?;
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(header::CONTENT_TYPE, form_type);
        let key = HeaderValue::from_str(key).map_err(garbled)?;
        request.headers.insert(HeaderName::from_static("idempotency-key"), key);
        request.body = Bytes::from(form);
        answer(&self.send(&request).await?)
    }

    /// Reads something; `None` when there is no such object.
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<Value>, CallError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        let request = self.request(Method::GET, &format!("{path}?{query}"))?;
        let incoming = self.send(&request).await?;
        if incoming.status == 404 && error(&body(&incoming), "type") == Some("invalid_request_error") {
            return Ok(None);
        }
        answer(&incoming).map(Some)
    }

    async fn send(&self, request: &OutgoingRequest) -> Result<Incoming, CallError> {
        let mut last = CallError::Unanswered("not sent".to_owned());
        for _ in 0..SENDS_MAX {
            match self.client.send(request.clone()).await {
                Ok(incoming) => return Ok(incoming),
                Err(SendError::Invalid(why)) => return Err(CallError::Unanswered(why)),
                Err(error) => last = CallError::Unanswered(error.to_string()),
            }
        }
        Err(last)
    }

    fn request(&self, method: Method, path: &str) -> Result<OutgoingRequest, CallError> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.key.expose_secret())).map_err(garbled)?;
        bearer.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, bearer);
        headers.insert(
            HeaderName::from_static("stripe-version"),
            HeaderValue::from_static(API_VERSION),
        );
        Ok(OutgoingRequest {
            method,
            url: format!("{}{path}", self.base.trim_end_matches('/')),
            headers,
            body: Bytes::new(),
            timeout: CALL_TIMEOUT,
            egress: Egress::Configured,
        })
    }
}

fn garbled(_: http::header::InvalidHeaderValue) -> CallError {
    CallError::Misfit("a header")
}

fn body(incoming: &Incoming) -> Value {
    serde_json::from_slice(&incoming.body).unwrap_or_default()
}

fn error<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get("error")?.get(name)?.as_str()
}

fn answer(incoming: &Incoming) -> Result<Value, CallError> {
    let body = body(incoming);
    match incoming.status {
        200..=299 => Ok(body),
        // What is said of this request. All else is about us or the moment: our key, our address, a request under this key
        // that still runs (409), their load.
        status @ (400 | 402 | 422) => {
            let plain = |code: &&str| {
                code.len() <= CODE_BYTES_MAX && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            };
            let code = error(&body, "code").or_else(|| error(&body, "type")).filter(plain);
            Err(CallError::Refused {
                status,
                code: code.unwrap_or("unknown").to_owned(),
            })
        }
        status => Err(CallError::Unanswered(format!("status {status}"))),
    }
}
