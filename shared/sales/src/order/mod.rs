//! Orders: a pure state machine. Nothing here knows of tables, HTTP or clocks.
//!
//! [`Order::place`] makes one; every transition consumes it and gives back a [`Changed`] (the order one version on, its
//! entry of the change history, its events) or a [`Refused`]. What may follow what stands in one table, in `state`.

mod adjustment;
mod aggregate;
mod body;
mod cancel;
mod cash;
mod change;
mod delivery;
mod fulfil;
mod line;
mod money;
mod pay;
mod payback;
mod place;
mod refund;
mod review;
mod state;
mod view;

pub use adjustment::{ADJUSTMENTS_MAX, Adjustment, AdjustmentKind, AdjustmentStatus, SignedQuantity};
pub use aggregate::{Inconsistent, Order, Platform};
pub use body::permalink;
pub use cancel::Cancel;
pub use change::{Act, Change, Changed, FieldChange, REASON_CHARS_MAX, Reason, Refused};
pub use delivery::{
    Delivery, DeliveryMethod, EXPECTATIONS_MAX, Expectation, FULFILMENT_EVENTS_MAX, FulfilmentEvent, NewShipment,
    SHIPMENTS_MAX, Scan, Shipment, ShipmentStatus,
};
pub use line::{COMPONENTS_MAX, Component, LINES_MAX, Line, LineQuantity, Quantities, UNITS_MAX};
pub use money::{Payment, PaymentStatus, TOTALS_MAX, Total, TotalKind};
pub use payback::Payback;
pub use place::{BUYER_FIELD, Buyer, DESTINATION_FIELD, PAYMENT_DUE_S, Placement, SEALED_ENTITY};
pub use state::{Hold, InvalidTransition, STATES, State, StateName, Step, UnknownState};
pub use ucp::fulfillment::PostalAddress as Address;
pub use view::View;

#[cfg(test)]
mod tests;
