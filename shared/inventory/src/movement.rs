//! Receipts and adjustments.

use kernel::{Actor, LocationId, MovementId, Text, Timestamp, VariantId};
use serde::{Deserialize, Serialize};

use crate::{Level, LevelChange};

/// The most that one movement brings or takes.
pub const MOVEMENT_QUANTITY_MAX: i64 = 1_000_000;

/// Why stock changed without an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Goods came in from a supplier.
    Receipt,
    /// A customer's return was put back on the shelf.
    Return,
    /// A count found more or less.
    Count,
    /// Broken.
    Damage,
    /// Gone.
    Loss,
    /// Found again.
    Found,
    /// Left as a sample or for own use.
    OwnUse,
    /// A mistake in an earlier movement is put right.
    Correction,
}

/// A booked change of free stock at a location. Never changed afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Its id: a movement is booked once.
    pub id: MovementId,
    /// Of what.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// How much: positive in, negative out, never 0.
    pub quantity: i64,
    /// Why.
    pub reason: Reason,
    /// What staff wrote beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text<500>>,
    /// Who booked it.
    pub actor: Actor,
    /// When.
    pub booked_at: Timestamp,
}

/// Why a change cannot be spread over the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpreadError {
    /// More would go than is free here.
    #[error("{free} free, {asked} to take away")]
    NotFree {
        /// How much is free at the location.
        free: i64,
        /// How much would go.
        asked: i64,
    },
}

/// Spreads the free stock of a location, changed by `quantity`, evenly over the first `shards` shards; shards behind
/// them are emptied. `levels` are the location's shards as read. The changes sum to `quantity`.
///
/// # Errors
///
/// When more would go than is free.
pub fn spread(levels: &[Level], shards: u16, quantity: i64) -> Result<Vec<LevelChange>, SpreadError> {
    let free_of = |shard: u16| {
        levels
            .iter()
            .find(|level| level.shard == shard)
            .map_or(0, |level| i64::from(level.free))
    };
    let rows = levels
        .iter()
        .map(|level| level.shard.saturating_add(1))
        .max()
        .unwrap_or_default()
        .max(shards);
    let free: i64 = levels.iter().map(|level| i64::from(level.free)).sum();
    let total = free + quantity;
    if total < 0 {
        return Err(SpreadError::NotFree { free, asked: -quantity });
    }
    let count = i64::from(shards.max(1));
    let target = |shard: u16| {
        let extra = i64::from(i64::from(shard) < total.rem_euclid(count));
        if i64::from(shard) < count {
            total.div_euclid(count) + extra
        } else {
            0
        }
    };
    let changes = (0..rows).map(|shard| LevelChange {
        shard,
        delta: target(shard) - free_of(shard),
    });
    Ok(changes.filter(|change| change.delta != 0).collect())
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use proptest::prelude::*;

    use super::*;

    fn level(shard: u16, free: u32) -> Level {
        let variant = VariantId::from_parts(Timestamp::from_millis(1), [1; 10]);
        let location = LocationId::from_parts(Timestamp::from_millis(1), [2; 10]);
        Level {
            variant,
            location,
            shard,
            free,
            reserved: 0,
            sold: 0,
            booked: free,
        }
    }

    #[test]
    fn a_receipt_evens_the_shards_out() {
        let changes = spread(&[level(0, 9), level(1, 0)], 3, 4).unwrap();
        let deltas: Vec<_> = changes.iter().map(|change| (change.shard, change.delta)).collect();
        assert_eq!(deltas, [(0, -4), (1, 4), (2, 4)]);
    }

    #[test]
    fn no_more_goes_than_is_free() {
        assert_eq!(
            spread(&[level(0, 3)], 1, -4),
            Err(SpreadError::NotFree { free: 3, asked: 4 })
        );
        assert_eq!(
            spread(&[level(0, 3)], 1, -3).unwrap(),
            [LevelChange { shard: 0, delta: -3 }]
        );
    }

    proptest! {
        #[test]
        fn spreading_conserves_stock(frees in prop::collection::vec(0_u32..50, 0..8), shards in 1_u16..8, quantity in -100_i64..100) {
            let levels: Vec<Level> = frees.iter().zip(0_u16..).map(|(&free, shard)| level(shard, free)).collect();
            if let Ok(changes) = spread(&levels, shards, quantity) {
                prop_assert_eq!(changes.iter().map(|change| change.delta).sum::<i64>(), quantity);
                for change in changes {
                    let was = frees.get(usize::from(change.shard)).copied().unwrap_or_default();
                    prop_assert!(i64::from(was) + change.delta >= 0);
                }
            } else {
                prop_assert!(frees.iter().map(|free| i64::from(*free)).sum::<i64>() + quantity < 0);
            }
        }
    }
}
