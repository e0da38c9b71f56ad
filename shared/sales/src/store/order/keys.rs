//! Keys of orders, typed in and typed out.

use dynamo::{Key, key};
use kernel::{CustomerId, OrderId, Timestamp};

use crate::order::StateName;

/// Shards of the lists by state and by day: each takes its share of a busy day's writes.
pub(super) const LIST_SHARDS: u8 = 4;
/// Sort key of the order itself.
const ORDER: &str = "order";
/// What sort keys of the change history begin with.
pub(super) const HISTORY: &str = "history#";

pub(super) fn order(id: OrderId) -> Key {
    key(id.to_string(), ORDER)
}

/// Versions in a fixed width sort as numbers do.
pub(super) fn history(id: OrderId, version: u64) -> Key {
    key(id.to_string(), format!("{HISTORY}{version:010}"))
}

/// The order of an item's partition key.
pub(super) fn order_of(pk: &str) -> Option<OrderId> {
    pk.parse().ok()
}

/// The same shard for an order in all its lists, for ever: the last byte of its id, which is random.
pub(super) fn shard(id: OrderId) -> u8 {
    use kernel::Id;
    id.uuid().as_bytes().last().copied().unwrap_or_default() % LIST_SHARDS
}

pub(super) fn state_list(state: StateName, day: &str, shard: u8) -> String {
    format!("{state}#{day}#{shard}")
}

pub(super) fn day_list(day: &str, shard: u8) -> String {
    format!("{day}#{shard}")
}

pub(super) fn customer_list(customer: CustomerId) -> String {
    customer.to_string()
}

/// Where an order stands in its lists: by time, then by id. Times of one width sort as text.
pub(super) fn listed_at(placed_at: Timestamp, id: OrderId) -> String {
    format!("{placed_at}#{id}")
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_parses_back_to_its_order(millis in 0_i64..4_000_000_000_000, random: [u8; 10]) {
            let id = OrderId::from_parts(Timestamp::from_millis(millis), random);
            prop_assert_eq!(order_of(&order(id).pk), Some(id));
            prop_assert!(!id.to_string().contains('#'));
            prop_assert!(shard(id) < LIST_SHARDS);
        }

        #[test]
        fn histories_sort_by_version(first in 1_u64..1_000_000, more in 1_u64..1_000_000) {
            let id = OrderId::from_parts(Timestamp::from_millis(1), [1; 10]);
            prop_assert!(history(id, first).sk < history(id, first + more).sk);
        }
    }
}
