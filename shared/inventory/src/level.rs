//! Counts of one shard, and what is set per variant.

use kernel::{LocationId, VariantId};
use serde::{Deserialize, Serialize};

/// The most shards that one variant's stock is split over at one location.
pub const SHARDS_MAX: u16 = 16;
/// The most locations that hold one variant.
pub const LOCATIONS_PER_VARIANT_MAX: usize = 16;
/// The highest low-stock threshold.
pub const THRESHOLD_MAX: u32 = 1_000_000;

/// The counts of one shard of one variant at one location. Always `free + reserved + sold = booked`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// What is counted.
    pub variant: VariantId,
    /// Where it lies.
    pub location: LocationId,
    /// Which part of the split, from 0.
    pub shard: u16,
    /// For sale.
    pub free: u32,
    /// Held for orders.
    pub reserved: u32,
    /// Left with shipments.
    pub sold: u32,
    /// Received and adjusted in all.
    pub booked: u32,
}

impl Level {
    /// Whether the counts sum up.
    pub fn balanced(&self) -> bool {
        u64::from(self.free) + u64::from(self.reserved) + u64::from(self.sold) == u64::from(self.booked)
    }
}

/// A change of one shard's free and booked stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelChange {
    /// Which shard.
    pub shard: u16,
    /// By how much; negative takes away.
    pub delta: i64,
}

/// What is set per variant: where its stock lies, over how many shards, and when it counts as low.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Whose.
    pub variant: VariantId,
    /// Over how many shards receipts spread the free stock of a location.
    pub shards: u16,
    /// How many shards may hold anything: the highest `shards` ever was.
    pub rows: u16,
    /// Every location that was ever booked, in the order of the first booking: the order in which they serve.
    pub locations: Vec<LocationId>,
    /// Free stock below this is low; `None` never is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<u32>,
    /// Whether the last crossing that was told was downwards.
    pub low: bool,
    /// Grows with each change.
    pub version: u64,
}

/// That free stock has crossed its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crossing {
    /// Whose stock.
    pub variant: VariantId,
    /// Free stock afterwards, over all locations.
    pub free: u64,
    /// The threshold.
    pub threshold: u32,
    /// Downwards: an event is due. Upwards: only the card forgets.
    pub low: bool,
    /// The card's version that this was decided on.
    pub card_version: u64,
}

impl Card {
    /// Of a variant that was never booked.
    pub const fn new(variant: VariantId) -> Self {
        Self {
            variant,
            shards: 1,
            rows: 1,
            locations: Vec::new(),
            threshold: None,
            low: false,
            version: 0,
        }
    }

    /// Whether free stock that goes from `before` to `after` crosses the threshold.
    ///
    /// Giving stock back does not look at the card, so the card may still say low when stock has recovered: then going
    /// down again from above the threshold is a crossing all the same.
    pub fn crossing(&self, before: u64, after: u64) -> Option<Crossing> {
        let threshold = self.threshold?;
        let bound = u64::from(threshold);
        let down = after < bound && (before >= bound || !self.low);
        let up = after >= bound && self.low;
        (down || up).then_some(Crossing {
            variant: self.variant,
            free: after,
            threshold,
            low: down,
            card_version: self.version,
        })
    }

    /// The card with another split.
    #[must_use]
    pub fn with_shards(mut self, shards: u16) -> Self {
        self.shards = shards.clamp(1, SHARDS_MAX);
        self.rows = self.rows.max(self.shards);
        self
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Timestamp};

    use super::*;

    fn card(low: bool) -> Card {
        let variant = VariantId::from_parts(Timestamp::from_millis(1), [1; 10]);
        Card {
            threshold: Some(10),
            low,
            ..Card::new(variant)
        }
    }

    #[test]
    fn falling_below_the_threshold_is_told_once() {
        assert!(card(false).crossing(10, 9).unwrap().low);
        assert_eq!(card(true).crossing(9, 8), None);
    }

    #[test]
    fn a_crossing_that_nobody_saw_is_told_by_the_next_one() {
        assert!(card(false).crossing(7, 6).unwrap().low);
    }

    #[test]
    fn stock_that_recovered_can_fall_again() {
        assert!(!card(true).crossing(5, 10).unwrap().low);
        assert!(card(true).crossing(12, 9).unwrap().low);
    }

    #[test]
    fn without_a_threshold_nothing_is_low() {
        assert_eq!(
            Card {
                threshold: None,
                ..card(false)
            }
            .crossing(5, 0),
            None
        );
    }

    #[test]
    fn fewer_shards_are_still_all_read() {
        let card = card(false).with_shards(8).with_shards(2);
        assert_eq!((card.shards, card.rows), (2, 8));
    }
}
