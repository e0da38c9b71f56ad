//! Asking Alipay: signed requests, sent again with the same numbers when no answer came.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use kernel::{Ambient, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use web::{Egress, HttpClient, OutgoingRequest, SendError};

use super::{
    super::{CallError, Gateway, Payer, RefundOrder, StatementPage, rsa::PrivateKey},
    amount, answer, beijing,
    form::{self, Parameters, SIGN, SIGN_TYPE},
    notices::{ALGORITHM, CHARSET, Notices},
    query, refund, start, statement,
};
use crate::{Intent, Mode, ObjectId, Reading, Started};

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(4);
/// How long one page of a statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often one invocation sends the same request after an answer that did not come.
const SENDS_MAX: u32 = 2;

/// Our application with Alipay.
#[derive(Debug, Clone)]
pub struct Application {
    app_id: String,
    key: Arc<PrivateKey>,
}

/// A configured value that is no application. Never shows the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(r#"not {{"app_id","seller_id","private_key"}} with an RSA private key"#)]
pub struct ApplicationError;

#[derive(Deserialize)]
struct Configured {
    app_id: String,
    private_key: String,
}

impl Application {
    /// From the JSON that Secrets Manager keeps: `{"app_id":"…","seller_id":"2088…","private_key":"MII…"}`.
    ///
    /// # Errors
    ///
    /// When it has another shape, or a key that is none.
    pub fn parse(json: &SecretString) -> Result<Self, ApplicationError> {
        let configured: Configured = serde_json::from_str(json.expose_secret()).map_err(|_| ApplicationError)?;
        let key = PrivateKey::parse(&configured.private_key).map_err(|_| ApplicationError)?;
        if configured.app_id.is_empty() {
            return Err(ApplicationError);
        }
        Ok(Self {
            app_id: configured.app_id,
            key: Arc::new(key),
        })
    }
}

/// Where things are. Alipay takes no address with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Alipay's gateway, such as `https://openapi.alipay.com/gateway.do`.
    pub gateway_url: String,
    /// Where it sends notices.
    pub notify_url: String,
    /// Where it sends the payer back to.
    pub return_url: String,
}

/// Alipay's API.
#[derive(Debug, Clone)]
pub struct Alipay<C> {
    client: C,
    application: Application,
    notices: Notices,
    addresses: Addresses,
    ambient: Ambient,
}

impl<C: HttpClient> Alipay<C> {
    /// Alipay as our application sees it. `notices` has the keys that answers are verified with; `ambient` gives the time
    /// that every request carries.
    pub const fn new(
        client: C,
        application: Application,
        notices: Notices,
        addresses: Addresses,
        ambient: Ambient,
    ) -> Self {
        Self {
            client,
            application,
            notices,
            addresses,
            ambient,
        }
    }

    /// The signed form of a request.
    fn form(&self, method: &str, content: &Value, own: &[(&str, &str)]) -> Result<String, CallError> {
        let timestamp = beijing::write(self.ambient.now());
        let content = content.to_string();
        let common = [
            ("app_id", self.application.app_id.as_str()),
            ("method", method),
            ("format", "JSON"),
            ("charset", CHARSET),
            (SIGN_TYPE, ALGORITHM),
            ("timestamp", &timestamp),
            ("version", "1.0"),
            ("biz_content", &content),
        ];
        let pairs = common.iter().chain(own);
        let all: Parameters = pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let borrowed = || all.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let signature = self.application.key.sign(form::signed_text(borrowed()).as_bytes());
        let signature = signature.map_err(|_| CallError::Misfit("private key"))?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(borrowed()).append_pair(SIGN, &signature);
        Ok(form.finish())
    }

    /// Calls a method and gives the node of its answer to `read`.
    async fn call<T>(
        &self,
        method: &str,
        content: &Value,
        own: &[(&str, &str)],
        read: impl FnOnce(&str) -> Result<T, CallError> + Send,
    ) -> Result<T, CallError> {
        let timeout = match method {
            statement::SOLD | statement::MOVED => STATEMENT_TIMEOUT,
            _ => CALL_TIMEOUT,
        };
        let request = self.request(self.form(method, content, own)?, timeout);
        let mut last = CallError::Unanswered("not sent".to_owned());
        for _ in 0..SENDS_MAX {
            match self.client.send(request.clone()).await {
                Ok(incoming) => return read(answer::read(&self.notices, method, &incoming)?),
                Err(SendError::Invalid(why)) => return Err(CallError::Unanswered(why)),
                Err(error) => last = CallError::Unanswered(error.to_string()),
            }
        }
        Err(last)
    }

