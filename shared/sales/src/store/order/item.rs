//! Shapes of the items that keep orders.

use dynamo::{Item, Record, StoreError, from_item, to_item};
use serde::{Deserialize, Serialize};

use super::keys;
use crate::order::{Change, Order};

/// The order, with its version and its places in the lists beside it.
#[derive(Serialize, Deserialize)]
struct OrderItem {
    order: Order,
    version: u64,
    state_list: String,
    day_list: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer_list: Option<String>,
    listed_at: String,
}

impl Record for OrderItem {
    const ENTITY: &'static str = "order";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct HistoryItem {
    change: Change,
}

impl Record for HistoryItem {
    const ENTITY: &'static str = "order-history";
    const SHAPE: u16 = 1;
}

pub(super) fn of_order(order: &Order) -> Result<Item, StoreError> {
    let (id, day, shard) = (order.id(), order.placed_at().day(), keys::shard(order.id()));
    let item = OrderItem {
        order: order.clone(),
        version: order.version(),
        state_list: keys::state_list(order.state().name(), &day, shard),
        day_list: keys::day_list(&day, shard),
        customer_list: order.customer().map(keys::customer_list),
        listed_at: keys::listed_at(order.placed_at(), id),
    };
    to_item(&keys::order(id), &item)
}

/// An order that breaks a rule is corrupt, neither repaired nor trusted.
pub(super) fn to_order(item: Item) -> Result<Order, StoreError> {
    let found: OrderItem = from_item(item)?;
    let corrupt = |attribute: String| {
        let key = keys::order(found.order.id());
        StoreError::Corrupt {
            pk: key.pk,
            sk: key.sk,
            attribute,
        }
    };
    found.order.check().map_err(|error| corrupt(error.to_string()))?;
    if found.version != found.order.version() {
        return Err(corrupt("version beside the order is another".to_owned()));
    }
    Ok(found.order)
}

pub(super) fn of_change(change: &Change) -> Result<Item, StoreError> {
    to_item(
        &keys::history(change.order_id, change.version),
        &HistoryItem { change: change.clone() },
    )
}

pub(super) fn to_change(item: Item) -> Result<Change, StoreError> {
    from_item::<HistoryItem>(item).map(|found| found.change)
}
