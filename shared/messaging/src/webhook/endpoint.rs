//! The receiving end of webhooks.

use std::{fmt, str::FromStr};

use kernel::Timestamp;
use ring::digest;
use serde::{Deserialize, Serialize};

/// Hex digits of an endpoint's id after its prefix.
const DIGITS: usize = 32;
/// What every endpoint's id begins with.
const PREFIX: &str = "whe_";

/// An endpoint, by a digest of its URL: the URL may hold a secret of the platform's, so it is no key and in no log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndpointId(String);

/// A text that is no endpoint's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an endpoint id of the form whe_… with 32 lower-case hex digits")]
pub struct UnknownEndpoint;

impl EndpointId {
    /// Of a URL, byte for byte.
    pub fn of(url: &str) -> Self {
        let digits = hex::encode(digest::digest(&digest::SHA256, url.as_bytes()));
        Self(digits.chars().take(DIGITS).fold(PREFIX.to_owned(), |mut id, digit| {
            id.push(digit);
            id
        }))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EndpointId {
    type Err = UnknownEndpoint;
    fn from_str(text: &str) -> Result<Self, UnknownEndpoint> {
        let digits = text.strip_prefix(PREFIX).ok_or(UnknownEndpoint)?;
        let plain = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnknownEndpoint)
        }
    }
}

impl TryFrom<String> for EndpointId {
    type Error = UnknownEndpoint;
    fn try_from(text: String) -> Result<Self, UnknownEndpoint> {
        text.parse()
    }
}

impl From<EndpointId> for String {
    fn from(id: EndpointId) -> Self {
        id.0
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is kept of an endpoint, once something went wrong with it. An endpoint without a record is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Scheme, host and port, for people; the rest of the URL is with the orders.
    pub origin: String,
    /// Whether it is sent to.
    pub state: EndpointState,
}

/// Whether an endpoint is sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EndpointState {
    /// Yes.
    Open,
    /// It just failed: new events wait for their first attempt, so that they hold up nobody else's.
    Paused {
        /// Until when.
        until: Timestamp,
    },
    /// No: its deliveries are held until somebody replays them.
    Stopped {
        /// Since when.
        at: Timestamp,
        /// Why.
        reason: StopReason,
    },
}

/// Why an endpoint was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It answered 410.
    Gone,
    /// A delivery failed as often as the schedule allows.
    Exhausted,
    /// Its URL is not one that may be called: malformed, or not a public address.
    Forbidden,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_depends_on_every_byte_of_the_url() {
        let id = EndpointId::of("https://a.example/hook?key=1");
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert_ne!(id, EndpointId::of("https://a.example/hook?key=2"));
        for wrong in [
            "whe_",
            "whe_0",
            "ord_00000000000000000000000000000000",
            "whe_0000000000000000000000000000000G",
        ] {
            assert_eq!(wrong.parse::<EndpointId>(), Err(UnknownEndpoint), "{wrong}");
        }
    }
}
