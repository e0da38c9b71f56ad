//! Keys of the messaging table. An order's deliveries share its partition, sorted by the time of their events.

use dynamo::{Key, key};
use kernel::{DeliveryId, NotificationId, OrderId};

use crate::webhook::EndpointId;

/// What the sort keys of deliveries begin with.
pub(super) const DELIVERY: &str = "delivery#";
/// The index of lists.
pub(super) const LISTS: &str = "by-list";
/// The list of stopped endpoints.
pub(super) const STOPPED: &str = "stopped-endpoints";

pub(super) fn delivery(order: OrderId, id: DeliveryId) -> Key {
    key(order.to_string(), format!("{DELIVERY}{id}"))
}

pub(super) fn endpoint(id: &EndpointId) -> Key {
    key(id.to_string(), "endpoint")
}

/// Notifications lie with what they are about: an order, a variant, a person.
pub(super) fn notification(about: &str, id: NotificationId) -> Key {
    key(about, format!("notification#{id}"))
}

/// The deliveries of an endpoint in a state.
pub(super) fn endpoint_list(id: &EndpointId, state: &str) -> String {
    format!("{id}#{state}")
}
