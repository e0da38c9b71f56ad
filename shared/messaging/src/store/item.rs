//! Shapes of the items that keep deliveries and endpoints.

use dynamo::{Item, Record, StoreError, from_item, to_item};
use serde::{Deserialize, Serialize};

use super::keys;
use crate::webhook::{Delivery, Endpoint, EndpointState};

/// How long a delivery is kept after its last change, in seconds: 90 days. TTL removes it.
const KEPT_S: i64 = 90 * 86_400;

#[derive(Serialize, Deserialize)]
struct DeliveryItem {
    delivery: Delivery,
    version: u64,
    list: String,
    listed_at: String,
    expires_at: i64,
}

impl Record for DeliveryItem {
    const ENTITY: &'static str = "delivery";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct EndpointItem {
    endpoint: Endpoint,
    stopped: bool,
    /// Only stopped endpoints are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listed_at: Option<String>,
}

impl Record for EndpointItem {
    const ENTITY: &'static str = "webhook-endpoint";
    const SHAPE: u16 = 1;
}

pub(super) fn of_delivery(delivery: &Delivery) -> Result<Item, StoreError> {
    let item = DeliveryItem {
        version: delivery.version,
        list: keys::endpoint_list(&delivery.endpoint, delivery.state.name()),
        listed_at: delivery.id.to_string(),
        expires_at: delivery.updated_at.plus_seconds(KEPT_S).seconds(),
        delivery: delivery.clone(),
    };
    to_item(&keys::delivery(delivery.order_id, delivery.id), &item)
}

pub(super) fn to_delivery(item: Item) -> Result<Delivery, StoreError> {
    from_item::<DeliveryItem>(item).map(|found| found.delivery)
}

pub(super) fn of_endpoint(endpoint: &Endpoint) -> Result<Item, StoreError> {
    let stopped_at = match endpoint.state {
        EndpointState::Stopped { at, .. } => Some(at),
        EndpointState::Open | EndpointState::Paused { .. } => None,
    };
    let item = EndpointItem {
        endpoint: endpoint.clone(),
        stopped: stopped_at.is_some(),
        list: stopped_at.map(|_| keys::STOPPED.to_owned()),
        listed_at: stopped_at.map(|at| format!("{at}#{}", endpoint.id)),
    };
    to_item(&keys::endpoint(&endpoint.id), &item)
}

pub(super) fn to_endpoint(item: Item) -> Result<Endpoint, StoreError> {
    from_item::<EndpointItem>(item).map(|found| found.endpoint)
}
