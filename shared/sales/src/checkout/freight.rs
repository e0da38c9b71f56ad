//! What sending costs: weight bands, regions, free over a sum.

use kernel::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Market, market::Rate};

/// One way to send a basket, priced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreightOption {
    /// As the market names it.
    pub id: String,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// Carrier's name.
    pub carrier: String,
    /// What it costs.
    pub price: Money,
    /// Earliest arrival.
    pub earliest: Timestamp,
    /// Latest arrival.
    pub latest: Timestamp,
}

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// The ways to send `weight_g` grams worth `subtotal` to an address; none when nothing goes there, or not at that weight.
pub(super) fn options(
    market: &Market,
    (country, region): (&str, Option<&str>),
    weight_g: u64,
    subtotal: Money,
    now: Timestamp,
) -> Vec<FreightOption> {
    let rates = market.zone(country, region).into_iter().flat_map(|zone| &zone.options);
    rates.filter_map(|rate| priced(rate, weight_g, subtotal, now)).collect()
}

fn priced(rate: &Rate, weight_g: u64, subtotal: Money, now: Timestamp) -> Option<FreightOption> {
    let currency: Currency = subtotal.currency();
    let band = rate.bands.iter().find(|band| weight_g <= band.up_to_g)?;
    let usual = Money::new(*band.price.get(&currency)?, currency).ok()?;
    let free = rate
        .free_over
        .get(&currency)
        .is_some_and(|over| subtotal.amount() >= *over);
    let (least, most) = rate.days;
    let arrival = |days: u8| now.plus_seconds(i64::from(days).saturating_mul(DAY_S));
    let description = if least == most {
        format!(
            "Arrives in {most} day{} with {}",
            if most == 1 { "" } else { "s" },
            rate.carrier
        )
    } else {
        format!("Arrives in {least} to {most} days with {}", rate.carrier)
    };
    Some(FreightOption {
        id: rate.id.clone(),
        title: rate.title.clone(),
        description,
        carrier: rate.carrier.clone(),
        price: if free { Money::zero(currency) } else { usual },
        earliest: arrival(least),
        latest: arrival(most),
    })
}
