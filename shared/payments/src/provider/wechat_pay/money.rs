//! Amounts: integers of the minor unit in JSON, decimals in statements.

use kernel::{Currency, Money, UnknownCurrency};
use serde_json::Value;

use super::{super::ParseError, parse::text};

/// What `WeChat` Pay means where it names no currency: refunds' notices never do.
const CURRENCY: &str = "CNY";
/// Digits of a decimal, at most, before and after its point.
const DIGITS_MAX: usize = 15;

/// The one currency in which mainland merchants are paid.
pub(super) fn currency() -> Result<Currency, UnknownCurrency> {
    CURRENCY.parse()
}

/// A member of `amount`.
pub(super) fn minor(object: &Value, name: &'static str) -> Result<Money, ParseError> {
    let amounts = object.get("amount").ok_or(ParseError("amount"))?;
    let code = match amounts.get("currency") {
        None | Some(Value::Null) => CURRENCY,
        Some(_) => text(amounts, "currency").ok_or(ParseError("currency"))?,
    };
    let currency = code.parse().map_err(|_| ParseError("currency"))?;
    let amount = amounts.get(name).and_then(Value::as_i64).filter(|amount| *amount >= 0);
    let amount = amount.ok_or(ParseError(name))?;
    Money::new(amount, currency).map_err(|_| ParseError(name))
}

/// What to do with digits beyond the minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// They must be zeros.
    Refused,
    /// Half and more of a minor unit is a whole one, away from zero: fees come with five decimals, and are taken so.
    Rounded,
}

/// A decimal of the major unit, such as `-12.30`.
pub(super) fn decimal(text: &str, currency: Currency, beyond: Beyond) -> Option<Money> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, places) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |text: &str| (1..=DIGITS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if !plain(whole) || !plain(places) {
        return None;
    }
    let exponent = usize::from(currency.exponent());
    let padded = format!("{places:0<exponent$}");
    let (kept, rest) = padded.split_at_checked(exponent)?;
    let up = match beyond {
        Beyond::Refused if rest.bytes().any(|digit| digit != b'0') => return None,
        Beyond::Refused => false,
        Beyond::Rounded => rest.as_bytes().first().is_some_and(|digit| *digit >= b'5'),
    };
    let minor: i64 = format!("{whole}{kept}").parse().ok()?;
    let minor = minor.checked_add(i64::from(up))?;
    Money::new(if negative { minor.checked_neg()? } else { minor }, currency).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_minor_units_without_floats() {
        let read = |text, beyond| decimal(text, currency().unwrap(), beyond).map(Money::amount);
        for (text, exact, rounded) in [
            ("0", Some(0), Some(0)),
            ("0.0", Some(0), Some(0)),
            ("12", Some(1_200), Some(1_200)),
            ("12.3", Some(1_230), Some(1_230)),
            ("-0.07", Some(-7), Some(-7)),
            ("0.00000", Some(0), Some(0)),
            ("0.00600", None, Some(1)),
            ("0.00499", None, Some(0)),
            ("-0.00500", None, Some(-1)),
            ("0.99900", None, Some(100)),
            (
                "90071992547409.91",
                Some(9_007_199_254_740_991),
                Some(9_007_199_254_740_991),
            ),
            ("90071992547409.92", None, None),
        ] {
            assert_eq!(
                (read(text, Beyond::Refused), read(text, Beyond::Rounded)),
                (exact, rounded),
                "{text}"
            );
        }
        for garbage in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1,000.00",
            "+1",
            "1e2",
            " 1",
            "--1",
            "１",
            &"1".repeat(16),
        ] {
            assert_eq!(
                (read(garbage, Beyond::Refused), read(garbage, Beyond::Rounded)),
                (None, None),
                "{garbage}"
            );
        }
    }
}
