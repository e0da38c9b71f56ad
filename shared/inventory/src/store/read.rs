//! Reading cards and levels.

use std::collections::BTreeMap;

use dynamo::{BATCH_GET_MAX, Consistency, Key, Record, StoreError, from_item};
use kernel::VariantId;

use super::{Inventory, keys};
use crate::{Card, Level};

/// The most variants of one read of availability.
const VARIANTS_MAX: usize = 1_000;

impl Inventory {
    /// How much of each variant is free, over all locations; 0 for what was never booked. For display: may lag.
    ///
    /// Access patterns: `stock.cards`, `stock.levels`.
    pub async fn availability(&self, variants: &[VariantId]) -> Result<BTreeMap<VariantId, u64>, StoreError> {
        let mut free: BTreeMap<VariantId, u64> = variants.iter().map(|variant| (*variant, 0)).collect();
        let cards = self.cards(variants, Consistency::Eventual).await?;
        for level in self.levels_of(&cards, Consistency::Eventual).await? {
            *free.entry(level.variant).or_default() += u64::from(level.free);
        }
        Ok(free)
    }

    /// What is set for a variant, and its levels at every location, in the order of its locations and shards. Strong.
    pub async fn levels(&self, variant: VariantId) -> Result<(Option<Card>, Vec<Level>), StoreError> {
        let cards = self.cards(&[variant], Consistency::Strong).await?;
        let levels = self.levels_of(&cards, Consistency::Strong).await?;
        Ok((cards.into_iter().next(), levels))
    }

    pub(super) async fn cards(
        &self,
        variants: &[VariantId],
        consistency: Consistency,
    ) -> Result<Vec<Card>, StoreError> {
        let mut distinct = variants.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() > VARIANTS_MAX {
            return Err(StoreError::Rejected(format!(
                "{} variants in one read; at most {VARIANTS_MAX}",
                distinct.len()
            )));
        }
        let keys: Vec<Key> = distinct.into_iter().map(keys::card).collect();
        self.records(&keys, consistency).await
    }

    /// The levels of cards, per card in the order of its locations, then shards.
    pub(super) async fn levels_of(&self, cards: &[Card], consistency: Consistency) -> Result<Vec<Level>, StoreError> {
        let mut keys = Vec::new();
        for card in cards {
            for location in &card.locations {
                keys.extend((0..card.rows).map(|shard| keys::level(card.variant, shard, *location)));
            }
        }
        let mut levels: Vec<Level> = self.records(&keys, consistency).await?;
        let place = |level: &Level| {
            let card = cards.iter().find(|card| card.variant == level.variant);
            let rank = card.and_then(|card| card.locations.iter().position(|location| *location == level.location));
            (level.variant, rank, level.shard)
        };
        levels.sort_by_key(place);
        Ok(levels)
    }

    async fn records<R: Record>(&self, keys: &[Key], consistency: Consistency) -> Result<Vec<R>, StoreError> {
        let mut records = Vec::with_capacity(keys.len());
        for batch in keys.chunks(BATCH_GET_MAX) {
            let items = self.dynamo.batch_get_items(&self.table, batch, consistency).await?;
            for item in items {
                records.push(from_item(item)?);
            }
        }
        Ok(records)
    }
}
