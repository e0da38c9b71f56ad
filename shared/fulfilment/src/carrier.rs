//! Carriers and their parcel numbers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest carrier code, in characters.
pub const CARRIER_CHARS_MAX: usize = 40;
/// The longest parcel number, in characters.
pub const NUMBER_CHARS_MAX: usize = 40;
/// The shortest parcel number, in characters.
const NUMBER_CHARS_MIN: usize = 4;

/// What the tracking providers and staff call a carrier → our code. What is not listed keeps its own name.
const ALIASES: &[(&str, &str)] = &[
    ("shunfeng", "sf-express"),
    ("sf", "sf-express"),
    ("sfexpress", "sf-express"),
    ("yuantong", "yto"),
    ("zhongtong", "zto"),
    ("shentong", "sto"),
    ("yunda", "yunda"),
    ("jtexpress", "jt-express"),
    ("jingdong", "jd"),
    ("jdl", "jd"),
    ("youzhengguonei", "china-post"),
    ("ems", "ems"),
    ("dhlexpress", "dhl"),
    ("fedexdefault", "fedex"),
    ("upsdap", "ups"),
];

/// Where buyers follow a parcel when staff give no URL: carrier and the URL before the number.
const TRACKING_PAGES: &[(&str, &str)] = &[
    (
        "sf-express",
        "https://www.sf-express.com/chn/sc/waybill/waybill-detail/",
    ),
    ("usps", "https://tools.usps.com/go/TrackConfirmAction?tLabels="),
    ("ups", "https://www.ups.com/track?tracknum="),
    ("fedex", "https://www.fedex.com/fedextrack/?trknbr="),
    ("dhl", "https://www.dhl.com/global-en/home/tracking.html?tracking-id="),
];
/// The page for every other carrier: it finds the carrier by the number.
const TRACKING_PAGE: &str = "https://m.kuaidi100.com/result.jsp?nu=";

/// A carrier's code: lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Carrier(String);

/// A parcel's number: upper-case letters, digits and hyphens, so that it never holds the `#` of keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackingNumber(String);

/// A text that cannot name a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a carrier is 2 to {CARRIER_CHARS_MAX} letters, digits and hyphens, such as sf-express")]
pub struct CarrierError;

/// A text that cannot be a parcel number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a parcel number is {NUMBER_CHARS_MIN} to {NUMBER_CHARS_MAX} letters, digits and hyphens")]
pub struct NumberError;

impl Carrier {
    /// Our code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where buyers follow a parcel of this carrier.
    pub fn tracking_url(&self, number: &TrackingNumber) -> String {
        let page = TRACKING_PAGES
            .iter()
            .find(|(carrier, _)| *carrier == self.0)
            .map_or(TRACKING_PAGE, |(_, page)| *page);
        format!("{page}{number}")
    }
}

impl FromStr for Carrier {
    type Err = CarrierError;
    fn from_str(text: &str) -> Result<Self, CarrierError> {
        let lower = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if lower.len() < 2 || lower.len() > CARRIER_CHARS_MAX || !lower.chars().all(plain) {
            return Err(CarrierError);
        }
        let known = ALIASES.iter().find(|(alias, _)| *alias == lower);
        Ok(Self(known.map_or(lower, |(_, code)| (*code).to_owned())))
    }
}

impl TrackingNumber {
    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TrackingNumber {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let upper = text.trim().to_ascii_uppercase();
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        if !(NUMBER_CHARS_MIN..=NUMBER_CHARS_MAX).contains(&upper.len()) || !upper.chars().all(plain) {
            return Err(NumberError);
        }
        Ok(Self(upper))
    }
}

/// Which parcel: a number is unique within its carrier only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ParcelKey {
    /// The carrier.
    pub carrier: Carrier,
    /// Its number.
    pub number: TrackingNumber,
}

impl fmt::Display for ParcelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.carrier, self.number)
    }
}

macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_text! { Carrier TrackingNumber }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_carrier_has_one_code_whoever_names_it() {
        let code = |text: &str| text.parse::<Carrier>().unwrap();
        assert_eq!(code("shunfeng"), code("SF_Express"));
        assert_eq!(code("USPS").as_str(), "usps");
        assert_eq!("a#b".parse::<Carrier>(), Err(CarrierError));
        for (_, canonical) in ALIASES {
            assert_eq!(code(canonical).as_str(), *canonical, "a code must be its own name");
        }
    }

    #[test]
    fn a_number_never_holds_the_separator_of_keys() {
        assert_eq!(" sf1234 ".parse::<TrackingNumber>().unwrap().as_str(), "SF1234");
        for bad in ["", "123", "SF#1234", "顺丰123456", &"1".repeat(41)] {
            assert_eq!(bad.parse::<TrackingNumber>(), Err(NumberError), "{bad}");
        }
    }

    #[test]
    fn every_tracking_page_is_an_absolute_url() {
        let number: TrackingNumber = "SF1234".parse().unwrap();
        for carrier in ["sf-express", "yto", "usps"] {
            let url = carrier.parse::<Carrier>().unwrap().tracking_url(&number);
            assert!(url.starts_with("https://") && url.ends_with("SF1234"));
        }
    }
}
