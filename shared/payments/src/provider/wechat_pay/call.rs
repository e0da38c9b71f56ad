//! One signed call, and whether the platform wrote its answer.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use kernel::{Ambient, PaymentId};
use serde::Serialize;
use serde_json::Value;
use web::{Egress, HttpClient, Incoming, OutgoingRequest, SendError};

use super::{
    super::{CallError, Gateway, Payer, RefundOrder, StatementPage},
    Merchant, MerchantError, Notices, out_trade_no,
    parse::text,
};
use crate::{Intent, ObjectId, Reading, Started};

/// How long one call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(4);
/// How long the download of a statement may take.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(20);
/// How often one invocation sends the same request, with the same numbers, after an answer that did not come.
const SENDS_MAX: u32 = 2;
/// The longest code of theirs that is handed on, in bytes.
const CODE_BYTES_MAX: usize = 64;
/// They refuse calls without one.
const USER_AGENT: HeaderValue = HeaderValue::from_static("tradepost");
/// Codes with a 4xx that are about the moment, not about what was asked.
const MOMENTARY: [&str; 5] = [
    "FREQUENCY_LIMITED",
    "RATELIMIT_EXCEEDED",
    "RATE_LIMITED",
    "SYSTEM_ERROR",
    "STATEMENT_CREATING",
];

/// Where `WeChat` Pay is, and where it tells us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its address, such as `https://api.mch.weixin.qq.com`, without a path.
    pub base: String,
    /// Our webhook: HTTPS in production, without a query.
    pub notify_url: String,
}

/// `WeChat` Pay's API. Cheap to clone if its client is.
#[derive(Debug, Clone)]
pub struct WechatPay<C> {
    client: C,
    pub(super) site: Site,
    pub(super) merchant: Merchant,
    notices: Notices,
    pub(super) ambient: Ambient,
}

impl<C: HttpClient> WechatPay<C> {
    /// `WeChat` Pay for `merchant`, its answers verified with the keys of `notices`.
    ///
    /// # Errors
    ///
    /// When the two are not of the same merchant and application.
    pub fn new(
        client: C,
        site: Site,
        merchant: Merchant,
        notices: Notices,
        ambient: Ambient,
    ) -> Result<Self, MerchantError> {
        if (&merchant.mchid, &merchant.appid) != (&notices.mchid, &notices.appid) {
            return Err(MerchantError);
        }
        Ok(Self {
            client,
            site,
            merchant,
            notices,
            ambient,
        })
    }

    /// Asks for something, by a path with its query.
    pub(super) async fn get(&self, target: &str) -> Result<Value, CallError> {
        let incoming = self
            .send(&Method::GET, &self.base(), target, String::new(), CALL_TIMEOUT)
            .await?;
        self.answer(&incoming)
    }

    /// Asks for something to be done.
    pub(super) async fn post(&self, target: &str, body: &impl Serialize) -> Result<Value, CallError> {
        let body = serde_json::to_string(body).map_err(|_| CallError::Misfit("a request"))?;
        let incoming = self
            .send(&Method::POST, &self.base(), target, body, CALL_TIMEOUT)
            .await?;
        self.answer(&incoming)
    }

    /// Fetches a file, from an address that the caller has checked. Its answer alone is not signed.
    pub(super) async fn download(&self, base: &str, target: &str) -> Result<Bytes, CallError> {
        let incoming = self
            .send(&Method::GET, base, target, String::new(), DOWNLOAD_TIMEOUT)
            .await?;
        match incoming.status {
            200 => Ok(incoming.body),
            _ => Err(refusal(&incoming)),
        }
    }

    pub(super) fn base(&self) -> String {
        self.site.base.trim_end_matches('/').to_owned()
    }

    pub(super) fn nonce(&self) -> String {
        hex::encode(self.ambient.random_bytes::<16>())
    }

