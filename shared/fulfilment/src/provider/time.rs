//! Carriers' times, some of which name no zone.

use kernel::Timestamp;

/// The instant of a text: RFC 3339 as it stands; a text without a zone is taken as of `zone`, such as `+08:00`.
pub(super) fn instant(text: &str, zone: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let joined = text.replacen(' ', "T", 1);
    // `2026-04-08T17:30` comes without seconds now and then.
    let seconds = if joined.matches(':').count() == 1 { ":00" } else { "" };
    format!("{joined}{seconds}{zone}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_of_the_given_one() {
        let want = "2026-04-08T09:30:00Z".parse().ok();
        assert_eq!(instant("2026-04-08 17:30:00", "+08:00"), want);
        assert_eq!(instant("2026-04-08 17:30", "+08:00"), want);
        assert_eq!(instant("2026-04-08T09:30:00Z", "+08:00"), want);
        assert_eq!(instant("yesterday", "+08:00"), None);
        assert_eq!(instant("", "+08:00"), None);
    }
}
