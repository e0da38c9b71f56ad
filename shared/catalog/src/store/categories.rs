//! Categories.

use dynamo::{Cursor, Part, Query, StoreError, to_item};

use super::{Catalog, keys};
use crate::{CATEGORIES_MAX, Category, Tree};

/// Categories read at once.
const PAGE: u16 = 250;
/// Pages of categories: twice what the most of them need, because a page may end early.
const PAGES_MAX: u16 = 2 * CATEGORIES_MAX / PAGE + 4;

/// Why a category was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CategoryRefusal {
    /// It is not as it was read, or is there already.
    #[error("the category changed meanwhile")]
    Stale,
}

impl Catalog {
    /// The whole tree. Access pattern: `catalog.categories`.
    pub async fn tree(&self) -> Result<Tree, StoreError> {
        let mut found: Vec<Category> = Vec::new();
        let mut after: Option<Cursor> = None;
        for _ in 0..PAGES_MAX {
            let query = Query::new(&self.table, "pk = :categories", PAGE).text(":categories", keys::CATEGORIES);
            let page = self.dynamo.query(query.strong().after(after)).await?.records()?;
            found.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(Tree::of(found));
            }
        }
        Err(StoreError::Rejected("the tree of categories does not end".to_owned()))
    }

    /// The part that writes a category whose version was `expected` (0: there was none). Access pattern:
    /// `catalog.category-save`.
    pub fn save_category(&self, category: &Category, expected: u64) -> Result<Part<CategoryRefusal>, StoreError> {
        let next = Category {
            version: expected + 1,
            ..category.clone()
        };
        let item = to_item(&keys::category(&category.slug), &next)?;
        let part = if expected == 0 {
            Part::insert(&self.table, item)
        } else {
            Part::replace(&self.table, item, expected)
        };
        Ok(part.refused(CategoryRefusal::Stale))
    }
}
