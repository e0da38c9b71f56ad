//! Reading requests.

use std::str::FromStr;

use http::HeaderMap;
use lambda_http::{Body, Request, RequestExt, request::RequestContext};
use serde::de::DeserializeOwned;

use crate::{Problem, types};

/// The largest body that is read, in bytes: 256 KiB. Larger ones are refused before hashing or parsing.
pub const BODY_BYTES_MAX: usize = 256 * 1_024;
/// The most items of a page.
pub const PAGE_LIMIT_MAX: u16 = 100;
/// Items of a page when the caller does not say.
const PAGE_LIMIT_DEFAULT: u16 = 20;
/// The longest request id of a caller that is taken over, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 128;

/// The raw body: what signatures are verified over. Base64 was undone by the Lambda layer.
pub fn body(request: &Request) -> Result<&[u8], Problem> {
    let bytes: &[u8] = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    if bytes.len() > BODY_BYTES_MAX {
        let detail = format!("a body has at most {BODY_BYTES_MAX} bytes");
        return Err(Problem::new(&types::TOO_LARGE).detail(detail));
    }
    Ok(bytes)
}

/// The body as JSON of a shape.
pub fn json_body<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    serde_json::from_slice(body(request)?).map_err(|error| {
        // serde's message names fields and positions, and quotes at most the offending scalar of the caller's own body.
        Problem::new(&types::MALFORMED).detail(format!("the body does not have the expected shape: {error}"))
    })
}

/// A header's text; the first one, when there are several.
pub fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// A header that must not come twice, such as a signature. The gateway joins copies by a comma, so a scheme whose
/// values may hold commas must check for copies itself.
pub fn single_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() {
        return None;
    }
    first.to_str().ok()
}

/// The route as the template writes it: `POST /v1/orders/{id}/cancel`.
pub fn route_key(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.route_key.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// A path parameter, parsed. What does not parse names nothing: not found.
pub fn path_parameter<T: FromStr>(request: &Request, name: &str) -> Result<T, Problem> {
    let parameters = request.path_parameters();
    parameters
        .first(name)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Problem::new(&types::NOT_FOUND))
}

/// A query parameter.
pub fn query_parameter(request: &Request, name: &str) -> Option<String> {
    request.query_string_parameters().first(name).map(str::to_owned)
}

/// `limit` of a list: 1 to [`PAGE_LIMIT_MAX`].
pub fn page_limit(request: &Request) -> Result<u16, Problem> {
    let Some(text) = query_parameter(request, "limit") else {
        return Ok(PAGE_LIMIT_DEFAULT);
    };
    match text.parse() {
        Ok(limit) if (1..=PAGE_LIMIT_MAX).contains(&limit) => Ok(limit),
        _ => Err(Problem::new(&types::MALFORMED).detail(format!("limit is a number from 1 to {PAGE_LIMIT_MAX}"))),
    }
}

/// The `Idempotency-Key` of an unsafe call.
pub fn idempotency_key(request: &Request) -> Result<&str, Problem> {
    header(request, "idempotency-key")
        .filter(|key| !key.is_empty())
        .ok_or_else(|| {
            Problem::new(&types::KEY_MISSING).detail("each new request needs a key of its own, such as a UUID")
        })
}

/// The id by which this request is found in the logs: the caller's `Request-Id` when it is plain, else the gateway's.
pub fn request_id(request: &Request) -> String {
    let plain =
        |id: &&str| !id.is_empty() && id.len() <= REQUEST_ID_BYTES_MAX && id.bytes().all(|b| b.is_ascii_graphic());
    if let Some(id) = header(request, "request-id").filter(plain) {
        return id.to_owned();
    }
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// The bearer token of the `Authorization` header.
pub fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = header(request, "authorization")?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
        .filter(|token| !token.is_empty())
}

/// The caller's address as the gateway saw it: for rate limits, never for authorisation.
pub fn source_address(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone().unwrap_or_default(),
        _ => String::new(),
    }
}
