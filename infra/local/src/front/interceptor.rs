//! Where permissions are enforced, and where tests inject what no stand-in ever does.

use bytes::Bytes;
use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::json;

use super::call::Call;

/// A service's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// JSON body.
    pub body: Bytes,
    /// SQS's header `x-amzn-query-error`, from which SDKs read an error's code.
    pub query_error: Option<String>,
}

impl Answer {
    /// An error as the JSON protocols write it, e.g. `AccessDeniedException`.
    pub fn error(status: StatusCode, code: &str, message: &str) -> Self {
        let body = json!({ "__type": code, "message": message, "Message": message });
        Self {
            status,
            body: Bytes::from(body.to_string()),
            query_error: None,
        }
    }

    /// A success.
    pub fn success(body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            body: body.into(),
            query_error: None,
        }
    }

    /// Whether the service did what was asked.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Goes on as it is.
    Proceed,
    /// Is answered with this instead. Before the service: it never saw the call. After: it did, the caller can't tell.
    Answer(Answer),
    /// The connection is cut without an answer.
    Drop,
}

/// Sees every call before the service, and every answer before the caller. Delays by awaiting.
///
/// Interceptors are asked in order before the service and in reverse order after it; the first verdict that is not
/// [`Verdict::Proceed`] holds.
pub trait Interceptor: Send + Sync {
    /// Before the service sees the call.
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Verdict> {
        let _ = call;
        Box::pin(async { Verdict::Proceed })
    }

    /// After the service answered: its effect is there.
    fn after<'a>(&'a self, call: &'a Call, answer: &'a Answer) -> BoxFuture<'a, Verdict> {
        let _ = (call, answer);
        Box::pin(async { Verdict::Proceed })
    }
}
