//! Reading what the shop shows.

use dynamo::{BATCH_GET_MAX, Consistency, Key, Record, StoreError, from_item};
use kernel::{ProductId, VariantId};

use super::{Catalog, keys};
use crate::{Listing, SellableVariant};

/// What an id of a look-up names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The id as it was asked for.
    pub input: String,
    /// The variant that it names, when it names one.
    pub variant: Option<VariantId>,
    /// The product.
    pub product: ProductId,
}

impl Catalog {
    /// Variants as they were last published, in no order; those that never were are missing. One batch read per 100
    /// distinct ids. Strong: prices and publication are what they are now. Access pattern: `catalog.variants`.
    #[tracing::instrument(name = "db.catalog.variants", skip_all, fields(count = ids.len()))]
    pub async fn variants(&self, ids: &[VariantId]) -> Result<Vec<SellableVariant>, StoreError> {
        let mut distinct = ids.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let keys: Vec<Key> = distinct.into_iter().map(keys::variant).collect();
        self.records(&keys, Consistency::Strong).await
    }

    /// What the shop shows of products, in no order. Access pattern: `catalog.listings`.
    pub async fn listings(&self, ids: &[ProductId]) -> Result<Vec<Listing>, StoreError> {
        let mut distinct = ids.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let keys: Vec<Key> = distinct.into_iter().map(keys::listing).collect();
        self.records(&keys, Consistency::Eventual).await
    }

    /// Resolves ids of products and variants that the shop shows, in the order of the ids; each distinct id once.
    /// Access patterns: `catalog.variants`, `catalog.listings`.
    pub async fn look_up(&self, ids: &[String]) -> Result<(Vec<Found>, Vec<Listing>), StoreError> {
        let variant_ids: Vec<VariantId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let variants = if variant_ids.is_empty() {
            Vec::new()
        } else {
            self.variants(&variant_ids).await?
        };
        let mut found: Vec<Found> = Vec::new();
        for input in ids {
            let by_variant = input
                .parse()
                .ok()
                .and_then(|id: VariantId| variants.iter().find(|variant| variant.id == id));
            let named = match (by_variant, input.parse::<ProductId>()) {
                (Some(variant), _) => Some((variant.published.then_some(variant.id), variant.product)),
                (None, Ok(product)) => Some((None, product)),
                (None, Err(_)) => None,
            };
            // A variant that is off sale names nothing, even when its product is shown.
            let shown = named.filter(|(variant, _)| by_variant.is_none() || variant.is_some());
            if let Some((variant, product)) = shown.filter(|_| !found.iter().any(|seen| seen.input == *input)) {
                found.push(Found {
                    input: input.clone(),
                    variant,
                    product,
                });
            }
        }
        let products: Vec<ProductId> = found.iter().map(|found| found.product).collect();
        let listings = self.listings(&products).await?;
        let shown = |found: &Found| {
            let listing = listings.iter().find(|listing| listing.id == found.product);
            listing.is_some_and(|listing| found.variant.is_none_or(|variant| listing.variant(variant).is_some()))
        };
        found.retain(shown);
        Ok((found, listings))
    }

    pub(super) async fn records<R: Record>(
        &self,
        keys: &[Key],
        consistency: Consistency,
    ) -> Result<Vec<R>, StoreError> {
        let mut records = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH_GET_MAX) {
            for item in self.dynamo.batch_get_items(&self.table, batch, consistency).await? {
                records.push(from_item(item)?);
            }
        }
        Ok(records)
    }
}
