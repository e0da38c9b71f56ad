//! Signing what we send.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue};
use kernel::Timestamp;
use url::Url;
use web::{Body, OutgoingRequest, Response};

use crate::{
    content_digest,
    signature::{SigningKey, Target, base::base},
};

/// The message cannot be signed: its URL or a header is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be signed")]
pub struct SignError;

/// Adds `Content-Digest`, `Signature-Input` and `Signature`. Set all other headers before: `ucp-agent`,
/// `idempotency-key` and `content-type` are covered where they are there.
///
/// # Errors
///
/// When the URL or a header is not valid.
pub fn sign_request(request: &mut OutgoingRequest, key: &SigningKey, now: Timestamp) -> Result<(), SignError> {
    let url = Url::parse(&request.url).map_err(|_| SignError)?;
    let host = url.host_str().ok_or(SignError)?;
    let authority = url
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let target = Target::Request {
        method: request.method.to_string(),
        authority,
        path: url.path().to_owned(),
        query: url.query().map(str::to_owned),
    };
    add(&mut request.headers, &target, &request.body, key, now)
}

/// Adds the same to a response.
///
/// # Errors
///
/// When a header is not valid.
pub fn sign_response(response: &mut Response<Body>, key: &SigningKey, now: Timestamp) -> Result<(), SignError> {
    let target = Target::Response {
        status: response.status().as_u16(),
    };
    let mut headers = std::mem::take(response.headers_mut());
    let body: &[u8] = match response.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    let done = add(&mut headers, &target, body, key, now);
    *response.headers_mut() = headers;
    done
}

fn add(
    headers: &mut HeaderMap,
    target: &Target,
    body: &[u8],
    key: &SigningKey,
    now: Timestamp,
) -> Result<(), SignError> {
    if !body.is_empty() {
        headers.insert("content-digest", value(&content_digest(body))?);
    }
    let components = target.components(headers, !body.is_empty());
    let list: Vec<String> = components.iter().map(|name| format!("\"{name}\"")).collect();
    let params = format!("({});created={};keyid=\"{}\"", list.join(" "), now.seconds(), key.kid());
    let text = base(target, headers, &components, &params).ok_or(SignError)?;
    let signature = key.sign(&text).ok_or(SignError)?;
    headers.insert("signature-input", value(&format!("sig1={params}"))?);
    headers.insert("signature", value(&format!("sig1=:{}:", STANDARD.encode(signature)))?);
    Ok(())
}

fn value(text: &str) -> Result<HeaderValue, SignError> {
    HeaderValue::from_str(text).map_err(|_| SignError)
}
