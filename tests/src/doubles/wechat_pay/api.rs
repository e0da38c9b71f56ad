//! `WeChat` Pay's API, as far as it is used.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Shared, bill, command, orders, refunds};
use crate::{
    doubles::support::{Fate, header},
    server::{Received, json as answer},
};

/// An answer before it is signed; no body with 204.
pub(super) type Answer = (u16, Option<Value>);

/// Answers one call.
pub(super) async fn serve(shared: &Arc<Shared>, request: &Received) -> Response<Full<Bytes>> {
    if let Some(own) = request.path.strip_prefix("/_double/") {
        let (status, body) = command::run(shared, own, request).await;
        return answer(status, &body);
    }
    if request.path == orders::H5_PAGE {
        return page(request);
    }
    let (pause, fate) = shared.control().next();
    let response = match fate {
        Fate::Refused(status) => failure(status),
        Fate::Lost(status) => {
            answered(shared, request);
            failure(status)
        }
        Fate::Answered => answered(shared, request),
    };
    tokio::time::sleep(pause).await;
    response
}

/// What a gateway in front of the API says: without a signature.
fn failure(status: u16) -> Response<Full<Bytes>> {
    answer(
        status,
        &json!({"code": "SYSTEM_ERROR", "message": "系统异常，请稍后重试"}),
    )
}

fn answered(shared: &Arc<Shared>, request: &Received) -> Response<Full<Bytes>> {
    let host = header(request, "host").unwrap_or("127.0.0.1").to_owned();
    let done = match shared.account.verify(request) {
        Err(message) => error(401, "SIGN_ERROR", message),
        Ok(()) if request.path == bill::FILE => return bill::file(shared, request),
        Ok(()) => match lacking(request) {
            Some(message) => error(400, "PARAM_ERROR", message),
            None => route(shared, request, &format!("http://{host}")),
        },
    };
    let (status, body) = done;
    let bytes = body.map(|body| body.to_string()).unwrap_or_default();
    let mut response = Response::new(Full::new(Bytes::from(bytes.clone())));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert(
        "content-type",
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    let answers = shared.state().answers;
    shared.account.sign_answer(answers, bytes.as_bytes(), &mut response);
    response
}

/// Headers that every call must have.
fn lacking(request: &Received) -> Option<&'static str> {
    if header(request, "accept").is_none() || header(request, "user-agent").is_none() {
        return Some("Http头缺少Accept或User-Agent");
    }
    let json = header(request, "content-type").is_some_and(|kind| kind.starts_with("application/json"));
    (request.method == Method::POST && !json).then_some("Http头Content-Type不正确，请使用application/json")
}

fn route(shared: &Arc<Shared>, request: &Received, base: &str) -> Answer {
    let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    let post = request.method == Method::POST;
    let body = || {
        serde_json::from_slice::<Value>(&request.body)
            .ok()
            .filter(Value::is_object)
    };
    let unreadable = || error(400, "PARAM_ERROR", "请求体不是合法的JSON");
    match parts.as_slice() {
        ["v3", "pay", "transactions", kind @ ("native" | "jsapi" | "h5")] if post => {
            body().map_or_else(unreadable, |body| orders::create(shared, kind, body, base))
        }
        ["v3", "pay", "transactions", "out-trade-no", number] if !post => {
            orders::query(shared, number, query(request, "mchid").as_deref())
        }
        ["v3", "pay", "transactions", "out-trade-no", number, "close"] if post => {
            body().map_or_else(unreadable, |body| orders::close(shared, number, &body))
        }
        ["v3", "refund", "domestic", "refunds"] if post => {
            body().map_or_else(unreadable, |body| refunds::create(shared, &body))
        }
        ["v3", "refund", "domestic", "refunds", number] if !post => refunds::query(shared, number),
        ["v3", "bill", "tradebill"] if !post => bill::apply(shared, request, base),
        _ => error(404, "RESOURCE_NOT_EXISTS", "请求的URL不存在"),
    }
}

/// A parameter of the query.
pub(super) fn query(request: &Received, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// An error of `WeChat` Pay's form.
pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
    (status, Some(json!({"code": code, "message": message})))
}

/// What a phone's browser shows instead of the wallet.
fn page(request: &Received) -> Response<Full<Bytes>> {
    let number: String = query(request, "out_trade_no")
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "_-|*".contains(*letter))
        .collect();
    let html = format!(
        "<!doctype html><meta charset=utf-8><title>WeChat Pay (double)</title><h1>{number}</h1>\
         <form method=post action=/_double/pay><input type=hidden name=out_trade_no value=\"{number}\">\
         <button>Pay</button></form>"
    );
    let mut response = Response::new(Full::new(Bytes::from(html)));
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("text/html; charset=utf-8"));
    response
}
