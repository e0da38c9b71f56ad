//! What the gateway refuses before it looks for a route.

use bytes::Bytes;
use http::request::Parts;
use http::uri::Authority;
use http::{StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};

use super::reply::message;
use crate::server::Reply;

/// Request line and headers in all.
pub(super) const HEAD_BYTES_MAX: usize = 10_240;
/// Body, as sent.
pub(super) const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;
/// What a header line costs beside its name and value: `: ` and the line end.
const HEADER_LINE_EXTRA: usize = 4;

/// What is refused before a route is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The host is none, or the body broke off.
    Malformed,
    /// The head is too large.
    Head,
    /// The body is too large.
    Body,
}

impl Refusal {
    /// The gateway's answer.
    pub(super) fn into_reply(self) -> Reply {
        match self {
            Self::Malformed => message(StatusCode::BAD_REQUEST, "Bad Request"),
            Self::Head => message(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
            ),
            Self::Body => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        }
    }
}

/// Checks the size of the head, and that the host is one: `lambda_http` panics on an event whose host is not.
pub(super) fn head(head: &Parts) -> Result<(), Refusal> {
    let line = head.method.as_str().len() + head.uri.to_string().len();
    let fields = head
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + HEADER_LINE_EXTRA);
    if line.saturating_add(fields.sum()) > HEAD_BYTES_MAX {
        return Err(Refusal::Head);
    }
    let host = head.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    if host.is_some_and(is_host) {
        Ok(())
    } else {
        Err(Refusal::Malformed)
    }
}

/// A host as both URI parsers on the way read it, without user information.
fn is_host(host: &str) -> bool {
    let authority = host.parse::<Authority>();
    authority.is_ok_and(|authority| !authority.as_str().contains('@') && !authority.host().is_empty())
        && url::Url::parse(&format!("http://{host}/")).is_ok()
}

/// Reads the body up to the limit.
pub(super) async fn body(body: Incoming) -> Result<Bytes, Refusal> {
    let declared = body.size_hint().lower();
    if usize::try_from(declared).is_ok_and(|length| length > BODY_BYTES_MAX) {
        return Err(Refusal::Body);
    }
    let collected = Limited::new(body, BODY_BYTES_MAX).collect().await;
    collected.map(http_body_util::Collected::to_bytes).map_err(|error| {
        if error.is::<LengthLimitError>() {
            Refusal::Body
        } else {
            Refusal::Malformed
        }
    })
}

#[cfg(test)]
mod tests {

    use http::Request;

    use super::{HEAD_BYTES_MAX, head};

    fn refused(host: Option<&str>, pad: usize) -> Option<u16> {
        let mut request = Request::get("/a");
        if let Some(host) = host {
            request = request.header("host", host);
        }
        let (parts, ()) = request.header("x-pad", "p".repeat(pad)).body(()).unwrap().into_parts();
        head(&parts).err().map(|refusal| refusal.into_reply().status().as_u16())
    }

    #[test]
    fn a_host_that_is_none_is_a_bad_request() {
        assert_eq!(refused(Some("127.0.0.1:8080"), 0), None);
        assert_eq!(refused(Some("api.example.com"), 0), None);
        for bad in ["a b", "a:b:c", "[::1", "user@host", "", "host:99999", "a%zz"] {
            assert_eq!(refused(Some(bad), 0), Some(400), "{bad}");
        }
        assert_eq!(refused(None, 0), Some(400));
    }

    #[test]
    fn a_head_over_the_limit_is_431() {
        assert_eq!(refused(Some("h"), HEAD_BYTES_MAX), Some(431));
        assert_eq!(refused(Some("h"), HEAD_BYTES_MAX - 100), None);
    }
}
