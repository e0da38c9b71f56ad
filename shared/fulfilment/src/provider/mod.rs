//! The tracking providers: how each signs, what it sends, and what its codes mean. Pure transforms, no I/O.

mod easypost;
mod kuaidi100;
mod time;

use std::{fmt, str::FromStr};

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

pub use easypost::EasyPostKeys;
pub use kuaidi100::Kuaidi100Salts;

use crate::{Carrier, ParcelKey, Status};

/// The largest body that is read, in bytes: larger ones are refused before anything is computed over them.
pub const NOTICE_BYTES_MAX: usize = 256 * 1_024;
/// The most scans of one notice that are read.
pub const NOTICE_SCANS_MAX: usize = 300;
/// The longest raw code that is kept, in characters.
const CODE_CHARS_MAX: usize = 60;
/// The longest place that is kept, in characters.
const PLACE_CHARS_MAX: usize = 100;
/// The longest time text that is kept, in characters.
const TIME_CHARS_MAX: usize = 40;

/// Version of the tables that map codes: raised whenever one of them changes.
pub const MAPPING_VERSION: u16 = 1;

/// Who tells of parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// 快递100.
    Kuaidi100,
    /// EasyPost.
    Easypost,
}

/// A text that is no provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a tracking provider")]
pub struct UnknownProvider;

impl Provider {
    /// As in routes and keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kuaidi100 => "kuaidi100",
            Self::Easypost => "easypost",
        }
    }

    /// What a raw code means; `None` when the table does not know it.
    pub fn status(self, code: &str) -> Option<Status> {
        match self {
            Self::Kuaidi100 => kuaidi100::status(code),
            Self::Easypost => easypost::status(code),
        }
    }

    /// Reads a verified body.
    ///
    /// # Errors
    ///
    /// See [`NoticeError`].
    pub fn parse(self, body: &[u8]) -> Result<TrackingNotice, NoticeError> {
        match self {
            Self::Kuaidi100 => kuaidi100::parse(body),
            Self::Easypost => easypost::parse(body),
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;
    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        [Self::Kuaidi100, Self::Easypost]
            .into_iter()
            .find(|provider| provider.as_str() == text)
            .ok_or(UnknownProvider)
    }
}

/// One scan, as the carrier told it. Together its fields are what tells one scan from another: providers send the same
/// scans again in every notice. No description: couriers' names and phone numbers stand there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scan {
    /// When, by the carrier's clock, as an instant.
    pub at: Timestamp,
    /// The provider's code, as sent.
    pub code: String,
    /// The place, as sent; may be empty.
    pub place: String,
    /// Who told.
    pub provider: Provider,
    /// The time as sent: some carriers name no zone.
    pub time_text: String,
}

impl Scan {
    /// What its code means now; [`Status::Unknown`] for a code that the tables do not know.
    pub fn status(&self) -> Status {
        self.provider.status(&self.code).unwrap_or(Status::Unknown)
    }

    fn new(provider: Provider, at: Timestamp, time_text: &str, code: &str, place: &str) -> Self {
        let cut = |text: &str, max: usize| text.trim().chars().take(max).collect::<String>();
        Self {
            at,
            code: cut(code, CODE_CHARS_MAX),
            place: cut(place, PLACE_CHARS_MAX),
            provider,
            time_text: cut(time_text, TIME_CHARS_MAX),
        }
    }
}

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingNotice {
    /// Which parcel.
    pub parcel: ParcelKey,
    /// Its scans, in no order.
    pub scans: Vec<Scan>,
    /// The carrier that the parcel was first thought to be of, when the provider corrects it.
    pub corrects: Option<Carrier>,
    /// Whether the provider stopped watching without an end: subscribe again. The time is that of its newest scan.
    pub gave_up: Option<Timestamp>,
    /// Scans that could not be read: counted, never an error.
    pub unreadable: usize,
}

/// Why a body is no notice of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// It is not of the provider's shape.
    #[error("not of the provider's shape")]
    Malformed,
    /// It is well-formed and about something else: nothing to do.
    #[error("not about a parcel")]
    OtherSubject,
}

/// Why a body's signature was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none, or there are several.
    #[error("no signature, or several")]
    Missing,
    /// It is not of ours.
    #[error("the signature does not match")]
    Wrong,
    /// It cannot be read at all.
    #[error("the signed part cannot be read")]
    Malformed,
}

#[cfg(test)]
mod tests;
