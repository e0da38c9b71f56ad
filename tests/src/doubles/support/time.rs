//! Time as the providers write it: seconds, and the clock on the wall in Beijing.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{
    Timestamp, Zoned,
    civil::DateTime,
    tz::{Offset, TimeZone},
};

/// As Alipay and the bills write it.
const TEXT: &str = "%Y-%m-%d %H:%M:%S";

/// Seconds since the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "a double signs with the time that the platform's clock shows"
)]
pub(crate) fn wall_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}

fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

fn beijing(seconds: i64) -> Zoned {
    Timestamp::from_second(seconds)
        .expect("a time of this era")
        .to_zoned(zone())
}

/// `2026-11-22T13:29:35+08:00`.
pub(crate) fn beijing_rfc3339(seconds: i64) -> String {
    beijing(seconds).strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

/// `2026-11-22 13:29:35`.
pub(crate) fn beijing_text(seconds: i64) -> String {
    beijing(seconds).strftime(TEXT).to_string()
}

/// `2026-11-22`.
pub(crate) fn beijing_day(seconds: i64) -> String {
    beijing(seconds).strftime("%Y-%m-%d").to_string()
}

/// `2026-11-22 13:29:35` back to seconds.
pub(crate) fn from_beijing(text: &str) -> Option<i64> {
    let time = DateTime::strptime(TEXT, text).ok()?;
    Some(time.to_zoned(zone()).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::{beijing_day, beijing_rfc3339, beijing_text, from_beijing};

    #[test]
    fn a_day_begins_in_beijing_eight_hours_earlier() {
        let midnight_utc = 1_795_305_600;
        assert_eq!(beijing_rfc3339(midnight_utc), "2026-11-22T08:00:00+08:00");
        assert_eq!(beijing_day(midnight_utc - 8 * 3_600), "2026-11-22");
        assert_eq!(beijing_day(midnight_utc - 8 * 3_600 - 1), "2026-11-21");
        assert_eq!(from_beijing(&beijing_text(midnight_utc)), Some(midnight_utc));
    }
}
