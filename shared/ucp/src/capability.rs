//! Capabilities and their negotiation.

use std::collections::{BTreeMap, BTreeSet};

use crate::profile::{Capability, Registry};

/// The protocol version that this crate speaks.
pub const VERSION: &str = "2026-04-08";

/// Checkout sessions.
pub const CHECKOUT: &str = "dev.ucp.shopping.checkout";
/// Orders and their webhooks.
pub const ORDER: &str = "dev.ucp.shopping.order";
/// Carts.
pub const CART: &str = "dev.ucp.shopping.cart";
/// Catalogue search.
pub const CATALOG_SEARCH: &str = "dev.ucp.shopping.catalog.search";
/// Catalogue look-up.
pub const CATALOG_LOOKUP: &str = "dev.ucp.shopping.catalog.lookup";
/// Extension of checkout: methods, destinations, options.
pub const FULFILLMENT: &str = "dev.ucp.shopping.fulfillment";
/// Extension of checkout: what the buyer agrees to.
pub const BUYER_CONSENT: &str = "dev.ucp.shopping.buyer_consent";

/// What a request asks for: decides which capability it needs and which ones its answer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Any call on checkout sessions.
    Checkout,
    /// `POST /catalog/search`.
    CatalogSearch,
    /// `POST /catalog/lookup` and `/catalog/product`.
    CatalogLookup,
    /// `GET /orders/{id}`, and order webhooks.
    Order,
}

impl Operation {
    /// The capability without which the operation cannot be.
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Checkout => CHECKOUT,
            Self::CatalogSearch => CATALOG_SEARCH,
            Self::CatalogLookup => CATALOG_LOOKUP,
            Self::Order => ORDER,
        }
    }

    /// Whether an answer of the operation names the capability: the needed one, and its extensions.
    pub(crate) fn names(self, name: &str, extends: &[String]) -> bool {
        name == self.needs() || extends.iter().any(|parent| parent == self.needs())
    }
}

/// What both sides can do: by name, the highest version that both have; without extensions whose parents are all gone.
pub fn intersect(ours: &Registry<Capability>, theirs: &Registry<Capability>) -> BTreeMap<String, Capability> {
    let mut common = BTreeMap::new();
    for (name, offers) in ours {
        let versions: BTreeSet<&str> = theirs
            .get(name)
            .into_iter()
            .flatten()
            .map(|c| c.version.as_str())
            .collect();
        // Versions are dates in ISO 8601, which sort as texts.
        let best = offers
            .iter()
            .filter(|c| versions.contains(c.version.as_str()))
            .max_by(|a, b| a.version.cmp(&b.version));
        common.extend(best.map(|capability| (name.clone(), capability.clone())));
    }
    loop {
        let orphans: Vec<String> = common
            .iter()
            .filter(|(_, c)| !c.extends.is_empty() && !c.extends.iter().any(|parent| common.contains_key(parent)))
            .map(|(name, _)| name.clone())
            .collect();
        if orphans.is_empty() {
            return common;
        }
        common.retain(|name, _| !orphans.contains(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(entries: &[(&str, &str, &[&str])]) -> Registry<Capability> {
        let mut registry: Registry<Capability> = Registry::new();
        for (name, version, extends) in entries {
            let extends = extends.iter().map(|parent| (*parent).to_owned()).collect();
            registry
                .entry((*name).to_owned())
                .or_default()
                .push(Capability::of(version, extends));
        }
        registry
    }

    #[test]
    fn the_highest_common_version_is_taken() {
        let ours = offer(&[
            ("a", "2026-01-01", &[]),
            ("a", "2026-04-08", &[]),
            ("b", "2026-04-08", &[]),
        ]);
        let theirs = offer(&[
            ("a", "2026-01-01", &[]),
            ("a", "2026-08-01", &[]),
            ("b", "2026-01-01", &[]),
        ]);
        let common = intersect(&ours, &theirs);
        assert_eq!(common["a"].version, "2026-01-01");
        assert!(!common.contains_key("b"));
    }

    #[test]
    fn an_extension_goes_with_its_last_parent_and_takes_its_own_extensions_along() {
        let ours = offer(&[
            ("p", "1", &[]),
            ("q", "1", &[]),
            ("x", "1", &["p", "q"]),
            ("y", "1", &["p"]),
            ("z", "1", &["y"]),
        ]);
        let theirs = offer(&[("q", "1", &[]), ("x", "1", &[]), ("y", "1", &[]), ("z", "1", &[])]);
        let names: Vec<String> = intersect(&ours, &theirs).into_keys().collect();
        assert_eq!(names, ["q", "x"]);
    }
}