    /// The charset stands in the address too: the gateway decodes the body with it.
    fn request(&self, form: String, timeout: Duration) -> OutgoingRequest {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded;charset=utf-8"),
        );
        OutgoingRequest {
            method: Method::POST,
            url: format!("{}?charset={CHARSET}", self.addresses.gateway_url),
            headers,
            body: Bytes::from(form),
            timeout,
            egress: Egress::Configured,
        }
    }

    /// The payer is sent there: nothing is called, and Alipay makes one trade of however many such addresses are opened.
    fn page(&self, intent: &Intent, method: &str, content: &Value) -> Result<Started, CallError> {
        let own = [
            ("notify_url", self.addresses.notify_url.as_str()),
            ("return_url", self.addresses.return_url.as_str()),
        ];
        let form = self.form(method, content, &own)?;
        Ok(Started {
            url: Some(format!("{}?{form}", self.addresses.gateway_url)),
            ..Started::of(object(intent)?)
        })
    }
}

impl<C: HttpClient> Gateway for Alipay<C> {
    async fn start(&self, intent: &Intent, _: &Payer) -> Result<Started, CallError> {
        let total = amount::write(intent.amount).ok_or(CallError::Unsupported)?;
        let back = &self.addresses.return_url;
        match intent.mode {
            Mode::Page => self.page(intent, start::PAGE, &start::page(intent, &total)),
            Mode::Wap => self.page(intent, start::WAP, &start::wap(intent, &total, back)),
            Mode::Qr => {
                let own = [("notify_url", self.addresses.notify_url.as_str())];
                let content = start::content(intent, &total);
                self.call(start::QR, &content, &own, |node| start::started(intent, node))
                    .await
            }
            _ => Err(CallError::Unsupported),
        }
    }

    async fn query(&self, intent: &Intent) -> Result<Reading, CallError> {
        let read = |node: &str| query::reading(intent, node);
        let told = self.call(query::METHOD, &query::content(intent), &[], read).await;
        unless_unknown(told, intent)
    }

    async fn refund(&self, order: RefundOrder<'_>) -> Result<Reading, CallError> {
        let amount = amount::write(order.request.amount).ok_or(CallError::Unsupported)?;
        let content = refund::content(order, &amount);
        self.call(refund::METHOD, &content, &[], |node| refund::asked(order, node))
            .await
    }

    async fn query_refund(&self, order: RefundOrder<'_>) -> Result<Reading, CallError> {
        let read = |node: &str| refund::found(order, node);
        let content = refund::question(order);
        let told = self.call(refund::QUERY, &content, &[], read).await;
        unless_unknown(told, order.intent)
    }

    async fn statement(&self, day: &str, after: Option<&str>) -> Result<StatementPage, CallError> {
        let page = statement::Page::after(after)?;
        let content = page.content(day)?;
        self.call(page.method(), &content, &[], |node| page.read(node)).await
    }
}

/// Alipay knows a trade from when the payer opens it: that it knows none is no refusal.
fn unless_unknown(told: Result<Reading, CallError>, intent: &Intent) -> Result<Reading, CallError> {
    match told {
        Err(CallError::Refused { code, .. }) if code == "ACQ.TRADE_NOT_EXIST" => Ok(told_of(intent)?.0),
        told => told,
    }
}

/// The payment object: our own id of the payment, in full.
pub(super) fn object(intent: &Intent) -> Result<ObjectId, CallError> {
    intent.own_object().ok_or(CallError::Misfit("id"))
}

/// A reading of the intent without facts, and its object.
pub(super) fn told_of(intent: &Intent) -> Result<(Reading, ObjectId), CallError> {
    let object = object(intent)?;
    let mut reading = intent.nothing_told();
    reading.reference.object = Some(object.clone());
    Ok((reading, object))
}

/// When something happened, where the answer says so.
pub(super) fn happened(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(beijing::read)
}

#[cfg(test)]
mod tests;
