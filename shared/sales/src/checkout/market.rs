//! Where we sell: currencies, countries and freight, as data.

use std::collections::BTreeMap;

use kernel::{Currency, Money};
use serde::Deserialize;

/// The market that is built in: `market.json` beside this file.
const BUILT_IN: &str = include_str!("market.json");
/// Zones, and options or bands of each, at most.
const ENTRIES_MAX: usize = 200;

/// Currencies, countries and freight.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Market {
    /// Grows with each edit; for people.
    pub version: u32,
    default_currency: Currency,
    currency_by_country: BTreeMap<String, Currency>,
    currency_elsewhere: Currency,
    currencies: Vec<Currency>,
    country_aliases: BTreeMap<String, String>,
    eligibility: Vec<String>,
    pub(super) zones: Vec<Zone>,
}

/// Countries, or regions of one, with the same freight. The first zone that fits counts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Zone {
    countries: Vec<String>,
    #[serde(default)]
    regions: Vec<String>,
    pub(super) options: Vec<Rate>,
}

/// One way to send, by weight.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Rate {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) carrier: String,
    /// Days from order to door: at least, at most.
    pub(super) days: (u8, u8),
    #[serde(default)]
    pub(super) free_over: BTreeMap<Currency, i64>,
    pub(super) bands: Vec<Band>,
}

/// Up to a weight it costs this, in minor units per currency.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Band {
    pub(super) up_to_g: u64,
    pub(super) price: BTreeMap<Currency, i64>,
}

/// The market's data break a rule.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// Not the expected JSON.
    #[error("market: {0}")]
    Shape(#[from] serde_json::Error),
    /// A rule is broken.
    #[error("market: {0}")]
    Rule(&'static str),
}

impl Market {
    /// From JSON; empty text is the built-in market.
    ///
    /// # Errors
    ///
    /// When the data do not have the expected shape, bands do not grow, or an amount is negative.
    pub fn parse(json: &str) -> Result<Self, MarketError> {
        let text = if json.trim().is_empty() { BUILT_IN } else { json };
        let market: Self = serde_json::from_str(text)?;
        let rates = || market.zones.iter().flat_map(|zone| &zone.options);
        let grow = |rate: &Rate| {
            rate.bands
                .iter()
                .zip(rate.bands.iter().skip(1))
                .all(|(a, b)| a.up_to_g < b.up_to_g)
        };
        let sums = rates().flat_map(|rate| rate.bands.iter().flat_map(|band| &band.price).chain(&rate.free_over));
        let mut prices = sums.map(|(currency, amount)| (*currency, *amount));
        let rules = [
            (
                market.zones.len() <= ENTRIES_MAX && rates().count() <= ENTRIES_MAX,
                "too many entries",
            ),
            (
                rates().all(|rate| !rate.bands.is_empty() && grow(rate)),
                "bands grow in weight, and there is one at least",
            ),
            (
                rates().all(|rate| rate.days.0 <= rate.days.1),
                "days are at least, at most",
            ),
            (
                prices.all(|(currency, amount)| amount >= 0 && Money::new(amount, currency).is_ok()),
                "amounts are not negative",
            ),
            (
                market.currencies.contains(&market.default_currency),
                "the default currency is one of the currencies",
            ),
        ];
        rules
            .into_iter()
            .find(|(holds, _)| !holds)
            .map_or(Ok(()), |(_, rule)| Err(MarketError::Rule(rule)))?;
        Ok(market)
    }

    /// A country as ISO 3166-1 alpha-2, from what a platform may say.
    pub fn country(&self, said: &str) -> String {
        let upper = said.trim().to_uppercase();
        self.country_aliases.get(&upper).cloned().unwrap_or(upper)
    }

    /// The currency for a wish and a country: the wish where we sell in it, else the country's, else the default.
    pub fn currency(&self, wish: Option<&str>, country: Option<&str>) -> Currency {
        let wished = wish.and_then(|code| code.trim().to_uppercase().parse().ok());
        if let Some(currency) = wished.filter(|currency| self.currencies.contains(currency)) {
            return currency;
        }
        match country {
            None => self.default_currency,
            Some(country) => self
                .currency_by_country
                .get(country)
                .copied()
                .unwrap_or(self.currency_elsewhere),
        }
    }

    /// Whether a claim is one that we know, and therefore must verify.
    pub fn knows_claim(&self, claim: &str) -> bool {
        self.eligibility.iter().any(|known| known == claim)
    }

    /// The zone of an address.
    pub(super) fn zone(&self, country: &str, region: Option<&str>) -> Option<&Zone> {
        let region = region.map(|region| region.trim().to_uppercase());
        self.zones.iter().find(|zone| {
            zone.countries.iter().any(|has| has == country)
                && (zone.regions.is_empty() || region.as_ref().is_some_and(|region| zone.regions.contains(region)))
        })
    }
}
