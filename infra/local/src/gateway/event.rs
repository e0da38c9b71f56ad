//! Builds the event of payload format 2.0 from a request.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, COOKIE, HOST, TE, TRANSFER_ENCODING, UPGRADE, USER_AGENT};
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::authorizer::Claims;
use super::route::decode;
use crate::account;

/// Id of the API in events; AWS's are ten such letters.
const API_ID: &str = "localhttp0";
/// What concerns one connection and is not passed on.
const HOP_BY_HOP: [HeaderName; 4] = [CONNECTION, TE, TRANSFER_ENCODING, UPGRADE];

/// What an event is made of.
pub(super) struct Incoming<'a> {
    /// Method as sent.
    pub method: &'a str,
    /// Path as sent, percent-encoded.
    pub path: &'a str,
    /// Query as sent, without `?`; empty when there was none.
    pub query: &'a str,
    /// Protocol, `HTTP/1.1`.
    pub protocol: &'a str,
    /// Headers as sent.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a Bytes,
    /// The client.
    pub peer: SocketAddr,
    /// Port of the gateway.
    pub port: u16,
    /// Key of the route that matched.
    pub route_key: &'a str,
    /// Path parameters, decoded.
    pub parameters: Vec<(String, String)>,
    /// What the authorizer found, on routes with one.
    pub claims: Option<Claims>,
    /// Id of the request.
    pub request_id: &'a str,
    /// Trace of the request.
    pub trace: &'a str,
    /// When it came, milliseconds since the epoch.
    pub now_ms: u64,
}

/// The event.
pub(super) fn build(incoming: &Incoming<'_>) -> Value {
    let raw_path = raw_path(incoming.path);
    let (body, is_base64) = body(incoming.headers, incoming.body);
    let mut event = Map::new();
    event.insert("version".to_owned(), json!("2.0"));
    event.insert("routeKey".to_owned(), json!(incoming.route_key));
    event.insert("rawPath".to_owned(), json!(raw_path));
    event.insert("rawQueryString".to_owned(), json!(incoming.query));
    let cookies = cookies(incoming.headers);
    if !cookies.is_empty() {
        event.insert("cookies".to_owned(), json!(cookies));
    }
    event.insert("headers".to_owned(), json!(headers(incoming)));
    let query = query_parameters(incoming.query);
    if !query.is_empty() {
        event.insert("queryStringParameters".to_owned(), json!(query));
    }
    if !incoming.parameters.is_empty() {
        let parameters: BTreeMap<&str, &str> = incoming
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        event.insert("pathParameters".to_owned(), json!(parameters));
    }
    event.insert("requestContext".to_owned(), context(incoming, &raw_path));
    if let Some(body) = body {
        event.insert("body".to_owned(), Value::String(body));
    }
    event.insert("isBase64Encoded".to_owned(), Value::Bool(is_base64));
    Value::Object(event)
}

/// The HTTP API hands over the decoded path, cut at a decoded `?`.
fn raw_path(path: &str) -> String {
    let decoded = decode(path);
    decoded.split('?').next().unwrap_or_default().to_owned()
}

fn headers(incoming: &Incoming<'_>) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in incoming.headers {
        if *name == COOKIE || HOP_BY_HOP.contains(name) {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str().to_owned())
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let peer = incoming.peer.ip().to_string();
    let forwarded = joined
        .get("x-forwarded-for")
        .map_or_else(|| peer.clone(), |before| format!("{before}, {peer}"));
    joined.insert("x-forwarded-for".to_owned(), forwarded);
    joined.insert("x-forwarded-port".to_owned(), incoming.port.to_string());
    joined.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    joined
        .entry("x-amzn-trace-id".to_owned())
        .or_insert_with(|| incoming.trace.to_owned());
    if !incoming.body.is_empty() {
        joined.insert("content-length".to_owned(), incoming.body.len().to_string());
    }
    joined
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Decoded names and values; the values of one name are joined by a comma in the order they came.
pub(super) fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        joined
            .entry(name.into_owned())
            .and_modify(|before| {
                before.push(',');
                before.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    joined
}

/// The body as text or base64, and which of both.
fn body(headers: &HeaderMap, body: &Bytes) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let text = if is_text(headers) {
        std::str::from_utf8(body).ok()
    } else {
        None
    };
    match text {
        Some(text) => (Some(text.to_owned()), false),
        None => (Some(STANDARD.encode(body)), true),
    }
}

fn is_text(headers: &HeaderMap) -> bool {
    let declared = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let media = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    media.starts_with("text/") || ["application/json", "application/javascript", "application/xml"].contains(&&*media)
}

fn context(incoming: &Incoming<'_>, raw_path: &str) -> Value {
    let host = text(incoming.headers, &HOST);
    let domain = host
        .rsplit_once(':')
        .filter(|(_, port)| port.parse::<u16>().is_ok())
        .map_or(host, |(name, _)| name);
    let mut context = json!({
        "accountId": account::ACCOUNT,
        "apiId": API_ID,
        "domainName": domain,
        "domainPrefix": domain.split('.').next().unwrap_or_default(),
        "http": {
            "method": incoming.method,
            "path": raw_path,
            "protocol": incoming.protocol,
            "sourceIp": incoming.peer.ip().to_string(),
            "userAgent": text(incoming.headers, &USER_AGENT),
        },
        "requestId": incoming.request_id,
        "routeKey": incoming.route_key,
        "stage": "$default",
        "time": log_time(incoming.now_ms),
        "timeEpoch": incoming.now_ms,
    });
    if let (Some(claims), Some(context)) = (&incoming.claims, context.as_object_mut()) {
        let jwt = json!({ "jwt": { "claims": claims.claims, "scopes": claims.scopes } });
        context.insert("authorizer".to_owned(), jwt);
    }
    context
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// `12/Mar/2020:19:03:58 +0000`.
fn log_time(now_ms: u64) -> String {
    let at = i64::try_from(now_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}
