//! RFC 9457 problems.

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde_json::{Map, Value, json};

/// A kind of problem: what callers may branch on. Types are listed once, in [`types`].
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// Last part of the type URI, stable for ever; also `code`.
    pub slug: &'static str,
    /// The same for every occurrence.
    pub title: &'static str,
    /// HTTP status.
    pub status: u16,
    /// Whether the same request may succeed later.
    pub retryable: bool,
}

/// The base of type URIs.
const TYPE_BASE: &str = "https://tradepost.dev/problems/";

macro_rules! problem_types {
    ($($(#[$doc:meta])* $name:ident = $status:literal $slug:literal $title:literal $($retry:ident)?;)*) => {
        /// All problem types.
        pub mod types {
            use super::ProblemType;
            $(
                $(#[$doc])*
                pub const $name: ProblemType = ProblemType {
                    slug: $slug,
                    title: $title,
                    status: $status,
                    retryable: problem_types!(@retry $($retry)?),
                };
            )*
        }
        /// Every problem type, for the test against duplicates and for the documentation.
        pub const PROBLEM_TYPES: &[ProblemType] = &[$(types::$name),*];
    };
    (@retry retry) => { true };
    (@retry) => { false };
}

problem_types! {
    /// The request cannot be read: JSON, header or parameter.
    MALFORMED = 400 "malformed-request" "The request cannot be read";
    /// `Idempotency-Key` is missing.
    KEY_MISSING = 400 "idempotency-key-missing" "Send an Idempotency-Key header";
    /// No valid credentials.
    UNAUTHENTICATED = 401 "unauthenticated" "Sign in first";
    /// The caller's role does not allow it.
    FORBIDDEN = 403 "forbidden" "Your role does not allow this";
    /// A risk rule or staff refused a payment. Which and why is not for the payer.
    RISK_REFUSED = 403 "payment-refused-by-risk" "This payment is not taken";
    /// Nothing there that this caller may see.
    NOT_FOUND = 404 "not-found" "There is nothing here for you";
    /// The state refuses the change.
    CONFLICT = 409 "state-conflict" "The current state refuses this change";
    /// A payment waits for staff to look at it; nothing was asked of its provider.
    UNDER_REVIEW = 409 "payment-under-review" "The payment is being looked at: come back with the same key" retry;
    /// An equal request is still running.
    IN_FLIGHT = 409 "request-in-flight" "The first request with this key is still running" retry;
    /// `If-Match` names an old version.
    STALE = 412 "stale-version" "Your copy is out of date: read it again";
    /// The body is too large.
    TOO_LARGE = 413 "body-too-large" "The body is too large";
    /// The content breaks a rule.
    UNPROCESSABLE = 422 "rule-broken" "The content breaks a rule";
    /// The key was used with another body.
    KEY_REUSED = 422 "idempotency-key-reused" "This key was used with another request";
    /// `If-Match` is missing.
    PRECONDITION_REQUIRED = 428 "precondition-required" "Send an If-Match header with the ETag you read";
    /// Too many requests.
    RATE_LIMITED = 429 "rate-limited" "Too many requests: wait" retry;
    /// A bug or a broken record of ours.
    INTERNAL = 500 "internal-error" "Something broke on our side";
    /// A provider we depend on failed.
    UPSTREAM = 502 "upstream-failed" "A provider we depend on failed" retry;
    /// Overloaded or throttled.
    UNAVAILABLE = 503 "temporarily-unavailable" "Try again shortly" retry;
}

/// One occurrence of a problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    kind: &'static ProblemType,
    detail: Option<String>,
    extensions: Map<String, Value>,
    retry_after_s: Option<u32>,
}

impl Problem {
    /// Of a type. Build with `Problem::new(&types::NOT_FOUND)`.
    pub fn new(kind: &'static ProblemType) -> Self {
        Self {
            kind,
            detail: None,
            extensions: Map::new(),
            retry_after_s: None,
        }
    }

    /// What happened this time and what the caller can do about it. Ignored on 5xx: internal text stays inside.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// One more member, such as the line that was refused.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extensions.insert(name.to_owned(), value.into());
        self
    }

    /// A fault at one place of the body, as JSON pointer (RFC 6901).
    #[must_use]
    pub fn at(mut self, pointer: &str, detail: &str) -> Self {
        let entry = json!({"pointer": pointer, "detail": detail});
        match self.extensions.get_mut("errors") {
            Some(Value::Array(errors)) => errors.push(entry),
            _ => {
                self.extensions.insert("errors".to_owned(), json!([entry]));
            }
        }
        self
    }

    /// When to try again, in seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The type.
    pub const fn kind(&self) -> &'static ProblemType {
        self.kind
    }

    /// The body; `request_id` lets support find the log lines.
    pub fn body(&self, request_id: &str) -> Value {
        let kind = self.kind;
        let mut body = json!({
            "type": format!("{TYPE_BASE}{}", kind.slug),
            "title": kind.title,
            "status": kind.status,
            "code": kind.slug,
            "request_id": request_id,
        });
        if let Value::Object(members) = &mut body
            && kind.status < 500
        {
            members.extend(
                self.detail
                    .clone()
                    .map(|detail| ("detail".to_owned(), Value::String(detail))),
            );
            members.extend(self.extensions.clone());
        }
        body
    }

    /// The response.
    pub fn response(&self, request_id: &str) -> Response<Body> {
        let status = StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Response::new(Body::Text(self.body(request_id).to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let default = self.kind.retryable.then_some(1);
        if let Some(seconds) = self.retry_after_s.or(default) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.kind.status == 401 {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_slug_is_used_twice() {
        let mut seen = std::collections::BTreeSet::new();
        assert!(PROBLEM_TYPES.iter().all(|kind| seen.insert(kind.slug)));
    }

    #[test]
    fn internal_text_does_not_reach_the_caller() {
        let body = Problem::new(&types::INTERNAL)
            .detail("table tradepost-SalesTable")
            .with("x", 1)
            .body("r1");
        assert!(!body.to_string().contains("SalesTable"));
        assert_eq!(body["request_id"], "r1");
        assert!(body.get("x").is_none());
    }

    #[test]
    fn faults_name_their_place() {
        let body = Problem::new(&types::UNPROCESSABLE)
            .at("/lines/0", "out of stock")
            .at("/lines/1", "unknown")
            .body("r");
        assert_eq!(body["errors"][1]["pointer"], "/lines/1");
    }
}
