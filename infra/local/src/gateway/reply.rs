//! Turns what a function answered into the HTTP response, by the rules of payload format 2.0.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Map, Value};

use crate::invoke::Outcome;
use crate::server::{self, Reply};

const JSON: &str = "application/json";
/// The gateway frames the response itself.
const FRAMING: [HeaderName; 3] = [CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION];
/// What the HTTP API says of a body whose function named no type.
const UNTYPED: HeaderValue = HeaderValue::from_static("text/plain;charset=UTF-8");

/// The gateway's own answers: `{"message": …}`.
pub(super) fn message(status: StatusCode, text: &str) -> Reply {
    server::reply(status, JSON, serde_json::json!({ "message": text }).to_string())
}

/// 500, for whatever is the function's fault.
pub(super) fn internal() -> Reply {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// 503, for no answer within the integration's time and for throttling.
pub(super) fn unavailable() -> Reply {
    message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
}

/// The response for an invocation's outcome.
pub(super) fn from_outcome(outcome: Outcome) -> Reply {
    match outcome {
        Outcome::Answer(answer) => from_answer(answer).unwrap_or_else(|| {
            tracing::warn!("gateway.malformed_answer");
            internal()
        }),
        Outcome::Failed { .. } | Outcome::TimedOut => internal(),
        Outcome::Throttled => unavailable(),
    }
}

/// `None` when the answer is malformed.
fn from_answer(answer: Value) -> Option<Reply> {
    match answer {
        Value::Object(fields) if fields.contains_key("statusCode") => from_fields(&fields),
        Value::String(text) => Some(server::reply(StatusCode::OK, JSON, text)),
        other => Some(server::reply(StatusCode::OK, JSON, other.to_string())),
    }
}

fn from_fields(fields: &Map<String, Value>) -> Option<Reply> {
    let status = status(fields.get("statusCode")?)?;
    let body = body(fields)?;
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let mut response = Response::new(Full::new(if bodiless { Bytes::new() } else { body }));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    add_headers(headers, fields)?;
    add_cookies(headers, fields)?;
    if !bodiless && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, UNTYPED);
    }
    Some(response)
}

fn status(value: &Value) -> Option<StatusCode> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    let status = StatusCode::from_u16(u16::try_from(number).ok()?).ok()?;
    (200..600).contains(&number).then_some(status)
}

fn body(fields: &Map<String, Value>) -> Option<Bytes> {
    let text = match fields.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(text)) => text.as_str(),
        Some(_) => return None,
    };
    match fields.get("isBase64Encoded") {
        Some(Value::Bool(true)) => STANDARD.decode(text).ok().map(Bytes::from),
        None | Some(Value::Bool(false) | Value::Null) => Some(Bytes::copy_from_slice(text.as_bytes())),
        Some(_) => None,
    }
}

fn add_headers(headers: &mut HeaderMap, fields: &Map<String, Value>) -> Option<()> {
    let declared = match fields.get("headers") {
        None | Some(Value::Null) => return Some(()),
        Some(Value::Object(declared)) => declared,
        Some(_) => return None,
    };
    for (name, value) in declared {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        if FRAMING.contains(&name) {
            continue;
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        headers.insert(name, HeaderValue::from_str(&text).ok()?);
    }
    Some(())
}

fn add_cookies(headers: &mut HeaderMap, fields: &Map<String, Value>) -> Option<()> {
    let cookies = match fields.get("cookies") {
        None | Some(Value::Null) => return Some(()),
        Some(Value::Array(cookies)) => cookies,
        Some(_) => return None,
    };
    for cookie in cookies {
        headers.append(SET_COOKIE, HeaderValue::from_str(cookie.as_str()?).ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {

    use http::StatusCode;
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::{Reply, from_outcome};
    use crate::invoke::Outcome;

    async fn seen(answer: Value) -> (StatusCode, Vec<(String, String)>, Vec<u8>) {
        let reply: Reply = from_outcome(Outcome::Answer(answer));
        let headers = reply
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let status = reply.status();
        (
            status,
            headers,
            reply.into_body().collect().await.unwrap().to_bytes().to_vec(),
        )
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[tokio::test]
    async fn status_headers_cookies_and_base64_are_taken_over() {
        let (status, headers, body) = seen(json!({
            "statusCode": 201,
            "headers": {"Content-Type": "image/png", "x-count": 3, "Content-Length": "99"},
            "cookies": ["a=1; HttpOnly", "b=2"],
            "body": "AAEC",
            "isBase64Encoded": true,
        }))
        .await;
        assert_eq!(status, StatusCode::CREATED);
        let expected = vec![
            pair("content-type", "image/png"),
            pair("x-count", "3"),
            pair("set-cookie", "a=1; HttpOnly"),
            pair("set-cookie", "b=2"),
        ];
        assert_eq!(headers, expected);
        assert_eq!(body, [0, 1, 2]);
    }

    #[tokio::test]
    async fn an_answer_without_status_code_is_the_body() {
        let json_type = vec![pair("content-type", "application/json")];
        assert_eq!(
            seen(json!({"a": 1})).await,
            (StatusCode::OK, json_type.clone(), br#"{"a":1}"#.to_vec())
        );
        assert_eq!(
            seen(json!("hello")).await,
            (StatusCode::OK, json_type, b"hello".to_vec())
        );
    }

    #[tokio::test]
    async fn a_malformed_answer_is_the_functions_fault() {
        let malformed = [
            json!({"statusCode": "teapot"}),
            json!({"statusCode": 99}),
            json!({"statusCode": 200, "body": {"a": 1}}),
            json!({"statusCode": 200, "headers": {"x": ["1"]}}),
            json!({"statusCode": 200, "headers": {"x": "a\nb"}}),
            json!({"statusCode": 200, "body": "%%", "isBase64Encoded": true}),
            json!({"statusCode": 200, "cookies": "a=1"}),
        ];
        for answer in malformed {
            let (status, _, body) = seen(answer.clone()).await;
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{answer}");
            assert_eq!(body, br#"{"message":"Internal Server Error"}"#);
        }
    }

    #[test]
    fn failures_are_500_and_throttling_503() {
        let failed = Outcome::Failed {
            error_type: String::new(),
            message: String::new(),
        };
        assert_eq!(from_outcome(failed).status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            from_outcome(Outcome::TimedOut).status(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
        assert_eq!(
            from_outcome(Outcome::Throttled).status(),
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
}
