//! EasyPost: a JSON event, signed by `X-Hmac-Signature: hmac-sha256-hex=…` over the raw body with the NFKD form of the
//! key.

use ring::hmac;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::{NOTICE_SCANS_MAX, NoticeError, Provider, Scan, SignatureError, TrackingNotice, time::instant};
use crate::{ParcelKey, Status};

/// What the header's value begins with.
const SCHEME: &str = "hmac-sha256-hex=";
/// A time without a zone is UTC.
const ZONE: &str = "Z";
/// The object of `result` in events about parcels.
const TRACKER: &str = "Tracker";

/// Codes and what they mean.
const CODES: &[(&str, Status)] = &[
    ("unknown", Status::Unknown),
    ("error", Status::Unknown),
    ("pre_transit", Status::InfoReceived),
    ("in_transit", Status::InTransit),
    ("out_for_delivery", Status::OutForDelivery),
    ("available_for_pickup", Status::AvailableForPickup),
    ("delivered", Status::Delivered),
    ("return_to_sender", Status::Returning),
    ("failure", Status::Exception),
    ("cancelled", Status::Cancelled),
];

/// Details that say more than the code before them (names from their documentation; unconfirmed).
const DETAILS: &[(&str, Status)] = &[
    ("received_at_origin_facility", Status::PickedUp),
    ("delivery_exception", Status::AttemptFailed),
    ("refused", Status::Refused),
    ("delayed", Status::Exception),
    ("weather_delay", Status::Exception),
    ("damaged", Status::Exception),
    ("lost", Status::Exception),
    ("customs", Status::Customs),
];

/// The code is `status`, or `status/detail`. A final status is never refined away.
pub(super) fn status(code: &str) -> Option<Status> {
    let (whole, detail) = code.split_once('/').unwrap_or((code, ""));
    let status = CODES
        .iter()
        .find(|(known, _)| *known == whole)
        .map(|(_, status)| *status)?;
    let refined = DETAILS
        .iter()
        .find(|(known, _)| *known == detail)
        .map(|(_, status)| *status);
    match status {
        Status::InTransit | Status::OutForDelivery | Status::Exception => Some(refined.unwrap_or(status)),
        other => Some(other),
    }
}

/// The webhook's secrets; several while one is being rolled.
#[derive(Clone)]
pub struct EasyPostKeys(Vec<hmac::Key>);

impl std::fmt::Debug for EasyPostKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EasyPostKeys").finish_non_exhaustive()
    }
}

impl EasyPostKeys {
    /// From the secret: `{"keys":["…"]}`. `None` when it is not of that shape.
    pub fn parse(secret: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Secret {
            keys: Vec<String>,
        }
        let secret: Secret = serde_json::from_str(secret).ok()?;
        let key = |text: &String| hmac::Key::new(hmac::HMAC_SHA256, text.nfkd().collect::<String>().as_bytes());
        Some(Self(
            secret.keys.iter().filter(|text| !text.is_empty()).map(key).collect(),
        ))
    }

    /// Whether the raw body is signed with one of the keys. `header` is the value of the one signature header.
    ///
    /// # Errors
    ///
    /// See [`SignatureError`].
    pub fn verify(&self, body: &[u8], header: Option<&str>) -> Result<(), SignatureError> {
        let tag = header
            .and_then(|header| header.trim().strip_prefix(SCHEME))
            .ok_or(SignatureError::Missing)?;
        let tag = hex::decode(tag).map_err(|_| SignatureError::Wrong)?;
        // Which key it was is no secret, so the first that fits ends it; each comparison takes constant time.
        let fits = self.0.iter().any(|key| hmac::verify(key, body, &tag).is_ok());
        if fits { Ok(()) } else { Err(SignatureError::Wrong) }
    }
}

#[derive(Deserialize)]
struct Event {
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Tracker {
    tracking_code: String,
    carrier: String,
    status: String,
    #[serde(default)]
    status_detail: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
    #[serde(default)]
    tracking_details: Vec<Seen>,
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    status_detail: Option<String>,
    #[serde(default)]
    datetime: Option<String>,
    #[serde(default)]
    tracking_location: Option<Place>,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    city: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    country: Option<String>,
}

impl Place {
    fn text(&self) -> String {
        let parts = [&self.city, &self.state, &self.country].into_iter().flatten();
        parts
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// A detail takes part in the code only when it says more: others come and go between notices.
fn code(status: &str, detail: Option<&str>) -> String {
    match detail.filter(|detail| DETAILS.iter().any(|(known, _)| known == detail)) {
        Some(detail) => format!("{status}/{detail}"),
        None => status.to_owned(),
    }
}

pub(super) fn parse(body: &[u8]) -> Result<TrackingNotice, NoticeError> {
    let event: Event = serde_json::from_slice(body).map_err(|_| NoticeError::Malformed)?;
    if event.result.get("object").and_then(serde_json::Value::as_str) != Some(TRACKER) {
        return Err(NoticeError::OtherSubject);
    }
    let tracker: Tracker = serde_json::from_value(event.result).map_err(|_| NoticeError::Malformed)?;
    let parcel = ParcelKey {
        carrier: tracker.carrier.parse().map_err(|_| NoticeError::Malformed)?,
        number: tracker.tracking_code.parse().map_err(|_| NoticeError::Malformed)?,
    };
    let mut unreadable = tracker.tracking_details.len().saturating_sub(NOTICE_SCANS_MAX);
    let mut scans = Vec::new();
    for detail in tracker.tracking_details.iter().take(NOTICE_SCANS_MAX) {
        let time = detail.datetime.as_deref().unwrap_or_default();
        let (Some(at), Some(status)) = (instant(time, ZONE), detail.status.as_deref()) else {
            unreadable = unreadable.saturating_add(1);
            continue;
        };
        let place = detail.tracking_location.as_ref().map(Place::text).unwrap_or_default();
        scans.push(Scan::new(
            Provider::Easypost,
            at,
            time,
            &code(status, detail.status_detail.as_deref()),
            &place,
        ));
    }
    // Without details, the state of the whole is all there is.
    let whole = tracker
        .updated_at
        .as_deref()
        .filter(|_| tracker.tracking_details.is_empty());
    if let Some((time, at)) = whole.and_then(|time| instant(time, ZONE).map(|at| (time, at))) {
        let code = code(&tracker.status, tracker.status_detail.as_deref());
        scans.push(Scan::new(Provider::Easypost, at, time, &code, ""));
    }
    Ok(TrackingNotice {
        parcel,
        scans,
        corrects: None,
        gave_up: None,
        unreadable,
    })
}
