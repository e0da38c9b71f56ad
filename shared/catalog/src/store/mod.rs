//! The only place that names the catalogue table, its attributes and its expressions.
//!
//! Access patterns: `docs/data-model/catalog.md`.

mod categories;
mod keys;
mod products;
mod read;
mod search;
#[cfg(test)]
mod tests;

pub use categories::CategoryRefusal;
pub use products::ProductRefusal;
pub use read::Found;
pub use search::{SearchError, SearchPage};

use dynamo::{Dynamo, Record};
use serde::{Deserialize, Serialize};

use crate::{Category, Listing, Product, SellableVariant};

/// The catalogue, as kept. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalog {
    dynamo: Dynamo,
    table: String,
}

impl Catalog {
    /// On the catalogue table.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// The store, to commit parts with.
    pub const fn dynamo(&self) -> &Dynamo {
        &self.dynamo
    }
}

/// A product with what the index `by-state` sorts it by.
#[derive(Serialize, Deserialize)]
struct ProductItem {
    #[serde(flatten)]
    product: Product,
    state_key: String,
    state_sort: String,
}

impl Record for ProductItem {
    const ENTITY: &'static str = "product";
    const SHAPE: u16 = 1;
}

impl Record for Listing {
    const ENTITY: &'static str = "listing";
    const SHAPE: u16 = 1;
}

impl Record for SellableVariant {
    const ENTITY: &'static str = "variant";
    const SHAPE: u16 = 1;
}

impl Record for Category {
    const ENTITY: &'static str = "category";
    const SHAPE: u16 = 1;
}

/// A row of the search index: its key says everything.
#[derive(Serialize, Deserialize)]
struct IndexRow {}

impl Record for IndexRow {
    const ENTITY: &'static str = "index";
    const SHAPE: u16 = 1;
}
