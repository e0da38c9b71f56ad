//! Keys of the inventory table. Ids hold no `#`, so the parts of a key never run together.

use dynamo::{Key, key};
use kernel::{LocationId, MovementId, OrderId, VariantId};

/// Partition of all locations.
pub(super) const LOCATIONS: &str = "locations";

/// A shard's counts. The shard is part of the partition key: shards of a hot variant are different partitions.
pub(super) fn level(variant: VariantId, shard: u16, location: LocationId) -> Key {
    key(format!("stock#{variant}#{shard}"), location.to_string())
}

/// What is set per variant.
pub(super) fn card(variant: VariantId) -> Key {
    key(format!("card#{variant}"), "card")
}

/// An order's reservation.
pub(super) fn reservation(order: OrderId) -> Key {
    key(format!("reservation#{order}"), "reservation")
}

/// Partition of a variant's movements, oldest first by id.
pub(super) fn movements(variant: VariantId) -> String {
    format!("movements#{variant}")
}

/// A movement.
pub(super) fn movement(variant: VariantId, id: MovementId) -> Key {
    key(movements(variant), id.to_string())
}

/// A location.
pub(super) fn location(id: LocationId) -> Key {
    key(LOCATIONS, id.to_string())
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Timestamp};

    use super::*;

    #[test]
    fn parts_of_a_key_read_back() {
        let variant = VariantId::from_parts(Timestamp::from_millis(5), [3; 10]);
        let place = LocationId::from_parts(Timestamp::from_millis(6), [4; 10]);
        let key = level(variant, 12, place);
        let parts: Vec<&str> = key.pk.split('#').collect();
        assert_eq!(parts[1].parse(), Ok(variant));
        assert_eq!(parts[2], "12");
        assert_eq!(key.sk.parse(), Ok(place));
    }
}
