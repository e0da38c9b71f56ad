//! What can be told to any double at `/_double/…`.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{Delivery, Voice, header, redeliver, release};
use crate::server::Received;

/// The command's members: JSON, or the form of a page. Nothing when it is neither.
pub(crate) fn input(request: &Received) -> Option<Value> {
    if request.body.is_empty() {
        return Some(json!({}));
    }
    if header(request, "content-type").is_some_and(|kind| kind.contains("urlencoded")) {
        // `curl -d` says form whatever it sends.
        let json = serde_json::from_slice(&request.body).ok().filter(Value::is_object);
        let form = || {
            let members = form_urlencoded::parse(&request.body).map(|(name, value)| (name.into_owned(), json!(value)));
            Value::Object(members.collect())
        };
        return Some(json.unwrap_or_else(form));
    }
    serde_json::from_slice(&request.body).ok().filter(Value::is_object)
}

/// Deliveries as the answer of a command.
pub(crate) fn deliveries(told: &[Delivery]) -> (u16, Value) {
    let list: Vec<Value> = told
        .iter()
        .map(|one| json!({"event": one.event, "type": one.kind, "status": one.status, "accepted": one.accepted}))
        .collect();
    (200, json!({"deliveries": list}))
}

/// The commands that every double knows: `slow {"ms"}`, `down {"down"}`, `fail {"statuses"}` (done, and the answer lost),
/// `refuse {"statuses"}`, `clock {"offset_s"}`, `bill {…}`, `release {"reversed"}`, `redeliver`.
pub(crate) async fn shared<V: Voice>(voice: &Arc<V>, name: &str, body: &Value) -> Option<(u16, Value)> {
    let lock = || voice.control().lock().expect("nobody panics with the lock");
    let statuses: Vec<u16> = body["statuses"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|status| status.as_u64().and_then(|status| u16::try_from(status).ok()))
        .collect();
    let done = match name {
        "slow" => {
            lock().slow(Duration::from_millis(body["ms"].as_u64().unwrap_or(0)));
            json!({"slow_ms": body["ms"].as_u64().unwrap_or(0)})
        }
        "down" => {
            let down = body["down"].as_bool().unwrap_or(true);
            lock().down(down);
            json!({"down": down})
        }
        "fail" => {
            lock().lose_next(&statuses);
            json!({"fail": statuses})
        }
        "refuse" => {
            lock().refuse_next(&statuses);
            json!({"refuse": statuses})
        }
        "clock" => {
            let offset = body["offset_s"].as_i64().unwrap_or(0);
            lock().clock(offset);
            json!({"offset_s": offset})
        }
        "bill" => {
            let mut control = lock();
            let now = control.now_s();
            control.bill().command(body, now)
        }
        "release" => {
            return Some(deliveries(
                &release(voice, body["reversed"].as_bool() == Some(true)).await,
            ));
        }
        "redeliver" => return Some(deliveries(&redeliver(voice).await)),
        _ => return None,
    };
    Some((200, done))
}
