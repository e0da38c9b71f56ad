//! What staff write and the shop shows.

use std::collections::BTreeMap;

use kernel::{Currency, Money, Text, VariantId};
use serde::{Deserialize, Serialize};

use crate::{AttributeValue, Localised, Slug};

/// The most variants of one product. Publishing writes a row for each, in one transaction with the index rows: 100 parts
/// hold 30 of these, twice (28 words + 4 categories + 1), and 4 more.
pub const VARIANTS_MAX: usize = 30;

/// A picture by its URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Absolute, `https`.
    pub url: String,
    /// What readers who cannot see it are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<Localised<200>>,
}

/// A choice that buyers make between variants, such as size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionAxis {
    /// `Size`.
    pub name: Text<50>,
    /// `S`, `M`, `L`, in the order of display.
    pub values: Vec<Text<50>>,
}

/// A variant's value of an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// `Size`.
    pub name: Text<50>,
    /// `M`.
    pub label: Text<50>,
}

/// A standard product number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barcode {
    /// `EAN`, `UPC`, `GTIN`, …
    #[serde(rename = "type")]
    pub kind: Text<20>,
    /// The number.
    pub value: Text<50>,
}

/// What a bundle is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Which variant.
    pub variant: VariantId,
    /// How many of it per bundle.
    pub quantity: u32,
}

/// What is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its id: what lines name and stock counts.
    pub id: VariantId,
    /// Our own article number.
    pub sku: Text<64>,
    /// Its value of each of the product's options.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// Per piece, one per currency.
    pub prices: Vec<Money>,
    /// Before a reduction, for display.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub list_prices: Vec<Money>,
    /// The least that one line orders.
    #[serde(default = "one")]
    pub minimum_quantity: u32,
    /// Weight of a piece with its packing, in grams.
    #[serde(default)]
    pub weight_grams: u32,
    /// Standard numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub barcodes: Vec<Barcode>,
    /// Not empty: the variant is a bundle of these, and has no stock of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundle: Vec<Component>,
    /// No longer sold, kept because orders name it.
    #[serde(default)]
    pub discontinued: bool,
}

const fn one() -> u32 {
    1
}

/// All that staff write of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Its name in URLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Slug>,
    /// Where it stands in the tree.
    pub category: Slug,
    /// Its name.
    pub title: Localised<200>,
    /// What it is.
    pub description: Localised<5000>,
    /// Values of the attributes that its categories define.
    #[serde(default)]
    pub attributes: BTreeMap<Slug, AttributeValue>,
    /// Free-form texts for the shelf: anything that a storefront shows and nothing here reads.
    #[serde(default)]
    pub shelf: BTreeMap<String, Text<500>>,
    /// Words that it is found by.
    #[serde(default)]
    pub tags: Vec<Text<50>>,
    /// Pictures; the first one leads.
    #[serde(default)]
    pub media: Vec<Picture>,
    /// What buyers choose between.
    #[serde(default)]
    pub options: Vec<OptionAxis>,
    /// What is sold.
    pub variants: Vec<Variant>,
}

impl Variant {
    /// The price in a currency.
    pub fn price(&self, currency: Currency) -> Option<Money> {
        self.prices.iter().copied().find(|price| price.currency() == currency)
    }

    /// The price before a reduction, in a currency.
    pub fn list_price(&self, currency: Currency) -> Option<Money> {
        self.list_prices
            .iter()
            .copied()
            .find(|price| price.currency() == currency)
    }
}

impl Content {
    /// The variants that are still sold.
    pub fn sold(&self) -> impl Iterator<Item = &Variant> {
        self.variants.iter().filter(|variant| !variant.discontinued)
    }

    /// The currencies that every variant still sold is priced in, in the order of the first variant's prices.
    pub fn currencies(&self) -> Vec<Currency> {
        let Some(first) = self.sold().next() else {
            return Vec::new();
        };
        let everywhere = |currency: &Currency| self.sold().all(|variant| variant.price(*currency).is_some());
        first
            .prices
            .iter()
            .map(|price| price.currency())
            .filter(everywhere)
            .collect()
    }
}