    /// The same request, signed anew for each try, until there is an answer.
    async fn send(
        &self,
        method: &Method,
        base: &str,
        target: &str,
        body: String,
        timeout: Duration,
    ) -> Result<Incoming, CallError> {
        let mut last = CallError::Unanswered("not sent".to_owned());
        for _ in 0..SENDS_MAX {
            let request = OutgoingRequest {
                method: method.clone(),
                url: format!("{base}{target}"),
                headers: self.headers(method, target, &body)?,
                body: Bytes::from(body.clone()),
                timeout,
                egress: Egress::Configured,
            };
            match self.client.send(request).await {
                Ok(incoming) if incoming.status >= 500 => last = refusal(&incoming),
                Ok(incoming) => return Ok(incoming),
                Err(SendError::Invalid(why)) => return Err(CallError::Unanswered(why)),
                Err(error) => last = CallError::Unanswered(error.to_string()),
            }
        }
        Err(last)
    }

    fn headers(&self, method: &Method, target: &str, body: &str) -> Result<HeaderMap, CallError> {
        let garbled = |_| CallError::Misfit("a header");
        let at_s = self.ambient.now().seconds();
        let authorization = self
            .merchant
            .authorization((method.as_str(), target, body), at_s, &self.nonce())?;
        let mut authorization = HeaderValue::from_str(&authorization).map_err(garbled)?;
        authorization.set_sensitive(true);
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, authorization);
        headers.insert(header::ACCEPT, json.clone());
        headers.insert(header::USER_AGENT, USER_AGENT);
        if *method == Method::POST {
            headers.insert(header::CONTENT_TYPE, json);
        }
        if let Some(serial) = self.notices.public_key_id() {
            let serial = HeaderValue::from_str(serial).map_err(garbled)?;
            headers.insert(HeaderName::from_static("wechatpay-serial"), serial);
        }
        Ok(headers)
    }

    /// A success that the platform did not sign is forged, or as good as that. Refusals are not all signed, and bring
    /// nothing but a code: TLS is enough for them.
    fn answer(&self, incoming: &Incoming) -> Result<Value, CallError> {
        if !(200..300).contains(&incoming.status) {
            return Err(refusal(incoming));
        }
        let written = self
            .notices
            .written(&incoming.headers, &incoming.body, self.ambient.now());
        written.map_err(|_| CallError::Misfit("signature"))?;
        serde_json::from_slice(&incoming.body).map_err(|_| CallError::Misfit("body"))
    }
}

/// What an answer that is no success means. Only what is said of the thing that was asked is final; all else is about us
/// or the moment: our signature (401), their load (429, 5xx), something between us and them (no code).
fn refusal(incoming: &Incoming) -> CallError {
    let status = incoming.status;
    let body: Value = serde_json::from_slice(&incoming.body).unwrap_or_default();
    let plain =
        |code: &&str| code.len() <= CODE_BYTES_MAX && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match text(&body, "code").filter(plain) {
        Some(code) if matches!(status, 400 | 403 | 404) && !MOMENTARY.contains(&code) => CallError::Refused {
            status,
            code: code.to_owned(),
        },
        code => CallError::Unanswered(format!("status {status} {}", code.unwrap_or_default())),
    }
}

/// Our payment's number. There is none that cannot be written, but the compiler does not know.
pub(super) fn number(payment: PaymentId) -> Result<ObjectId, CallError> {
    out_trade_no(payment).ok_or(CallError::Misfit("out_trade_no"))
}

/// Scheme and authority of an address, and its path with its query.
pub(super) fn split(url: &str) -> Option<(String, String)> {
    let uri: Uri = url.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    Some((
        format!("{scheme}://{authority}"),
        uri.path_and_query()?.as_str().to_owned(),
    ))
}

impl<C: HttpClient> Gateway for WechatPay<C> {
    async fn start(&self, intent: &Intent, payer: &Payer) -> Result<Started, CallError> {
        self.ask(intent, payer).await
    }

    async fn query(&self, intent: &Intent) -> Result<Reading, CallError> {
        self.payment(intent).await
    }

    async fn refund(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        self.give_back(refund).await
    }

    async fn query_refund(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        self.given_back(refund).await
    }

    /// All of a day in one page, Beijing time; it is written from ten in the morning of the day after.
    async fn statement(&self, day: &str, after: Option<&str>) -> Result<StatementPage, CallError> {
        match after {
            None => self.bill(day).await,
            Some(_) => Ok(StatementPage::default()),
        }
    }
}

#[cfg(test)]
mod tests;
