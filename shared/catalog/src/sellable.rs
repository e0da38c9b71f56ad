//! What checkout needs to know of a variant.

use std::collections::BTreeMap;

use kernel::{Currency, Money, ProductId, Text, VariantId};
use serde::{Deserialize, Serialize};

use crate::{Choice, Component, Localised, Slug};

/// A variant as it was last published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellableVariant {
    /// Its id.
    pub id: VariantId,
    /// Whose variant.
    pub product: ProductId,
    /// Whether it is on sale now. Prices and texts of one that is not are those of its last day.
    pub published: bool,
    /// The product's version that was published: tells whether a price may have changed.
    pub version: u64,
    /// The product's name.
    pub title: Localised<200>,
    /// Its value of each option.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// Our own article number.
    pub sku: Text<64>,
    /// The product's category.
    pub category: Slug,
    /// Per piece, one per currency.
    pub prices: Vec<Money>,
    /// The least that one line orders.
    pub minimum_quantity: u32,
    /// Weight of a piece with its packing, in grams.
    pub weight_grams: u32,
    /// Not empty: a bundle of these. Reserve the components, not the bundle.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundle: Vec<Component>,
    /// The leading picture's URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

impl SellableVariant {
    /// The price in a currency; `None`: it is not sold for that currency.
    pub fn price(&self, currency: Currency) -> Option<Money> {
        self.prices.iter().copied().find(|price| price.currency() == currency)
    }

    /// The product's name and the options, for a line of an order: `Runner (Blue, 42)`.
    pub fn line_title(&self, language: Option<&str>) -> String {
        let title = self.title.pick(language);
        if self.options.is_empty() {
            return title.to_owned();
        }
        let labels: Vec<&str> = self.options.iter().map(|choice| choice.label.as_str()).collect();
        format!("{title} ({})", labels.join(", "))
    }

    /// What stock counts for `quantity` of this: itself, or a bundle's components. `None` when a quantity overflows.
    pub fn stock(&self, quantity: u32) -> Option<Vec<(VariantId, u32)>> {
        if self.bundle.is_empty() {
            return Some(vec![(self.id, quantity)]);
        }
        let times = |part: &Component| part.quantity.checked_mul(quantity).map(|all| (part.variant, all));
        self.bundle.iter().map(times).collect()
    }
}

/// How many of a variant can be sold, from what stock is free of it or of its components.
pub fn availability(id: VariantId, bundle: &[Component], free: &BTreeMap<VariantId, u64>) -> u64 {
    let of = |variant: &VariantId| free.get(variant).copied().unwrap_or_default();
    let sets = bundle
        .iter()
        .filter_map(|part| of(&part.variant).checked_div(u64::from(part.quantity)));
    if bundle.is_empty() {
        of(&id)
    } else {
        sets.min().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Timestamp};

    use super::*;

    fn variant(n: u8) -> VariantId {
        VariantId::from_parts(Timestamp::from_millis(1), [n; 10])
    }

    #[test]
    fn a_bundle_is_as_available_as_its_scarcest_component() {
        let free = BTreeMap::from([(variant(1), 9), (variant(2), 3)]);
        let bundle = [
            Component {
                variant: variant(1),
                quantity: 2,
            },
            Component {
                variant: variant(2),
                quantity: 1,
            },
        ];
        assert_eq!(availability(variant(7), &bundle, &free), 3);
        assert_eq!(availability(variant(1), &[], &free), 9);
        assert_eq!(availability(variant(3), &[], &free), 0);
    }
}
