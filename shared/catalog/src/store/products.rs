//! Writing products, and what the shop shows of them.

use std::collections::BTreeSet;

use dynamo::{Consistency, Cursor, Item, Page, Part, Query, StoreError, from_item, to_item};
use kernel::{ProductId, VariantId};

use super::{Catalog, IndexRow, ProductItem, keys};
use crate::{Listing, Product, Scope, State};

/// Why a product was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProductRefusal {
    /// There is a product of this id.
    #[error("there is a product of this id")]
    Exists,
    /// It is not as it was read.
    #[error("the product changed meanwhile")]
    Stale,
    /// A variant's id belongs to another product.
    #[error("variant {0} belongs to another product")]
    VariantTaken(VariantId),
}

fn item(product: &Product) -> Result<Item, StoreError> {
    let item = ProductItem {
        state_key: keys::state(product.state.name()),
        state_sort: format!("{}#{}", product.updated_at, product.id),
        product: product.clone(),
    };
    to_item(&keys::product(product.id), &item)
}

fn scopes(listing: &Listing) -> BTreeSet<Scope> {
    let words = listing.tokens.iter().cloned().map(Scope::Word);
    let categories = listing.categories.iter().cloned().map(Scope::Category);
    words.chain(categories).chain([Scope::All]).collect()
}

impl Catalog {
    /// A product's working copy. Strong. Access pattern: `catalog.product`.
    pub async fn product(&self, id: ProductId) -> Result<Option<Product>, StoreError> {
        let found: Option<ProductItem> = self
            .dynamo
            .get(&self.table, &keys::product(id), Consistency::Strong)
            .await?;
        Ok(found.map(|item| item.product))
    }

    /// Products whose working copy is in a state, the longest unchanged first. `after` is the text of an earlier page's
    /// cursor. Access pattern: `catalog.products-by-state`.
    pub async fn products(&self, state: &str, limit: u16, after: Option<Cursor>) -> Result<Page<Product>, StoreError> {
        let query = Query::new(&self.table, "state_key = :state", limit).index(keys::BY_STATE);
        let page = self
            .dynamo
            .query(query.text(":state", keys::state(state)).after(after))
            .await?;
        let products = page.records::<ProductItem>()?;
        Ok(products.map(|item| item.product))
    }

    /// A cursor of the list of a state; `None` when it is not one.
    pub fn products_cursor(state: &str, text: &str) -> Option<Cursor> {
        State::NAMES
            .contains(&state)
            .then(|| Cursor::decode(text, "state_key", &keys::state(state)).ok())
            .flatten()
    }

    /// The part that creates a product. Access pattern: `catalog.product-create`.
    pub fn create(&self, product: &Product) -> Result<Part<ProductRefusal>, StoreError> {
        Ok(Part::insert(&self.table, item(product)?).refused(ProductRefusal::Exists))
    }

    /// The part that replaces a working copy which was at `expected`. Access pattern: `catalog.product-save`.
    pub fn save(&self, product: &Product, expected: u64) -> Result<Part<ProductRefusal>, StoreError> {
        Ok(Part::replace(&self.table, item(product)?, expected).refused(ProductRefusal::Stale))
    }

    /// The parts that show a listing in place of `before`, the one shown until now. They belong into a transaction with
    /// [`Self::save`], whose version guards them all. Access pattern: `catalog.publish`.
    pub fn show(&self, before: Option<&Listing>, after: &Listing) -> Result<Vec<Part<ProductRefusal>>, StoreError> {
        let mut parts = vec![Part::put(&self.table, to_item(&keys::listing(after.id), after)?)];
        for variant in after.sellables() {
            let part = Part::put(&self.table, to_item(&keys::variant(variant.id), &variant)?)
                .when("attribute_not_exists(pk) OR #product = :product")
                .name("#product", "product")
                .text(":product", after.id.to_string())
                .refused(ProductRefusal::VariantTaken(variant.id));
            parts.push(part);
        }
        let old = before.map(scopes).unwrap_or_default();
        let new = scopes(after);
        for scope in new.difference(&old) {
            parts.push(Part::put(
                &self.table,
                to_item(&keys::row(scope, after.id), &IndexRow {})?,
            ));
        }
        parts.extend(
            old.difference(&new)
                .map(|scope| Part::delete(&self.table, keys::row(scope, after.id))),
        );
        Ok(parts)
    }

    /// The parts that show a listing no more. They belong into a transaction with [`Self::save`]. Access pattern:
    /// `catalog.unpublish`.
    pub fn hide(&self, shown: &Listing) -> Result<Vec<Part<ProductRefusal>>, StoreError> {
        let mut parts = vec![Part::delete(&self.table, keys::listing(shown.id))];
        for variant in &shown.content.variants {
            let part = Part::update(&self.table, keys::variant(variant.id), "SET #published = :no")
                .name("#published", "published")
                .value(":no", &false)?;
            parts.push(part);
        }
        parts.extend(
            scopes(shown)
                .iter()
                .map(|scope| Part::delete(&self.table, keys::row(scope, shown.id))),
        );
        Ok(parts)
    }

    /// What the shop shows of a product, if anything. Strong. Access pattern: `catalog.listing`.
    pub async fn listing(&self, id: ProductId) -> Result<Option<Listing>, StoreError> {
        let found = self
            .dynamo
            .get_item(&self.table, &keys::listing(id), Consistency::Strong)
            .await?;
        found.map(from_item).transpose()
    }
}
