//! Stripe's API, as far as it is used.

use std::sync::Arc;

use http::Method;
use serde_json::Value;

use super::{
    RefundPlan, Shared, State, command, error, list, refused,
    state::{Form, shown},
};
use crate::{
    doubles::support::{Fate, header},
    server::Received,
};

/// Answers one call.
pub(super) async fn serve(shared: &Arc<Shared>, request: &Received) -> (u16, Value) {
    if let Some(own) = request.path.strip_prefix("/_double/") {
        return command::run(shared, own, request).await;
    }
    let authorised = header(request, "authorization").is_some_and(|value| value.starts_with("Bearer sk_"));
    if !authorised {
        return error(401, "invalid_request_error", "Invalid API Key provided");
    }
    let (pause, fate) = shared.control().next();
    let failure = |status| error(status, "api_error", "asked for by the test");
    let done = match fate {
        Fate::Refused(status) => failure(status),
        Fate::Lost(status) => {
            stripe(shared, request);
            failure(status)
        }
        Fate::Answered => stripe(shared, request),
    };
    tokio::time::sleep(pause).await;
    done
}

fn stripe(shared: &Arc<Shared>, request: &Received) -> (u16, Value) {
    let form: Form = form_urlencoded::parse(&request.body).into_owned().collect();
    let key = header(request, "idempotency-key");
    let path = request.path.as_str();
    let Some(name) = path.strip_prefix("/v1/") else {
        return error(404, "invalid_request_error", "Unrecognized request URL");
    };
    if request.method == Method::GET {
        return read(shared, name, &request.query);
    }
    if request.method != Method::POST {
        return error(405, "invalid_request_error", "Unrecognized request method");
    }
    let parts: Vec<&str> = name.split('/').collect();
    let mut state = shared.state();
    match parts.as_slice() {
        ["payment_intents"] => state.once(key, path, form, State::create_intent),
        ["checkout", "sessions"] => state.once(key, path, form, State::create_session),
        ["payment_intents", id, "cancel"] | ["checkout", "sessions", id, "expire"] => {
            state.once(key, path, form, |state, _| state.cancel(id))
        }
        ["disputes", id] => state.once(key, path, form, |state, form| state.evidence(id, form)),
        ["refunds"] => {
            let mut made = false;
            let done = state.once(key, path, form, |state, form| {
                made = true;
                state.create_refund(form)
            });
            drop(state);
            if made && done.0 == 200 {
                tell_refund(shared, done.1["id"].as_str().unwrap_or_default());
            }
            done
        }
        _ => error(404, "invalid_request_error", "Unrecognized request URL"),
    }
}

/// Tells of a new refund, after the answer.
fn tell_refund(shared: &Arc<Shared>, refund: &str) {
    let (events, telling) = {
        let mut state = shared.state();
        let telling = match &state.plan {
            RefundPlan::Succeeds(telling) | RefundPlan::Waits(telling) => telling.clone(),
            RefundPlan::NotEnough => return,
        };
        (state.refund_events(refund), telling)
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move { shared.tell(events, &telling).await });
}

/// One object by its id, or a list.
fn read(shared: &Shared, name: &str, query: &str) -> (u16, Value) {
    let bill = shared.control().bill().clone();
    let state = shared.state();
    let id = name.rsplit('/').next().unwrap_or_default();
    let query: Form = expanding(query);
    if let Some(object) = state.get(id) {
        return (200, list::expanded(&state, shown(object), &query, ""));
    }
    if id.contains('_') && name.contains('/') {
        return refused(404, "resource_missing", "id", &format!("No such object: '{id}'"));
    }
    list::page(&state, &bill, name, &query)
}

/// A query, its repeated `expand[]` numbered.
fn expanding(query: &str) -> Form {
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .enumerate()
        .map(|(place, (name, value))| match name.as_str() {
            "expand[]" => (format!("expand[{place}]"), value),
            _ => (name, value),
        })
        .collect()
}
