//! Times: `2026-11-22 08:00:00`, always Beijing's, which has no summer time.

use kernel::Timestamp;

/// Beijing is ahead of UTC by this, in seconds.
const AHEAD_S: i64 = 8 * 3_600;
/// A day, in seconds.
const DAY_S: i64 = 86_400;
/// What a time looks like.
const SHAPE: &str = "0000-00-00 00:00:00";

/// To the second, rounded down.
pub(super) fn write(at: Timestamp) -> String {
    let text = at.plus_seconds(AHEAD_S).to_string();
    text.get(..SHAPE.len()).unwrap_or_default().replace('T', " ")
}

/// With or without a fraction of the second.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let mut shape = text.bytes().zip(SHAPE.bytes());
    let shaped = shape.all(|(byte, like)| {
        if like == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == like
        }
    });
    let (date, time) = text.split_once(' ').filter(|_| shaped && text.len() >= SHAPE.len())?;
    format!("{date}T{time}+08:00").parse().ok()
}

/// A day, `2026-11-22`, from its first second to the first of the next day.
pub(super) fn day(text: &str) -> Option<(String, String)> {
    let from = read(&format!("{text} 00:00:00"))?;
    Some((write(from), write(from.plus_seconds(DAY_S))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_beijings() {
        let at = Timestamp::from_millis(1_775_640_600_999);
        assert_eq!(write(at), "2026-04-08 17:30:00");
        assert_eq!(read("2026-04-08 17:30:00.999"), Some(at));
        assert_eq!(read("2026-04-08 17:30:00"), Some(Timestamp::from_seconds(at.seconds())));
        assert_eq!(write(Timestamp::from_seconds(1_798_732_800)), "2027-01-01 00:00:00");
        for bad in [
            "",
            "2026-04-08",
            "2026-04-08T17:30:00",
            "2026-13-08 17:30:00",
            "2026-04-08 17:30:00Z",
            "20260408 173000",
            "2026-04-08 17:30",
            "+2026-04-08 17:30:00",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_day_ends_where_the_next_begins() {
        let of = |from: &str, to: &str| Some((from.to_owned(), to.to_owned()));
        assert_eq!(day("2026-02-28"), of("2026-02-28 00:00:00", "2026-03-01 00:00:00"));
        assert_eq!(day("2026-02-30"), None);
        assert_eq!(day("2026-2-28"), None);
        assert_eq!(day(""), None);
    }
}
