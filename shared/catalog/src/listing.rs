//! What the shop shows of a product.

use kernel::{Currency, ProductId, Timestamp, VariantId};
use serde::{Deserialize, Serialize};

use crate::{CATEGORY_DEPTH_MAX, Content, SellableVariant, Slug, Tree, Variant, index_tokens};

/// A product as it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The product.
    pub id: ProductId,
    /// The product's version that was published.
    pub version: u64,
    /// What the shop shows.
    pub content: Content,
    /// Its category and those above, from itself to the root.
    pub categories: Vec<Slug>,
    /// The words that it is found by.
    pub tokens: Vec<String>,
    /// Since when this copy is shown.
    pub published_at: Timestamp,
}

impl Listing {
    /// What would be shown of this content.
    pub fn of(id: ProductId, version: u64, content: &Content, tree: &Tree, at: Timestamp) -> Self {
        let path = tree.path(&content.category);
        let categories = path
            .into_iter()
            .take(CATEGORY_DEPTH_MAX)
            .map(|category| category.slug.clone())
            .collect();
        let tokens = index_tokens(content);
        Self {
            id,
            version,
            content: content.clone(),
            categories,
            tokens,
            published_at: at,
        }
    }

    /// The currency to show prices in: the wanted one where everything is priced in it, else the usual one, else the
    /// first there is.
    pub fn currency(&self, wanted: Option<Currency>, usual: Currency) -> Option<Currency> {
        let priced = self.content.currencies();
        let wanted = wanted.filter(|currency| priced.contains(currency));
        wanted
            .or_else(|| priced.contains(&usual).then_some(usual))
            .or_else(|| priced.first().copied())
    }

    /// A variant of this product that is still sold.
    pub fn variant(&self, id: VariantId) -> Option<&Variant> {
        self.content.sold().find(|variant| variant.id == id)
    }

    /// What checkout needs to know of each variant.
    pub fn sellables(&self) -> Vec<SellableVariant> {
        let picture = self.content.media.first().map(|picture| picture.url.clone());
        let sellable = |variant: &Variant| SellableVariant {
            id: variant.id,
            product: self.id,
            published: !variant.discontinued,
            version: self.version,
            title: self.content.title.clone(),
            options: variant.options.clone(),
            sku: variant.sku.clone(),
            category: self.content.category.clone(),
            prices: variant.prices.clone(),
            minimum_quantity: variant.minimum_quantity,
            weight_grams: variant.weight_grams,
            bundle: variant.bundle.clone(),
            picture: picture.clone(),
        };
        self.content.variants.iter().map(sellable).collect()
    }
}
