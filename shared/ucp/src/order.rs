//! Orders on the wire: answers of `GET /orders/{id}` and bodies of order webhooks.

use serde::{Deserialize, Serialize};

use crate::{Message, Metadata, Total, checkout::Item, fulfillment::PostalAddress};

/// How many of a line there were, are, and were delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantity {
    /// At checkout.
    pub original: u32,
    /// Now, without what was cancelled or returned.
    pub total: u32,
    /// Handed over.
    pub fulfilled: u32,
}

/// Follows from the quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineStatus {
    /// Nothing handed over.
    Processing,
    /// Some.
    Partial,
    /// All.
    Fulfilled,
    /// Nothing left of it.
    Removed,
}

impl Quantity {
    /// The status that these quantities mean.
    pub const fn status(self) -> LineStatus {
        match (self.total, self.fulfilled) {
            (0, _) => LineStatus::Removed,
            (total, fulfilled) if fulfilled >= total => LineStatus::Fulfilled,
            (_, 0) => LineStatus::Processing,
            (_, _) => LineStatus::Partial,
        }
    }
}

/// A line: every one that ever existed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// As in the checkout.
    pub id: String,
    /// What.
    pub item: Item,
    /// How many.
    pub quantity: Quantity,
    /// What it costs.
    pub totals: Vec<Total>,
    /// Follows from the quantities.
    pub status: LineStatus,
}

/// Some of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePart {
    /// The line's id.
    pub id: String,
    /// How many; negative in adjustments that take away.
    pub quantity: i64,
}

/// A promise: what arrives where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// Its id.
    pub id: String,
    /// What.
    pub line_items: Vec<LinePart>,
    /// `shipping`, `pickup` or `digital`.
    pub method_type: String,
    /// Where.
    pub destination: PostalAddress,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Something that happened to goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentEvent {
    /// Its id.
    pub id: String,
    /// RFC 3339.
    pub occurred_at: String,
    /// `processing`, `shipped`, `in_transit`, `delivered`, `failed_attempt`, `canceled`, `undeliverable`,
    /// `returned_to_sender`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What.
    pub line_items: Vec<LinePart>,
    /// Carrier's number; required unless processing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Where to follow it; required unless processing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// Carrier's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Promises and what came of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFulfillment {
    /// Promises.
    pub expectations: Vec<Expectation>,
    /// Append-only.
    pub events: Vec<FulfillmentEvent>,
}

/// Something that happened to the order itself: cancellation, refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Its id.
    pub id: String,
    /// `refund`, `cancellation`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// RFC 3339.
    pub occurred_at: String,
    /// `pending`, `completed` or `failed`.
    pub status: String,
    /// What; negative quantities take away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub line_items: Vec<LinePart>,
    /// Signed; negative is money back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub totals: Vec<Total>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Order {
    /// [`Metadata::of`] the operation [`crate::Operation::Order`], or what was negotiated.
    pub ucp: Metadata,
    /// The order's id.
    pub id: String,
    /// The session that it came from.
    pub checkout_id: String,
    /// Where a buyer reads it.
    pub permalink_url: String,
    /// Lines.
    pub line_items: Vec<OrderLine>,
    /// Promises and events.
    pub fulfillment: OrderFulfillment,
    /// Append-only.
    pub adjustments: Vec<Adjustment>,
    /// ISO 4217.
    pub currency: String,
    /// What it costs.
    pub totals: Vec<Total>,
    /// What should be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}
