//! The webhook on the wire.

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderValue, Method, header};
use kernel::Timestamp;
use ring::digest;
use ucp::signature::{SignError, SigningKey, sign_request};
use web::{Egress, Incoming, OutgoingRequest, SendError};

use super::Delivery;

/// How long one attempt may take, from resolution to answer.
pub const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Hex digits of an idempotency key.
const KEY_DIGITS: usize = 32;

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Any 2xx.
    Delivered {
        /// Which.
        status: u16,
    },
    /// 410: never send here again.
    Gone,
    /// The URL may not be called.
    Forbidden,
    /// Anything else: a later attempt may succeed.
    Failed {
        /// The status, or the kind of failure.
        what: String,
        /// How long the endpoint wants to be left alone, in seconds.
        retry_after_s: Option<i64>,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivered { status } => write!(f, "status {status}"),
            Self::Gone => f.write_str("status 410"),
            Self::Forbidden => f.write_str("the URL may not be called"),
            Self::Failed { what, .. } => f.write_str(what),
        }
    }
}

/// The signed request of one attempt. `agent` is our own profile's URL; `body` is the order as it is now.
///
/// Id and timestamp are the event's and stay the same over all attempts; only the body, and with it `Idempotency-Key`, digest
/// and signature, follow the order.
///
/// # Errors
///
/// When the URL or a header is not valid.
pub fn request(
    delivery: &Delivery,
    (url, body): (&str, Vec<u8>),
    agent: &str,
    key: &SigningKey,
    now: Timestamp,
) -> Result<OutgoingRequest, SignError> {
    let value = |text: String| HeaderValue::from_str(&text).map_err(|_| SignError);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("ucp-agent", value(format!("profile=\"{agent}\""))?);
    headers.insert("webhook-id", value(delivery.webhook_id())?);
    headers.insert("idempotency-key", value(idempotency_key(delivery, &body))?);
    headers.insert("webhook-timestamp", value(delivery.occurred_at.seconds().to_string())?);
    let mut request = OutgoingRequest {
        method: Method::POST,
        url: url.to_owned(),
        headers,
        body: body.into(),
        timeout: SEND_TIMEOUT,
        egress: Egress::Stranger,
    };
    sign_request(&mut request, key, now)?;
    Ok(request)
}

/// The same for the same body, and another once the order changed: a receiver that holds a key to its body, as the protocol
/// has businesses do, must not take the newer body for a misuse of the key.
fn idempotency_key(delivery: &Delivery, body: &[u8]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(delivery.webhook_id().as_bytes());
    context.update(body);
    hex::encode(context.finish()).chars().take(KEY_DIGITS).collect()
}

/// What an answer, or none, means. Redirects are never followed: they are failures.
pub fn outcome(answer: &Result<Incoming, SendError>) -> Outcome {
    let failed = |what: &str| Outcome::Failed {
        what: what.to_owned(),
        retry_after_s: None,
    };
    match answer {
        Ok(answer) => match answer.status {
            200..=299 => Outcome::Delivered { status: answer.status },
            410 => Outcome::Gone,
            status => Outcome::Failed {
                what: format!("status {status}"),
                retry_after_s: retry_after(answer),
            },
        },
        Err(SendError::Invalid(_) | SendError::Forbidden) => Outcome::Forbidden,
        // The errors' own texts may name addresses inside; the kind is enough.
        Err(SendError::Connect(_)) => failed("no connection"),
        Err(SendError::Timeout) => failed("no answer in time"),
        Err(SendError::Broken(_)) => failed("the answer broke off"),
    }
}

/// `Retry-After` in seconds, of an answer that means it. Dates are not read: the schedule is long enough for them.
fn retry_after(answer: &Incoming) -> Option<i64> {
    if !matches!(answer.status, 429 | 502 | 503 | 504) {
        return None;
    }
    let text = answer.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().filter(|seconds| *seconds >= 0)
}
