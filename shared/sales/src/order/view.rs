//! The order as our own API shows it, without personal data.

use kernel::{CheckoutId, Currency, CustomerId, Money, OrderId, Timestamp};
use serde::Serialize;

use super::{Adjustment, Delivery, FulfilmentEvent, Line, Order, Payment, Shipment, State, Total};

/// An order for its customer and for staff.
#[derive(Debug, Clone, Serialize)]
pub struct View<'a> {
    id: OrderId,
    version: u64,
    state: &'a State,
    checkout_id: CheckoutId,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<CustomerId>,
    placed_at: Timestamp,
    updated_at: Timestamp,
    currency: Currency,
    total: Money,
    refund_owed: Money,
    lines: &'a [Line],
    totals: &'a [Total],
    delivery: &'a Delivery,
    payment: &'a Payment,
    /// Whether it is paid at the door.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    on_delivery: bool,
    /// Whether staff hold it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    under_review: bool,
    shipments: &'a [Shipment],
    events: &'a [FulfilmentEvent],
    adjustments: &'a [Adjustment],
}

impl<'a> View<'a> {
    /// Of an order.
    pub fn of(order: &'a Order) -> Self {
        Self {
            id: order.id(),
            version: order.version(),
            state: order.state(),
            checkout_id: order.checkout(),
            customer_id: order.customer(),
            placed_at: order.placed_at(),
            updated_at: order.updated_at(),
            currency: order.currency(),
            total: order.total(),
            refund_owed: order.refund_owed(),
            lines: order.lines(),
            totals: order.totals(),
            delivery: order.delivery(),
            payment: order.payment(),
            on_delivery: order.on_delivery(),
            under_review: order.under_review(),
            shipments: order.shipments(),
            events: order.fulfilment_events(),
            adjustments: order.adjustments(),
        }
    }
}
