//! What the double's server is asked.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Carriers, Parcel, Provider, STEPS_MAX, Step, Telling};
use crate::server::json as answer;

/// Between steps without a time.
const HOUR_S: i64 = 3_600;

/// `{"number","steps":["picked_up",…],"provider"?,"carrier"?,"times"?,"out_of_order"?,"forged"?,"last_only"?,"delay_ms"?}`
/// → how the platform answered each webhook. A step is a name, an hour after the one before it and the last one now, or
/// `{"step","at_s"}`. It is 快递100 that tells of 顺丰, unless another is named.
pub(super) async fn tell(carriers: &Carriers, body: &[u8]) -> Response<Full<Bytes>> {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(parcel) = parcel(&asked) else {
        return answer(400, &json!({"error": "a number and known steps are needed"}));
    };
    match carriers.tell(&parcel, telling(&asked)).await {
        Ok(told) => {
            let told: Vec<Value> = told
                .iter()
                .map(|told| json!({"status": told.status, "body": told.body, "received": told.received}))
                .collect();
            answer(200, &json!({"told": told}))
        }
        Err(error) => answer(502, &json!({"error": error})),
    }
}

fn parcel(asked: &Value) -> Option<Parcel> {
    let (provider, carrier) = match asked["provider"].as_str().unwrap_or("kuaidi100") {
        "kuaidi100" => (Provider::Kuaidi100, "shunfeng"),
        "easypost" => (Provider::Easypost, "USPS"),
        _ => return None,
    };
    let steps = asked["steps"].as_array()?;
    if steps.is_empty() || steps.len() > STEPS_MAX {
        return None;
    }
    let hours = (0..i64::try_from(steps.len()).ok()?).rev();
    let now_s = now_s();
    let timed = steps.iter().zip(hours).map(|(one, hours)| match one {
        Value::String(name) => Some((step(name)?, now_s - hours * HOUR_S)),
        _ => Some((step(one["step"].as_str()?)?, one["at_s"].as_i64()?)),
    });
    Some(Parcel {
        provider,
        carrier: asked["carrier"].as_str().unwrap_or(carrier).to_owned(),
        number: asked["number"].as_str()?.to_owned(),
        steps: timed.collect::<Option<_>>()?,
    })
}

#[expect(clippy::disallowed_methods, reason = "a carrier has a clock of its own")]
fn now_s() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or_default())
}

fn step(name: &str) -> Option<Step> {
    Some(match name {
        "picked_up" => Step::PickedUp,
        "in_transit" => Step::InTransit,
        "out_for_delivery" => Step::OutForDelivery,
        "delivered" => Step::Delivered,
        "exception" => Step::Exception,
        "refused" => Step::Refused,
        "returning" => Step::Returning,
        "unheard" => Step::Unheard,
        _ => return None,
    })
}

fn telling(asked: &Value) -> Telling {
    let flag = |name: &str| asked[name].as_bool().unwrap_or_default();
    let times = asked["times"].as_u64().and_then(|times| usize::try_from(times).ok());
    Telling {
        times: times.unwrap_or(1),
        out_of_order: flag("out_of_order"),
        forged: flag("forged"),
        last_only: flag("last_only"),
        delay: Duration::from_millis(asked["delay_ms"].as_u64().unwrap_or_default()),
    }
}
