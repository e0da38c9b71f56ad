//! How much staff may give back.

use std::{collections::BTreeMap, str::FromStr};

use kernel::{Currency, Money};

/// Up to how much staff without the role for large refunds give back of one order, all their refunds together. A currency
/// without a limit is one that only the larger role refunds. Written `CNY:50000,USD:10000`, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefundLimits(BTreeMap<Currency, i64>);

/// A text that is no list of limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("limits are written CNY:50000,USD:10000: a currency once, and minor units")]
pub struct LimitsError;

impl RefundLimits {
    /// Whether `total` of one order is within its currency's limit.
    pub fn allow(&self, total: Money) -> bool {
        self.of(total.currency()).is_some_and(|limit| total.amount() <= limit)
    }

    /// The limit of a currency.
    pub fn of(&self, currency: Currency) -> Option<i64> {
        self.0.get(&currency).copied()
    }
}

impl FromStr for RefundLimits {
    type Err = LimitsError;
    fn from_str(text: &str) -> Result<Self, LimitsError> {
        let mut limits = BTreeMap::new();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (currency, amount) = part.trim().split_once(':').ok_or(LimitsError)?;
            let currency: Currency = currency.parse().map_err(|_| LimitsError)?;
            let amount: i64 = amount.parse().map_err(|_| LimitsError)?;
            if amount < 0 || limits.insert(currency, amount).is_some() {
                return Err(LimitsError);
            }
        }
        Ok(Self(limits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_by_currency_and_what_has_none_is_not_allowed() {
        let limits: RefundLimits = "CNY:500, USD:100".parse().unwrap();
        let money = |amount, currency: &str| Money::new(amount, currency.parse().unwrap()).unwrap();
        assert!(limits.allow(money(500, "CNY")) && !limits.allow(money(501, "CNY")));
        assert!(limits.allow(money(100, "USD")) && !limits.allow(money(1, "EUR")));
        assert!(!"".parse::<RefundLimits>().unwrap().allow(money(0, "CNY")));
        for bad in ["CNY", "CNY:x", "CNY:-1", "CNY:1,CNY:2", "cny:1:2"] {
            assert_eq!(bad.parse::<RefundLimits>(), Err(LimitsError), "{bad}");
        }
    }
}
