//! What the doubles of payment providers share: keys, time, notices as good or bad as asked, faults of their API, and
//! bills that disagree.
//!
//! Nothing here is the shop's code: a double signs and verifies by itself, so that a misunderstanding on one side shows.

mod bill;
mod command;
mod control;
mod keys;
mod rsa;
mod telling;
mod time;

pub use self::{
    bill::{Added, Bill},
    control::Control,
    telling::{Delivery, Telling},
};
pub(crate) use self::{
    command::{deliveries, input, shared},
    control::Fate,
    keys::{fixture, nonce, secret},
    rsa::{PrivateKey, PublicKey},
    telling::{Letter, Notice, Voice, redeliver, release, tell},
    time::{beijing_day, beijing_rfc3339, beijing_text, from_beijing, wall_s},
};

/// A header of a request, if it is text.
pub(crate) fn header<'a>(request: &'a crate::server::Received, name: &str) -> Option<&'a str> {
    request.headers.get(name).and_then(|value| value.to_str().ok())
}

/// Hundredths as a decimal: 1250 as `12.50`.
pub(crate) fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.unsigned_abs();
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

/// A decimal of at most two places as hundredths.
pub(crate) fn hundredths(text: &str) -> Option<i64> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(places) || places.len() > 2 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let places: i64 = format!("{places:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(places)
}

#[cfg(test)]
mod tests {
    use super::{decimal, hundredths};

    #[test]
    fn decimals_go_there_and_back() {
        for (text, minor) in [("0.01", 1), ("12.50", 1_250), ("88", 8_800), ("0.1", 10)] {
            assert_eq!(hundredths(text), Some(minor), "{text}");
            assert_eq!(hundredths(&decimal(minor)), Some(minor), "{text}");
        }
        for text in ["", ".1", "1.", "1.001", "-1", "1e2", "1.0.0"] {
            assert_eq!(hundredths(text), None, "{text}");
        }
    }
}
