//! Money: integer minor units with their currency.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest amount, in minor units, of either sign: 2^53 − 1, what every JSON reader keeps exact.
pub const MINOR_MAX: i64 = 9_007_199_254_740_991;

/// Currencies that the platform trades in, with their ISO 4217 exponents.
const CURRENCIES: &[(&str, u8)] = &[
    ("AED", 2),
    ("AUD", 2),
    ("BHD", 3),
    ("BRL", 2),
    ("CAD", 2),
    ("CHF", 2),
    ("CNY", 2),
    ("DKK", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("HKD", 2),
    ("IDR", 2),
    ("INR", 2),
    ("JPY", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("MOP", 2),
    ("MXN", 2),
    ("MYR", 2),
    ("NOK", 2),
    ("NZD", 2),
    ("PHP", 2),
    ("PLN", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("THB", 2),
    ("TWD", 2),
    ("USD", 2),
    ("VND", 0),
    ("ZAR", 2),
];

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: &'static str,
    exponent: u8,
}

/// A code that is not in the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 4217 code in upper case that this platform trades in")]
pub struct UnknownCurrency;

impl Currency {
    /// The three letters, upper case.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// How many decimals the major unit has: 2 for CNY, 0 for JPY, 3 for KWD.
    pub const fn exponent(self) -> u8 {
        self.exponent
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        CURRENCIES
            .iter()
            .find(|(code, _)| *code == text)
            .map(|&(code, exponent)| Self { code, exponent })
            .ok_or(UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of one currency, in minor units; may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawMoney")]
pub struct Money {
    amount: i64,
    currency: Currency,
}

#[derive(Deserialize)]
struct RawMoney {
    amount: i64,
    currency: Currency,
}

impl TryFrom<RawMoney> for Money {
    type Error = MoneyError;
    fn try_from(raw: RawMoney) -> Result<Self, MoneyError> {
        Self::new(raw.amount, raw.currency)
    }
}

/// Why arithmetic on money was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result is beyond [`MINOR_MAX`].
    #[error("amount is out of range")]
    OutOfRange,
    /// Two currencies met.
    #[error("{left} and {right} do not mix")]
    Mixed {
        /// Of the left operand.
        left: Currency,
        /// Of the right operand.
        right: Currency,
    },
    /// A share of nothing: no weights, or all are zero.
    #[error("nothing to allocate to")]
    NoShares,
}

impl Money {
    /// An amount in minor units.
    pub const fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if amount > MINOR_MAX || amount < -MINOR_MAX {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { amount, currency })
    }

    /// Nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// Minor units.
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Sum.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.matched(other)?;
        Self::new(
            self.amount.checked_add(other.amount).ok_or(MoneyError::OutOfRange)?,
            self.currency,
        )
    }

    /// Difference.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.matched(other)?;
        Self::new(
            self.amount.checked_sub(other.amount).ok_or(MoneyError::OutOfRange)?,
            self.currency,
        )
    }

    /// The opposite amount. Cannot leave the range, which is symmetric.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            amount: -self.amount,
            currency: self.currency,
        }
    }

    /// `quantity` times this amount.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        Self::new(
            self.amount
                .checked_mul(i64::from(quantity))
                .ok_or(MoneyError::OutOfRange)?,
            self.currency,
        )
    }

    /// The sum of amounts of one currency.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::plus)
    }

    /// Splits by weight so that the parts sum to the whole: each part is rounded down, and the minor units left over go
    /// to the first parts with a weight, one each.
    pub fn allocate(self, weights: &[u32]) -> Result<Vec<Self>, MoneyError> {
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        if total == 0 {
            return Err(MoneyError::NoShares);
        }
        let amount = i128::from(self.amount);
        let floors: Vec<i128> = weights
            .iter()
            .map(|&w| (amount * i128::from(w)).div_euclid(total))
            .collect();
        let mut left = amount - floors.iter().sum::<i128>();
        let mut parts = Vec::with_capacity(weights.len());
        for (floor, weight) in floors.into_iter().zip(weights) {
            let extra = i128::from(left > 0 && *weight > 0);
            left -= extra;
            let minor = i64::try_from(floor + extra).map_err(|_| MoneyError::OutOfRange)?;
            parts.push(Self::new(minor, self.currency)?);
        }
        Ok(parts)
    }

    fn matched(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::Mixed {
            left: self.currency,
            right: other.currency,
        })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(u32::from(self.currency.exponent));
        let sign = if self.amount < 0 { "-" } else { "" };
        let (major, minor) = (self.amount.unsigned_abs() / scale, self.amount.unsigned_abs() % scale);
        let width = usize::from(self.currency.exponent);
        if width == 0 {
            return write!(f, "{sign}{major} {}", self.currency);
        }
        write!(f, "{sign}{major}.{minor:0width$} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cny(amount: i64) -> Money {
        Money::new(amount, "CNY".parse().unwrap()).unwrap()
    }

    #[test]
    fn currencies_do_not_mix() {
        let usd = Money::new(1, "USD".parse().unwrap()).unwrap();
        assert!(matches!(cny(1).plus(usd), Err(MoneyError::Mixed { .. })));
    }

    #[test]
    fn amounts_show_their_currencys_decimals() {
        assert_eq!(cny(-105).to_string(), "-1.05 CNY");
        assert_eq!(
            Money::new(1_500, "JPY".parse().unwrap()).unwrap().to_string(),
            "1500 JPY"
        );
        assert_eq!(
            Money::new(1_500, "KWD".parse().unwrap()).unwrap().to_string(),
            "1.500 KWD"
        );
    }

    #[test]
    fn amounts_beyond_what_json_keeps_exact_are_refused() {
        assert_eq!(cny(MINOR_MAX).plus(cny(1)), Err(MoneyError::OutOfRange));
        assert_eq!(cny(MINOR_MAX).times(2), Err(MoneyError::OutOfRange));
        assert!(serde_json::from_str::<Money>(r#"{"amount":9007199254740992,"currency":"CNY"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":1.5,"currency":"CNY"}"#).is_err());
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(amount in -1_000_000_i64..1_000_000, weights in prop::collection::vec(0_u32..1_000, 1..20)) {
            prop_assume!(weights.iter().any(|w| *w > 0));
            let parts = cny(amount).allocate(&weights).unwrap();
            prop_assert_eq!(Money::sum(cny(0).currency(), parts.iter().copied()).unwrap(), cny(amount));
            prop_assert!(parts.iter().zip(&weights).all(|(part, weight)| *weight > 0 || part.amount() == 0));
        }
    }
}
