//! What the double's server is asked.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Carriers, Parcel, Provider, Step, Telling};
use crate::server::json as answer;

/// `{"provider","carrier","number","steps":[{"step","at_s"}],"times"?,"out_of_order"?,"forged"?,"last_only"?,"delay_ms"?}`
/// → how the platform answered each webhook.
pub(super) async fn tell(carriers: &Carriers, body: &[u8]) -> Response<Full<Bytes>> {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(parcel) = parcel(&asked) else {
        return answer(400, &json!({"error": "provider, carrier, number and steps are needed"}));
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
    let provider = match asked["provider"].as_str()? {
        "kuaidi100" => Provider::Kuaidi100,
        "easypost" => Provider::Easypost,
        _ => return None,
    };
    let step = |one: &Value| Some((step(one["step"].as_str()?)?, one["at_s"].as_i64()?));
    Some(Parcel {
        provider,
        carrier: asked["carrier"].as_str()?.to_owned(),
        number: asked["number"].as_str()?.to_owned(),
        steps: asked["steps"].as_array()?.iter().map(step).collect::<Option<_>>()?,
    })
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

/// EasyPost's answer to a new tracker.
pub(super) fn tracker(body: &[u8]) -> Response<Full<Bytes>> {
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let tracker = &asked["tracker"];
    let code = tracker["tracking_code"].as_str().unwrap_or_default();
    let made = json!({"id": format!("trk_{code}"), "object": "Tracker", "tracking_code": code,
        "carrier": tracker["carrier"], "status": "unknown", "tracking_details": []});
    answer(201, &made)
}
