//! Stripe's API, as far as it is used, and the double's own.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::{Pay, Shared, error, state::Form, webhook};
use crate::server::Received;

/// Answers one call.
pub(super) async fn serve(shared: &Arc<Shared>, request: &Received) -> (u16, Value) {
    if let Some(own) = request.path.strip_prefix("/_double/") {
        return command(shared, own, request).await;
    }
    let authorised = header(request, "authorization").is_some_and(|value| value.starts_with("Bearer sk_"));
    if !authorised {
        return error(401, "invalid_request_error", "Invalid API Key provided");
    }
    let answered = stripe(shared, request);
    let failure = lock(shared).failures.pop_front();
    failure.map_or(answered, |status| error(status, "api_error", "asked for by the test"))
}

fn stripe(shared: &Shared, request: &Received) -> (u16, Value) {
    let form: Form = form_urlencoded::parse(&request.body).into_owned().collect();
    let key = header(request, "idempotency-key");
    let path = request.path.as_str();
    let mut state = lock(shared);
    match (&request.method, path) {
        (&Method::POST, "/v1/payment_intents") => state.once(key, path, form, super::State::create_intent),
        (&Method::POST, "/v1/checkout/sessions") => state.once(key, path, form, super::State::create_session),
        (&Method::GET, _) => {
            let id = path.rsplit('/').next().unwrap_or_default();
            let missing = || error(404, "invalid_request_error", "No such object");
            state.get(id).map_or_else(missing, |object| (200, object.clone()))
        }
        _ => error(404, "invalid_request_error", "Unrecognized request URL"),
    }
}

/// `POST /_double/pay` and `/_double/refund`: JSON with `object` (or `payment_intent`), `amount` or `received`, and the
/// members of [`webhook::Telling`]. The answer lists the deliveries and what each was answered with.
async fn command(shared: &Arc<Shared>, name: &str, request: &Received) -> (u16, Value) {
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return error(400, "invalid_request_error", "JSON, please");
    };
    let object = body["object"]
        .as_str()
        .or(body["payment_intent"].as_str())
        .unwrap_or_default()
        .to_owned();
    if lock(shared).get(&object).is_none() {
        return error(404, "invalid_request_error", "No such object");
    }
    let telling = webhook::Telling::of(&body);
    let events = match name {
        "pay" => {
            let pay = Pay {
                object,
                received: body["received"].as_i64(),
                telling: telling.clone(),
            };
            lock(shared).pay(&pay)
        }
        "refund" => lock(shared).refund(&object, body["amount"].as_i64().unwrap_or_default()),
        _ => return error(404, "invalid_request_error", "pay or refund"),
    };
    let told = webhook::tell(shared, events, &telling).await;
    let list: Vec<Value> = told
        .iter()
        .map(|one| json!({"event": one.event, "type": one.kind, "status": one.status}))
        .collect();
    (200, json!({"deliveries": list}))
}

fn header<'a>(request: &'a Received, name: &str) -> Option<&'a str> {
    request.headers.get(name).and_then(|value| value.to_str().ok())
}

fn lock(shared: &Shared) -> std::sync::MutexGuard<'_, super::State> {
    shared.state.lock().expect("nobody panics with the lock")
}
