//! Asking Stripe for money: pure transforms, and one thin call.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use kernel::Money;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use web::{Egress, HttpClient, Incoming, OutgoingRequest, SendError};

use super::super::{CallError, Gateway, Payer, RefundOrder, StatementPage};
use crate::{Intent, Mode, ObjectId, Reading, Started};

/// The version of Stripe's API that requests and answers are of.
pub const API_VERSION: &str = "2025-09-30.clover";
/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(4);
/// How often one invocation sends the same request under the same key after an answer that did not come.
const SENDS_MAX: u32 = 2;

/// Where a hosted page sends the payer back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returns {
    /// After payment.
    pub success_url: String,
    /// After giving up.
    pub cancel_url: String,
}

/// Stripe's API.
#[derive(Debug, Clone)]
pub struct Stripe<C> {
    client: C,
    base: String,
    key: SecretString,
    returns: Returns,
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

    /// Asks for the intent's payment. The intent's id is the idempotency key, so sending again makes no second payment:
    /// an answer that did not come is asked for again under the same key.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    async fn ask(&self, intent: &Intent) -> Result<Started, CallError> {
        let (path, form) = form(intent, &self.returns);
        let mut last = CallError::Unanswered("not sent".to_owned());
        for _ in 0..SENDS_MAX {
            match self.client.send(self.request(path, &form, intent)?).await {
                Ok(incoming) => return answer(intent, &incoming),
                Err(SendError::Invalid(why)) => {
                    return Err(CallError::Unanswered(why));
                }
                Err(error) => last = CallError::Unanswered(error.to_string()),
            }
        }
        Err(last)
    }

    fn request(&self, path: &str, form: &str, intent: &Intent) -> Result<OutgoingRequest, CallError> {
        let garbled = |_| CallError::Misfit("a header");
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.key.expose_secret())).map_err(garbled)?;
        bearer.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, bearer);
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(
            HeaderName::from_static("stripe-version"),
            HeaderValue::from_static(API_VERSION),
        );
        let key = HeaderValue::from_str(&intent.id.to_string()).map_err(garbled)?;
        headers.insert(HeaderName::from_static("idempotency-key"), key);
        Ok(OutgoingRequest {
            method: Method::POST,
            url: format!("{}{path}", self.base.trim_end_matches('/')),
            headers,
            body: Bytes::copy_from_slice(form.as_bytes()),
            timeout: CALL_TIMEOUT,
            egress: Egress::Configured,
        })
    }
}

impl<C: HttpClient> Gateway for Stripe<C> {
    async fn start(&self, intent: &Intent, _: &Payer) -> Result<Started, CallError> {
        self.ask(intent).await
    }

    async fn query(&self, _: &Intent) -> Result<Reading, CallError> {
        Err(CallError::Unsupported)
    }

    async fn refund(&self, _: RefundOrder<'_>) -> Result<Reading, CallError> {
        Err(CallError::Unsupported)
    }

    async fn query_refund(&self, _: RefundOrder<'_>) -> Result<Reading, CallError> {
        Err(CallError::Unsupported)
    }

    async fn statement(&self, _: &str, _: Option<&str>) -> Result<StatementPage, CallError> {
        Err(CallError::Unsupported)
    }
}

/// The request, the same for the same intent: Stripe compares parameters under a key.
fn form(intent: &Intent, returns: &Returns) -> (&'static str, String) {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let (order, payment) = (intent.order.to_string(), intent.id.to_string());
    let currency = intent.amount.currency().code().to_ascii_lowercase();
    let amount = intent.amount.amount().to_string();
    form.append_pair("metadata[order_id]", &order)
        .append_pair("metadata[payment_id]", &payment);
    match intent.mode {
        Mode::CheckoutSession => {
            form.append_pair("mode", "payment")
                .append_pair("client_reference_id", &order)
                .append_pair("line_items[0][quantity]", "1")
                .append_pair("line_items[0][price_data][currency]", &currency)
                .append_pair("line_items[0][price_data][unit_amount]", &amount)
                .append_pair("line_items[0][price_data][product_data][name]", &order)
                .append_pair("payment_intent_data[metadata][order_id]", &order)
                .append_pair("payment_intent_data[metadata][payment_id]", &payment)
                .append_pair("success_url", &returns.success_url)
                .append_pair("cancel_url", &returns.cancel_url);
            ("/v1/checkout/sessions", form.finish())
        }
        _ => {
            form.append_pair("amount", &amount)
                .append_pair("currency", &currency)
                .append_pair("automatic_payment_methods[enabled]", "true");
            ("/v1/payment_intents", form.finish())
        }
    }
}

fn answer(intent: &Intent, incoming: &Incoming) -> Result<Started, CallError> {
    let body: Value = serde_json::from_slice(&incoming.body).unwrap_or_default();
    match incoming.status {
        200..=299 => started(intent, &body),
        // What is said of this payment. All else is about us or the moment: our key, our address, a request under this key
        // that still runs (409), their load.
        status @ (400 | 402 | 422) => {
            let code = body
                .pointer("/error/code")
                .or_else(|| body.pointer("/error/type"))
                .and_then(Value::as_str);
            let plain = |code: &&str| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            Err(CallError::Refused {
                status,
                code: code.filter(plain).unwrap_or("unknown").to_owned(),
            })
        }
        status => Err(CallError::Unanswered(format!("status {status}"))),
    }
}

/// Their answer is their word: what it says must be what was asked.
fn started(intent: &Intent, body: &Value) -> Result<Started, CallError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let object: ObjectId = text("id")
        .and_then(|id| id.parse().ok())
        .ok_or(CallError::Misfit("id"))?;
    let amount_name = match intent.mode {
        Mode::CheckoutSession => "amount_total",
        _ => "amount",
    };
    let amount = body.get(amount_name).and_then(Value::as_i64);
    let currency = text("currency").and_then(|code| code.to_ascii_uppercase().parse().ok());
    let money = amount
        .zip(currency)
        .and_then(|(amount, currency)| Money::new(amount, currency).ok());
    if money != Some(intent.amount) {
        return Err(CallError::Misfit("amount"));
    }
    if body.get("livemode").and_then(Value::as_bool) != Some(intent.livemode) {
        return Err(CallError::Misfit("livemode"));
    }
    let started = Started {
        client_secret: text("client_secret"),
        url: text("url"),
        ..Started::of(object)
    };
    match intent.mode {
        Mode::PaymentIntent if started.client_secret.is_none() => Err(CallError::Misfit("client_secret")),
        Mode::CheckoutSession if started.url.is_none() => Err(CallError::Misfit("url")),
        _ => Ok(started),
    }
}

#[cfg(test)]
mod tests;
