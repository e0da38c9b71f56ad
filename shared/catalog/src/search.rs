//! What a search asks for, and what matches it.

use kernel::Currency;

use crate::{AttributeValue, Listing, Slug, Variant, query_tokens};

/// The most products of one page.
pub const PAGE_MAX: u16 = 50;
/// The most categories of one search.
const CATEGORIES_MAX: usize = 10;
/// The most attributes of one search.
const ATTRIBUTES_MAX: usize = 10;

/// Prices from and to, both included, in minor units of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceFilter {
    /// At least.
    pub min: Option<i64>,
    /// At most.
    pub max: Option<i64>,
    /// Of this currency.
    pub currency: Currency,
}

/// An attribute with any of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeFilter {
    /// The attribute.
    pub name: Slug,
    /// One of these must be the product's.
    pub values: Vec<AttributeValue>,
}

/// What a search asks for; all of it must match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Criteria {
    /// Words that must all be there. Empty with `nothing` unset: no words were asked for.
    words: Vec<String>,
    /// The query had no word that can be searched for, and was not the wildcard: nothing matches.
    nothing: bool,
    categories: Vec<Slug>,
    price: Option<PriceFilter>,
    attributes: Vec<AttributeFilter>,
}

/// A partition of the index that holds every match of some criteria, and perhaps others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Products of a word.
    Word(String),
    /// Products of a category or of one below it.
    Category(Slug),
    /// All products.
    All,
}

impl Criteria {
    /// From the texts of a request; `*` asks for everything. Categories and attributes beyond the most are ignored.
    pub fn new(query: Option<&str>) -> Self {
        let query = query.map(str::trim).filter(|query| *query != "*");
        let words = query.map(query_tokens).unwrap_or_default();
        Self {
            nothing: query.is_some() && words.is_empty(),
            words,
            ..Self::default()
        }
    }

    /// In any of these categories. A text that is no slug names no category.
    #[must_use]
    pub fn categories<'a>(mut self, values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut asked = false;
        for value in values.into_iter().take(CATEGORIES_MAX) {
            asked = true;
            self.categories.extend(value.parse());
        }
        self.nothing |= asked && self.categories.is_empty();
        self
    }

    /// With a variant in this range of prices.
    #[must_use]
    pub const fn price(mut self, price: Option<PriceFilter>) -> Self {
        self.price = price;
        self
    }

    /// With these attributes.
    #[must_use]
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = AttributeFilter>) -> Self {
        self.attributes.extend(attributes.into_iter().take(ATTRIBUTES_MAX));
        self
    }

    /// Asks for what no product has.
    #[must_use]
    pub const fn nothing(mut self) -> Self {
        self.nothing = true;
        self
    }

    /// The scopes that each hold every match: reading the smallest one is enough. None when nothing can match.
    pub fn scopes(&self) -> Vec<Scope> {
        if self.nothing {
            return Vec::new();
        }
        let words = self.words.iter().cloned().map(Scope::Word);
        // Several categories are alternatives: no single one of them holds every match.
        let category = self
            .categories
            .first()
            .filter(|_| self.categories.len() == 1)
            .cloned()
            .map(Scope::Category);
        let narrow: Vec<Scope> = words.chain(category).collect();
        if narrow.is_empty() { vec![Scope::All] } else { narrow }
    }

    /// Whether a product matches.
    pub fn matches(&self, listing: &Listing) -> bool {
        let attribute = |filter: &AttributeFilter| {
            listing
                .content
                .attributes
                .get(&filter.name)
                .is_some_and(|value| filter.values.contains(value))
        };
        !self.nothing
            && self.words.iter().all(|word| listing.tokens.contains(word))
            && (self.categories.is_empty() || self.categories.iter().any(|slug| listing.categories.contains(slug)))
            && self.attributes.iter().all(attribute)
            && listing.content.sold().any(|variant| self.priced(variant))
    }

    /// Whether a variant lies in the asked range of prices.
    pub fn priced(&self, variant: &Variant) -> bool {
        let Some(filter) = self.price else {
            return true;
        };
        let price = variant.price(filter.currency).map(kernel::Money::amount);
        price.is_some_and(|amount| {
            filter.min.is_none_or(|min| amount >= min) && filter.max.is_none_or(|max| amount <= max)
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, ProductId, Timestamp};

    use super::*;
    use crate::rules::tests::{content, tree};

    fn listing() -> Listing {
        let id = ProductId::from_parts(Timestamp::from_millis(1), [1; 10]);
        Listing::of(id, 1, &content(), &tree(), Timestamp::from_millis(1))
    }

    fn price(min: Option<i64>, max: Option<i64>, currency: &str) -> PriceFilter {
        let currency = currency.parse().unwrap();
        PriceFilter { min, max, currency }
    }

    #[test]
    fn every_word_must_be_there() {
        assert!(Criteria::new(Some("runner TRAIL 越野")).matches(&listing()));
        assert!(!Criteria::new(Some("trail boots")).matches(&listing()));
        assert!(Criteria::new(Some("*")).matches(&listing()));
        assert!(!Criteria::new(Some("!?")).matches(&listing()));
        assert!(Criteria::new(Some("!?")).scopes().is_empty());
    }

    #[test]
    fn filters_all_hold() {
        let browse = || Criteria::new(None);
        assert!(browse().categories(["hats", "shoes"]).matches(&listing()));
        assert!(!browse().categories(["hats"]).matches(&listing()));
        assert!(!browse().categories(["Not A Slug"]).matches(&listing()));
        assert!(
            browse()
                .price(Some(price(Some(8900), Some(8900), "USD")))
                .matches(&listing())
        );
        assert!(!browse().price(Some(price(None, Some(8899), "USD"))).matches(&listing()));
        assert!(!browse().price(Some(price(None, None, "EUR"))).matches(&listing()));
        let drop = |values: &[i64]| AttributeFilter {
            name: "drop".parse().unwrap(),
            values: values.iter().map(|value| AttributeValue::Number(*value)).collect(),
        };
        assert!(browse().attributes([drop(&[4, 6])]).matches(&listing()));
        assert!(!browse().attributes([drop(&[4])]).matches(&listing()));
    }

    #[test]
    fn each_scope_holds_every_match() {
        let scopes = Criteria::new(Some("trail")).categories(["shoes"]).scopes();
        assert_eq!(
            scopes,
            [
                Scope::Word("trail".to_owned()),
                Scope::Category("shoes".parse().unwrap())
            ]
        );
        assert_eq!(Criteria::new(None).categories(["a", "b"]).scopes(), [Scope::All]);
    }
}
