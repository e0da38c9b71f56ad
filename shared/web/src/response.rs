//! Building responses.

use http::{HeaderValue, StatusCode, header};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::{Problem, types};

/// A JSON response. A value that does not serialise becomes an internal error.
pub fn json(status: u16, value: &impl Serialize) -> Response<Body> {
    match serde_json::to_string(value) {
        Ok(text) => raw_json(status, text),
        Err(error) => {
            tracing::error!(%error, "web.response.unserialisable");
            Problem::new(&types::INTERNAL).response("")
        }
    }
}

/// A JSON response of text that is JSON already: a kept answer, byte for byte.
pub fn raw_json(status: u16, text: String) -> Response<Body> {
    bytes(status, "application/json", Body::Text(text))
}

/// Any body.
pub fn bytes(status: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// No body.
pub fn empty(status: u16) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
