//! The providers' bodies and signatures, written from their documentation and not from our readers of them.

use md5::{Digest, Md5};
use ring::hmac;
use serde_json::{Value, json};

use super::{Parcel, Step};

/// China is eight hours ahead.
const CHINA_S: i64 = 8 * 3_600;

/// `2026-04-08T09:30:00`, without a zone. The calendar is by Howard Hinnant's `civil_from_days`.
fn clock(epoch_s: i64, between: char) -> String {
    let (days, second) = (epoch_s.div_euclid(86_400), epoch_s.rem_euclid(86_400));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{:02}",
        second % 60
    )
}

/// A webhook, ready to be posted.
pub(super) struct Signed {
    pub(super) content_type: &'static str,
    pub(super) signature: Option<String>,
    pub(super) body: Vec<u8>,
}

const fn kuaidi100_state(step: Step) -> &'static str {
    match step {
        Step::InTransit => "0",
        Step::PickedUp => "1",
        Step::Exception => "2",
        Step::Delivered => "3",
        Step::OutForDelivery => "5",
        Step::Returning => "6",
        Step::Refused => "14",
        Step::Unheard => "9999",
    }
}

const fn easypost_status(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::PickedUp => ("in_transit", "received_at_origin_facility"),
        Step::InTransit => ("in_transit", "arrived_at_facility"),
        Step::OutForDelivery => ("out_for_delivery", "out_for_delivery"),
        Step::Delivered => ("delivered", "arrived_at_destination"),
        Step::Exception => ("failure", "damaged"),
        Step::Refused => ("failure", "refused"),
        Step::Returning => ("return_to_sender", "return"),
        Step::Unheard => ("teleported", "unheard"),
    }
}

/// The full list, newest first, in China time without a zone.
pub(super) fn kuaidi100(parcel: &Parcel, sofar: &[(Step, i64)], salt: &str) -> Signed {
    let data: Vec<Value> = sofar
        .iter()
        .rev()
        .map(|(step, at)| {
            let local = clock(at + CHINA_S, ' ');
            json!({"context": "…", "time": local, "ftime": local, "statusCode": kuaidi100_state(*step), "areaName": "上海"})
        })
        .collect();
    let state = sofar.last().map_or("0", |(step, _)| kuaidi100_state(*step));
    let done = state == "3";
    let param = json!({
        "status": if done { "shutdown" } else { "polling" }, "billstatus": "got", "message": "", "autoCheck": "0",
        "comOld": "", "comNew": "",
        "lastResult": {"message": "ok", "state": state, "status": "200", "ischeck": if done { "1" } else { "0" },
            "com": parcel.carrier, "nu": parcel.number, "data": data},
    })
    .to_string();
    let sign = hex::encode(Md5::digest(format!("{param}{salt}").as_bytes())).to_uppercase();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("sign", &sign).append_pair("param", &param);
    Signed {
        content_type: "application/x-www-form-urlencoded",
        signature: None,
        body: form.finish().into_bytes(),
    }
}

/// An event with the tracker as its result.
pub(super) fn easypost(parcel: &Parcel, sofar: &[(Step, i64)], key: &str) -> Signed {
    let details: Vec<Value> = sofar
        .iter()
        .map(|(step, at)| {
            let (status, detail) = easypost_status(*step);
            let place = json!({"object": "TrackingLocation", "city": "AUSTIN", "state": "TX", "country": "US", "zip": null});
            json!({"object": "TrackingDetail", "message": "…", "status": status, "status_detail": detail, "datetime": clock(*at, 'T') + "Z",
                "source": parcel.carrier, "tracking_location": place})
        })
        .collect();
    let (status, detail) = sofar
        .last()
        .map_or(("unknown", "unknown"), |(step, _)| easypost_status(*step));
    let body = json!({
        "id": format!("evt_{}_{}", parcel.number, sofar.len()), "object": "Event", "mode": "test",
        "description": "tracker.updated", "status": "pending",
        "result": {"id": format!("trk_{}", parcel.number), "object": "Tracker", "tracking_code": parcel.number,
            "carrier": parcel.carrier, "status": status, "status_detail": detail,
            "updated_at": sofar.last().map(|(_, at)| clock(*at, 'T') + "Z"), "tracking_details": details},
    })
    .to_string()
    .into_bytes();
    // Generated keys are hex digits: their NFKD form is themselves.
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), &body);
    let signature = Some(format!("hmac-sha256-hex={}", hex::encode(tag)));
    Signed {
        content_type: "application/json",
        signature,
        body,
    }
}
