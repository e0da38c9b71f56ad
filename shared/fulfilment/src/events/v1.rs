//! Version 1 of the events of shipments and their tracking. Frozen once released.

use kernel::{Event, LocationId, OrderId, ShipmentId, Timestamp};
use serde::{Deserialize, Serialize};

/// A shipment is to be picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentCreated {
    /// Its order.
    pub order_id: OrderId,
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Its version after the change.
    pub version: u64,
    /// Where it is picked, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_id: Option<LocationId>,
}

/// A shipment was handed to a carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentShipped {
    /// Its order.
    pub order_id: OrderId,
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Its version after the change.
    pub version: u64,
    /// The carrier's code.
    pub carrier: String,
    /// The carrier's number.
    pub number: String,
}

/// The carrier saw a shipment elsewhere, or it was cancelled or given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentStatusChanged {
    /// Its order.
    pub order_id: OrderId,
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Its version after the change.
    pub version: u64,
    /// Status before.
    pub from: String,
    /// Status now: a canonical status, `cancelled` or `lost`.
    pub to: String,
    /// Since when, by the carrier's clock where the carrier told.
    pub at: Timestamp,
}

/// A shipment was delivered, by the carrier's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentDelivered {
    /// Its order.
    pub order_id: OrderId,
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Its version after the change.
    pub version: u64,
    /// When, by the carrier's clock.
    pub at: Timestamp,
}

/// Somebody must look after a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentException {
    /// Its order.
    pub order_id: OrderId,
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Its version after the change.
    pub version: u64,
    /// What is wrong: `attempt_failed`, `exception`, `refused`, `returning`, `cancelled`, `lost`.
    pub status: String,
    /// Since when.
    pub at: Timestamp,
}

/// Nothing was heard of a shipment for too long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentSilent {
    /// Its order.
    pub order_id: OrderId,
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Its version after the change.
    pub version: u64,
    /// When it was last heard of, by our clock.
    pub since: Timestamp,
}

/// A carrier's notice was kept, or a parcel got its owner: look at the parcel again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingNoticed {
    /// The carrier's code.
    pub carrier: String,
    /// The carrier's number.
    pub number: String,
    /// Which kept notice; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeRef>,
}

/// A kept notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRef {
    /// Who sent it.
    pub provider: String,
    /// SHA-256 of its bytes, hex.
    pub digest: String,
}

/// The provider stopped watching a parcel that has not arrived: subscribe again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingWatchEnded {
    /// The carrier's code.
    pub carrier: String,
    /// The carrier's number.
    pub number: String,
    /// Its shipment, if staff have entered the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_id: Option<ShipmentId>,
}

macro_rules! events {
    ($($name:ident = $text:literal by $key:expr;)*) => {$(
        impl Event for $name {
            const NAME: &'static str = $text;
            const VERSION: u16 = 1;
            fn key(&self) -> String {
                let key: fn(&Self) -> String = $key;
                key(self)
            }
        }
    )*};
}

events! {
    ShipmentCreated = "shipment.created" by |event| event.order_id.to_string();
    ShipmentShipped = "shipment.shipped" by |event| event.order_id.to_string();
    ShipmentStatusChanged = "shipment.status_changed" by |event| event.order_id.to_string();
    ShipmentDelivered = "shipment.delivered" by |event| event.order_id.to_string();
    ShipmentException = "shipment.exception" by |event| event.order_id.to_string();
    ShipmentSilent = "shipment.silent" by |event| event.order_id.to_string();
    TrackingNoticed = "tracking.noticed" by |event| format!("{}#{}", event.carrier, event.number);
    TrackingWatchEnded = "tracking.watch_ended" by |event| format!("{}#{}", event.carrier, event.number);
}
