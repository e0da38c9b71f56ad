//! Version 1 of the events of orders: ids and counts only, no personal data. Frozen once released.

use kernel::{CheckoutId, CustomerId, Event, LineId, OrderId, ShipmentId};
use serde::{Deserialize, Serialize};

/// An order was placed and waits for its payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPlaced {
    /// The order.
    pub order_id: OrderId,
    /// Its version after the change.
    pub version: u64,
    /// The checkout that placed it.
    pub checkout_id: CheckoutId,
    /// The signed-in customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
}

/// An order was paid in full, in time or after it had expired: fulfil it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPaid {
    /// The order.
    pub order_id: OrderId,
    /// Its version after the change.
    pub version: u64,
}

/// An order is to be fulfilled, and not because it was paid just now: it is paid at the door, or its review is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderConfirmed {
    /// The order.
    pub order_id: OrderId,
    /// Its version after the change.
    pub version: u64,
}

/// An order, or some of its units, was cancelled before shipment. What is owed to the buyer is `Order::refund_owed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCancelled {
    /// The order.
    pub order_id: OrderId,
    /// Its version after the change.
    pub version: u64,
    /// Whether the order as a whole is cancelled.
    pub whole: bool,
    /// The units that were cancelled now.
    pub lines: Vec<CancelledLine>,
}

/// Units of one line that were cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelledLine {
    /// The line.
    pub line_id: LineId,
    /// How many.
    pub quantity: u32,
}

/// An order was not paid in time; its stock went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderExpired {
    /// The order.
    pub order_id: OrderId,
    /// Its version after the change.
    pub version: u64,
}

/// A parcel of an order was handed to its carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderShipped {
    /// The order.
    pub order_id: OrderId,
    /// Its version after the change.
    pub version: u64,
    /// The parcel.
    pub shipment_id: ShipmentId,
}

/// A parcel of an order was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderDelivered {
    /// The order.
    pub order_id: OrderId,
    /// Its version after the change.
    pub version: u64,
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// Whether nothing of the order is left to ship or deliver.
    pub complete: bool,
}

/// An order changed in a way that has no event of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderChanged {
    /// The order.
    pub order_id: OrderId,
    /// Its version after the change.
    pub version: u64,
    /// What happened, as in the change history: `held`, `payment_noted`, `allocated`, `tracked`, `returned`.
    pub what: String,
}

macro_rules! events {
    ($($name:ident = $text:literal;)*) => {$(
        impl Event for $name {
            const NAME: &'static str = $text;
            const VERSION: u16 = 1;
            fn key(&self) -> String {
                self.order_id.to_string()
            }
        }
    )*};
}

events! {
    OrderPlaced = "order.placed";
    OrderPaid = "order.paid";
    OrderConfirmed = "order.confirmed";
    OrderCancelled = "order.cancelled";
    OrderExpired = "order.expired";
    OrderShipped = "order.shipped";
    OrderDelivered = "order.delivered";
    OrderChanged = "order.changed";
}
