//! Keys of the catalogue table. Ids, slugs and words hold no `#`, so the parts of a key never run together.

use dynamo::{Key, key};
use kernel::{ProductId, VariantId};

use crate::{Scope, Slug};

/// Partition of all categories.
pub(super) const CATEGORIES: &str = "categories";
/// Index of products by the state of their working copy.
pub(super) const BY_STATE: &str = "by-state";

/// A product's working copy.
pub(super) fn product(id: ProductId) -> Key {
    key(format!("product#{id}"), "product")
}

/// What the shop shows of a product.
pub(super) fn listing(id: ProductId) -> Key {
    key(format!("product#{id}"), "listing")
}

/// A variant as it was last published.
pub(super) fn variant(id: VariantId) -> Key {
    key(format!("variant#{id}"), "variant")
}

/// A category.
pub(super) fn category(slug: &Slug) -> Key {
    key(CATEGORIES, slug.as_str())
}

/// A partition of the search index.
pub(super) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Word(word) => format!("word#{word}"),
        Scope::Category(slug) => format!("category#{slug}"),
        Scope::All => "all".to_owned(),
    }
}

/// A product's row in a partition of the search index.
pub(super) fn row(scope: &Scope, product: ProductId) -> Key {
    key(self::scope(scope), product.to_string())
}

/// The partition of a state in the index by state.
pub(super) fn state(name: &str) -> String {
    format!("state#{name}")
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Timestamp};

    use super::*;

    #[test]
    fn parts_of_a_key_read_back() {
        let id = ProductId::from_parts(Timestamp::from_millis(5), [3; 10]);
        let key = row(&Scope::Word("茶叶".to_owned()), id);
        assert_eq!(key.pk.split_once('#'), Some(("word", "茶叶")));
        assert_eq!(key.sk.parse(), Ok(id));
    }
}
