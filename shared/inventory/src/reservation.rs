//! Stock held for an order.

use kernel::{LocationId, OrderId, Timestamp, VariantId};
use serde::{Deserialize, Serialize};

use crate::Crossing;

/// The most variants that one reservation names.
pub const LINES_MAX: usize = 60;
/// The most takes of one reservation: each is a part of the order's transaction, which needs room for its own.
pub const TAKES_MAX: usize = 75;
/// The most of one variant that one reservation holds.
pub const QUANTITY_MAX: u32 = 100_000;

/// What one reservation takes from one shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// What.
    pub variant: VariantId,
    /// From where.
    pub location: LocationId,
    /// From which shard.
    pub shard: u16,
    /// How much was held in all.
    pub quantity: u32,
    /// How much of it was given back.
    #[serde(default)]
    pub released: u32,
    /// How much of it has left.
    #[serde(default)]
    pub sold: u32,
}

impl Take {
    /// What is still held.
    pub const fn held(&self) -> u32 {
        self.quantity.saturating_sub(self.released).saturating_sub(self.sold)
    }
}

/// Where a reservation stands. It is derived from its takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReservationState {
    /// Something is still held.
    Held,
    /// All was given back: the order may reserve again.
    Released,
    /// Nothing is held any more, and something has left.
    Sold,
}

/// Tells one try to reserve from the next of the same order: random, hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hold(String);

impl Hold {
    /// From random bytes.
    pub fn of(random: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(random)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Stock held for an order, over shards and locations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Whose.
    pub order: OrderId,
    /// Which try of the order: parts made from an older try are refused.
    pub hold: Hold,
    /// Where it stands.
    pub state: ReservationState,
    /// Grows with each settlement.
    pub version: u64,
    /// What was taken from where.
    pub takes: Vec<Take>,
    /// When it was planned.
    pub created_at: Timestamp,
    /// Thresholds that reserving crosses: told in the same transaction, not kept.
    #[serde(skip)]
    pub crossings: Vec<Crossing>,
}

/// What becomes of held stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// It is for sale again.
    Release,
    /// It has left.
    Fulfil,
}

/// Why held stock cannot be settled so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettleError {
    /// The reservation does not hold that much of the variant.
    #[error("{variant}: {asked} asked, {held} held")]
    NotHeld {
        /// Of what.
        variant: VariantId,
        /// How much was asked for.
        asked: u32,
        /// How much is held.
        held: u32,
    },
}

impl Reservation {
    /// What is still held of a variant.
    pub fn held(&self, variant: VariantId) -> u32 {
        self.takes
            .iter()
            .filter(|take| take.variant == variant)
            .map(Take::held)
            .sum()
    }

    /// Everything that is still held, for settling all of it.
    pub fn remaining(&self) -> Vec<(VariantId, u32)> {
        let held = self.takes.iter().filter(|take| take.held() > 0);
        held.map(|take| (take.variant, take.held())).collect()
    }

    /// Settles quantities of variants, from the takes in their order. Gives the reservation afterwards, and per take
    /// that changed how much of it did.
    pub fn settle(
        mut self,
        quantities: &[(VariantId, u32)],
        settlement: Settlement,
    ) -> Result<(Self, Vec<(Take, u32)>), SettleError> {
        let before = self.clone();
        for &(variant, asked) in quantities {
            let held = self.held(variant);
            if held < asked {
                return Err(SettleError::NotHeld { variant, asked, held });
            }
            let mut left = asked;
            for take in self.takes.iter_mut().filter(|take| take.variant == variant) {
                let part = left.min(take.held());
                left -= part;
                match settlement {
                    Settlement::Release => take.released += part,
                    Settlement::Fulfil => take.sold += part,
                }
            }
        }
        let changes = before.takes.iter().zip(&self.takes);
        let moved = changes
            .map(|(was, is)| (*is, was.held() - is.held()))
            .filter(|(_, part)| *part > 0)
            .collect();
        self.state = self.derived_state();
        self.version += 1;
        Ok((self, moved))
    }

    fn derived_state(&self) -> ReservationState {
        if self.takes.iter().any(|take| take.held() > 0) {
            return ReservationState::Held;
        }
        if self.takes.iter().any(|take| take.sold > 0) {
            return ReservationState::Sold;
        }
        ReservationState::Released
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;

    fn variant(n: u8) -> VariantId {
        VariantId::from_parts(Timestamp::from_millis(1), [n; 10])
    }

    fn take(n: u8, shard: u16, quantity: u32) -> Take {
        let location = LocationId::from_parts(Timestamp::from_millis(1), [9; 10]);
        Take {
            variant: variant(n),
            location,
            shard,
            quantity,
            released: 0,
            sold: 0,
        }
    }

    fn reservation() -> Reservation {
        Reservation {
            order: OrderId::from_parts(Timestamp::from_millis(1), [1; 10]),
            hold: Hold::of([7; 8]),
            state: ReservationState::Held,
            version: 1,
            takes: vec![take(1, 0, 3), take(1, 1, 2), take(2, 0, 1)],
            created_at: Timestamp::from_millis(1),
            crossings: Vec::new(),
        }
    }

    #[test]
    fn part_of_a_line_can_leave_and_the_rest_be_given_back() {
        let (after, moved) = reservation().settle(&[(variant(1), 4)], Settlement::Fulfil).unwrap();
        assert_eq!(
            moved.iter().map(|(take, part)| (take.shard, *part)).collect::<Vec<_>>(),
            [(0, 3), (1, 1)]
        );
        assert_eq!(after.state, ReservationState::Held);
        let rest = after.remaining();
        let (after, _) = after.settle(&rest, Settlement::Release).unwrap();
        assert_eq!(after.state, ReservationState::Sold);
        assert_eq!(after.version, 3);
    }

    #[test]
    fn all_given_back_is_released() {
        let all = reservation().remaining();
        assert_eq!(
            reservation().settle(&all, Settlement::Release).unwrap().0.state,
            ReservationState::Released
        );
    }

    #[test]
    fn more_than_is_held_is_refused() {
        let refused = reservation().settle(&[(variant(2), 2)], Settlement::Fulfil);
        assert_eq!(
            refused,
            Err(SettleError::NotHeld {
                variant: variant(2),
                asked: 2,
                held: 1
            })
        );
    }
}
