//! Amounts: decimal text in yuan, to and from minor units, without floats.

use kernel::{Currency, Money};
use serde_json::value::RawValue;

/// The only currency that is asked for and read.
const CURRENCY: &str = "CNY";
/// Digits before the point, at most.
const MAJOR_DIGITS_MAX: usize = 13;

/// `12`, `12.3` or `12.34`; no sign, no third place.
pub(super) fn read(text: &str) -> Option<Money> {
    let currency: Currency = CURRENCY.parse().ok()?;
    let places = usize::from(currency.exponent());
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, max: usize| {
        !part.is_empty() && part.len() <= max && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(major, MAJOR_DIGITS_MAX) || !digits(minor, places) {
        return None;
    }
    let amount = format!("{major}{minor:0<places$}").parse().ok()?;
    Money::new(amount, currency).ok()
}

/// Of JSON, where an amount is a text or a number: its digits as received.
pub(super) fn read_json(raw: &RawValue) -> Option<Money> {
    read(unquoted(raw))
}

/// The same whatever its sign: statements show what went out as negative.
pub(super) fn read_json_magnitude(raw: &RawValue) -> Option<Money> {
    let text = unquoted(raw);
    read(text.strip_prefix('-').unwrap_or(text))
}

fn unquoted(raw: &RawValue) -> &str {
    let text = raw.get();
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or(text)
}

/// Two places; `None` for another currency, and for what is not positive.
pub(super) fn write(money: Money) -> Option<String> {
    let of_china = money.currency().code() == CURRENCY && money.amount() > 0;
    let text = money.to_string();
    of_china.then(|| text.split(' ').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minor(text: &str) -> Option<i64> {
        read(text).map(Money::amount)
    }

    #[test]
    fn decimal_text_is_read_to_the_minor_unit() {
        for (text, amount) in [
            ("0.01", 1),
            ("0", 0),
            ("12", 1_200),
            ("12.3", 1_230),
            ("12.34", 1_234),
            ("0.10", 10),
            ("88.88", 8_888),
            ("9999999999999.99", 999_999_999_999_999),
        ] {
            assert_eq!(minor(text), Some(amount), "{text}");
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1.234",
            "-1",
            "+1",
            "1e2",
            "1,00",
            " 1",
            "1 ",
            "1.2.3",
            "１",
            "12345678901234",
            "0x1",
        ] {
            assert_eq!(minor(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_of_json_is_read_by_its_digits() {
        let raw = |text: &str| serde_json::from_str::<Box<RawValue>>(text).unwrap();
        assert_eq!(read_json(&raw("88.80")).map(Money::amount), Some(8_880));
        assert_eq!(read_json(&raw("\"88.8\"")).map(Money::amount), Some(8_880));
        assert_eq!(read_json(&raw("-88.8")), None);
        assert_eq!(read_json_magnitude(&raw("\"-88.8\"")).map(Money::amount), Some(8_880));
        for other in ["null", "{}", "true", "8.88e1", "\"\"", "\"\\u0031\""] {
            assert_eq!(read_json(&raw(other)), None, "{other}");
        }
    }

    #[test]
    fn only_positive_yuan_are_written() {
        let money = |amount, code: &str| Money::new(amount, code.parse().unwrap()).unwrap();
        assert_eq!(write(money(1, "CNY")).as_deref(), Some("0.01"));
        assert_eq!(write(money(0, "CNY")), None);
        assert_eq!(write(money(-1, "CNY")), None);
        assert_eq!(write(money(100, "USD")), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(amount in 1..=999_999_999_999_999_i64) {
            let money = Money::new(amount, CURRENCY.parse().unwrap()).unwrap();
            prop_assert_eq!(read(&write(money).unwrap()), Some(money));
        }
    }
}
