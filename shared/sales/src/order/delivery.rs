//! How an order gets to its buyer: what was promised, and what happened.

use kernel::{ShipmentId, Timestamp};
use serde::{Deserialize, Serialize};

use super::LineQuantity;

/// The most shipments of one order.
pub const SHIPMENTS_MAX: usize = 100;
/// The most fulfilment events that one order keeps; further ones stay with the shipment.
pub const FULFILMENT_EVENTS_MAX: usize = 400;
/// The most promises of one order.
pub const EXPECTATIONS_MAX: usize = 50;

/// The fulfilment that the buyer chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Shipping, pick-up or digital.
    pub method: DeliveryMethod,
    /// Id of the chosen option, as checkout named it.
    pub option: String,
    /// Its title at the time.
    pub title: String,
    /// What the buyer was promised.
    pub expectations: Vec<Expectation>,
}

/// How units reach the buyer, in UCP's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMethod {
    /// By carrier.
    Shipping,
    /// At a store.
    Pickup,
    /// Without goods.
    Digital,
}

impl DeliveryMethod {
    /// As UCP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shipping => "shipping",
            Self::Pickup => "pickup",
            Self::Digital => "digital",
        }
    }
}

/// One promise: these units, in this way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// Unique in the order.
    pub id: String,
    /// What was promised.
    pub lines: Vec<LineQuantity>,
    /// What buyers read, such as "arrives in 2 to 3 days".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What the order knows of one parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// Its id in the fulfilment context.
    pub id: ShipmentId,
    /// Carrier, such as `sf-express`.
    pub carrier: String,
    /// The carrier's number.
    pub number: String,
    /// Where buyers follow it.
    pub tracking_url: String,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// Where it was last known to be.
    pub status: ShipmentStatus,
    /// When it was handed to the carrier.
    pub shipped_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
}

/// A parcel that is being handed to a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShipment {
    /// Its id in the fulfilment context.
    pub id: ShipmentId,
    /// Carrier.
    pub carrier: String,
    /// The carrier's number.
    pub number: String,
    /// Where buyers follow it: an absolute URL, which UCP demands.
    pub tracking_url: String,
    /// What is in it: allocated units, each line at most once.
    pub lines: Vec<LineQuantity>,
}

/// Where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// Handed to the carrier.
    Shipped,
    /// On its way.
    InTransit,
    /// The carrier came in vain.
    FailedAttempt,
    /// Delayed, damaged, refused or lost: a person looks after it.
    Exception,
    /// With the buyer. Final, but for a return.
    Delivered,
    /// Back with us. Final.
    Returned,
}

impl ShipmentStatus {
    /// The type of the UCP fulfilment event.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shipped => "shipped",
            Self::InTransit => "in_transit",
            Self::FailedAttempt => "failed_attempt",
            Self::Exception => "undeliverable",
            Self::Delivered => "delivered",
            Self::Returned => "returned_to_sender",
        }
    }

    pub(super) const fn closed(self) -> bool {
        match self {
            Self::Delivered | Self::Returned => true,
            Self::Shipped | Self::InTransit | Self::FailedAttempt | Self::Exception => false,
        }
    }
}

/// What happened to a parcel: append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfilmentEvent {
    /// Unique in the order.
    pub id: String,
    /// Which parcel.
    pub shipment: ShipmentId,
    /// What.
    pub status: ShipmentStatus,
    /// When it happened, by the carrier's clock where the carrier told.
    pub at: Timestamp,
    /// What buyers read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a carrier's scan says of a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Which parcel.
    pub shipment: ShipmentId,
    /// Where it is.
    pub status: ShipmentStatus,
    /// When, by the carrier's clock.
    pub at: Timestamp,
    /// What buyers may read; no personal data.
    pub description: Option<String>,
}
