//! 快递100: a form of `sign` and `param`; `sign` = MD5(param + salt), compared without case.
//!
//! MD5 with a salt is what they offer: their notices move tracking states, never money. Each notice has the full list of
//! scans, newest first, in China time.

use md5::{Digest, Md5};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{NOTICE_SCANS_MAX, NoticeError, Provider, Scan, SignatureError, TrackingNotice, time::instant};
use crate::{ParcelKey, Status};

/// China time has had no daylight saving since 1991.
const ZONE: &str = "+08:00";

/// Codes and what they mean. Codes of more than two digits are sub-states of the advanced subscription (from their
/// documentation of sub-states; unconfirmed).
const CODES: &[(&str, Status)] = &[
    ("0", Status::InTransit),
    ("1", Status::PickedUp),
    ("2", Status::Exception),
    ("3", Status::Delivered),
    ("4", Status::Returned),
    ("5", Status::OutForDelivery),
    ("6", Status::Returning),
    ("7", Status::InTransit),
    ("8", Status::Customs),
    ("10", Status::Customs),
    ("11", Status::Customs),
    ("12", Status::Customs),
    ("13", Status::Customs),
    ("14", Status::Refused),
    ("101", Status::InfoReceived),
    ("102", Status::InfoReceived),
    ("103", Status::PickedUp),
    ("1001", Status::InTransit),
    ("1002", Status::InTransit),
    ("1003", Status::InTransit),
    ("201", Status::Exception),
    ("202", Status::Exception),
    ("203", Status::Refused),
    ("204", Status::AttemptFailed),
    ("205", Status::Exception),
    ("206", Status::AttemptFailed),
    ("207", Status::Exception),
    ("208", Status::Exception),
    ("209", Status::Exception),
    ("210", Status::Exception),
    ("301", Status::Delivered),
    ("302", Status::Delivered),
    ("303", Status::Delivered),
    ("304", Status::AvailableForPickup),
    ("401", Status::Cancelled),
    ("501", Status::AvailableForPickup),
];

/// What a subscription that died without an end is called.
const ABORT: &str = "abort";

pub(super) fn status(code: &str) -> Option<Status> {
    CODES
        .iter()
        .find(|(known, _)| *known == code)
        .map(|(_, status)| *status)
}

/// The salts that subscriptions were made with; several while one is being changed. An empty salt is a salt too.
#[derive(Clone, Deserialize)]
pub struct Kuaidi100Salts {
    salts: Vec<String>,
}

impl std::fmt::Debug for Kuaidi100Salts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kuaidi100Salts").finish_non_exhaustive()
    }
}

impl Kuaidi100Salts {
    /// From the secret: `{"salts":["…"]}`. `None` when it is not of that shape.
    pub fn parse(secret: &str) -> Option<Self> {
        serde_json::from_str(secret).ok()
    }

    /// Whether the form is signed with one of the salts. Without salts nothing is: an unused route accepts nothing.
    ///
    /// # Errors
    ///
    /// See [`SignatureError`].
    pub fn verify(&self, body: &[u8]) -> Result<(), SignatureError> {
        let form = Form::read(body).ok_or(SignatureError::Malformed)?;
        let sign = form.sign.ok_or(SignatureError::Missing)?.to_ascii_lowercase();
        // Every salt is tried, so that the time does not tell which one fits.
        let fits = self.salts.iter().fold(subtle::Choice::from(0), |fits, salt| {
            let digest = Md5::new()
                .chain_update(form.param.as_bytes())
                .chain_update(salt.as_bytes())
                .finalize();
            fits | hex::encode(digest).as_bytes().ct_eq(sign.as_bytes())
        });
        if bool::from(fits) {
            Ok(())
        } else {
            Err(SignatureError::Wrong)
        }
    }
}

struct Form {
    param: String,
    sign: Option<String>,
}

impl Form {
    /// A field that comes twice makes the form unreadable: which of them was signed would be a guess.
    fn read(body: &[u8]) -> Option<Self> {
        let (mut param, mut sign) = (None, None);
        for (name, value) in form_urlencoded::parse(body) {
            let slot = match name.as_ref() {
                "param" => &mut param,
                "sign" => &mut sign,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        Some(Self { param: param?, sign })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Param {
    #[serde(default)]
    status: String,
    #[serde(default)]
    auto_check: Option<serde_json::Value>,
    #[serde(default)]
    com_old: Option<String>,
    #[serde(default)]
    com_new: Option<String>,
    last_result: LastResult,
}

#[derive(Deserialize)]
struct LastResult {
    com: String,
    nu: String,
    #[serde(default)]
    state: Option<serde_json::Value>,
    #[serde(default)]
    data: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(default)]
    ftime: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    status_code: Option<serde_json::Value>,
    #[serde(default)]
    area_name: Option<String>,
    #[serde(default)]
    location: Option<String>,
}

/// Numbers come as text or as numbers, by the version of the subscription.
fn text_of(value: Option<&serde_json::Value>) -> Option<String> {
    match value? {
        serde_json::Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn parse(body: &[u8]) -> Result<TrackingNotice, NoticeError> {
    let form = Form::read(body).ok_or(NoticeError::Malformed)?;
    let param: Param = serde_json::from_str(&form.param).map_err(|_| NoticeError::Malformed)?;
    let corrected = text_of(param.auto_check.as_ref()).is_some_and(|flag| flag == "1");
    let named = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(str::to_owned);
    let new = named(&param.com_new).filter(|_| corrected);
    let carrier = new.unwrap_or_else(|| param.last_result.com.clone());
    let parcel = ParcelKey {
        carrier: carrier.parse().map_err(|_| NoticeError::Malformed)?,
        number: param.last_result.nu.parse().map_err(|_| NoticeError::Malformed)?,
    };
    let old = named(&param.com_old)
        .filter(|_| corrected)
        .and_then(|old| old.parse().ok());
    let (scans, unreadable) = scans(&param.last_result);
    let newest = scans.iter().map(|scan| scan.at).max();
    Ok(TrackingNotice {
        gave_up: (param.status == ABORT).then(|| newest.unwrap_or_default()),
        corrects: old.filter(|old| *old != parcel.carrier),
        parcel,
        scans,
        unreadable,
    })
}

/// The state of the whole belongs to the newest scan, which may be without a code of its own.
fn scans(last: &LastResult) -> (Vec<Scan>, usize) {
    let whole = text_of(last.state.as_ref()).unwrap_or_default();
    let mut found = Vec::new();
    let mut unreadable = last.data.len().saturating_sub(NOTICE_SCANS_MAX);
    for item in last.data.iter().take(NOTICE_SCANS_MAX) {
        let time = item.ftime.as_deref().or(item.time.as_deref()).unwrap_or_default();
        let Some(at) = instant(time, ZONE) else {
            unreadable = unreadable.saturating_add(1);
            continue;
        };
        let place = item
            .area_name
            .as_deref()
            .filter(|name| !name.is_empty())
            .or(item.location.as_deref());
        let code = text_of(item.status_code.as_ref()).unwrap_or_default();
        found.push(Scan::new(
            Provider::Kuaidi100,
            at,
            time,
            &code,
            place.unwrap_or_default(),
        ));
    }
    let newest = found.iter().map(|scan| scan.at).max();
    if let Some(scan) = found.iter_mut().find(|scan| Some(scan.at) == newest)
        && scan.code.is_empty()
    {
        scan.code = whole;
    }
    // A scan without any code says nothing of the state, and its own notice named a newer one.
    found.retain(|scan| !scan.code.is_empty());
    (found, unreadable)
}
