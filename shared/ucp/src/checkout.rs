//! Checkout sessions on the wire.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::{
    Message, Metadata, Total,
    fulfillment::{Fulfillment, FulfillmentInput},
    payment::{Payment, PaymentInput},
};

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// Something is missing: see the messages.
    Incomplete,
    /// The buyer must go on at `continue_url`.
    RequiresEscalation,
    /// Can be completed.
    ReadyForComplete,
    /// Is being completed.
    CompleteInProgress,
    /// Has an order; never changes again.
    Completed,
    /// Given up, or its time is over; never changes again.
    Canceled,
}

/// What a line is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The variant's id.
    pub id: String,
    /// Ours, whatever the request said.
    pub title: String,
    /// Unit price in minor units; ours, whatever the request said.
    pub price: i64,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
}

/// A line in a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineItem {
    /// Stable over updates.
    pub id: String,
    /// What.
    pub item: Item,
    /// How many.
    pub quantity: u32,
    /// What it costs.
    pub totals: Vec<Total>,
}

/// A line in a request. Prices and titles that it may carry are not even read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LineInput {
    /// The line that it replaces; a line without is new.
    #[serde(default)]
    pub id: Option<String>,
    /// What.
    pub item: ItemInput,
    /// Any JSON number: which ones make sense is a rule.
    pub quantity: Number,
}

/// What a requested line is of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ItemInput {
    /// The variant's id.
    pub id: String,
}

/// What the buyer agrees to; absent means not asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Analytics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analytics: Option<bool>,
    /// Keeping preferences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferences: Option<bool>,
    /// Marketing messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marketing: Option<bool>,
    /// Sale of data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_of_data: Option<bool>,
}

/// Who buys. Personal data: kept sealed only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// First name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// E-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone, E.164.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// With the extension `buyer_consent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
}

/// Hints about the buyer's market; not authoritative.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_country: Option<String>,
    /// First-level division.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_region: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Claims; those that we do not know never block.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eligibility: Vec<String>,
}

/// The body of create and of update, which replaces all of it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CheckoutInput {
    /// What to buy.
    pub line_items: Vec<LineInput>,
    /// Who buys.
    #[serde(default)]
    pub buyer: Option<Buyer>,
    /// Hints.
    #[serde(default)]
    pub context: Option<Context>,
    /// How it gets there.
    #[serde(default)]
    pub fulfillment: Option<FulfillmentInput>,
    /// Instruments; kept as they are shown, without credentials.
    #[serde(default)]
    pub payment: Option<PaymentInput>,
    /// Campaign identifiers.
    #[serde(default)]
    pub attribution: Option<Map<String, Value>>,
}

/// The body of complete.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CompleteInput {
    /// How it is paid.
    pub payment: PaymentInput,
}

/// A link that must be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// `terms_of_service`, `privacy_policy`, `refund_policy`, `shipping_policy`, `faq`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where.
    pub url: String,
}

/// The order of a completed session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderConfirmation {
    /// The order's id.
    pub id: String,
    /// Where a buyer reads it.
    pub permalink_url: String,
}

/// A session in a response.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checkout {
    /// What was negotiated.
    pub ucp: Metadata,
    /// The session's id.
    pub id: String,
    /// Lines, in the request's order.
    pub line_items: Vec<LineItem>,
    /// Who buys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Buyer>,
    /// Hints, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// Where it stands.
    pub status: CheckoutStatus,
    /// ISO 4217; ours to choose.
    pub currency: String,
    /// What it costs.
    pub totals: Vec<Total>,
    /// What stands in the way, and what should be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// What must be shown.
    pub links: Vec<Link>,
    /// RFC 3339.
    pub expires_at: String,
    /// Where the buyer can go on; in open states only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continue_url: Option<String>,
    /// How it gets there, when both sides know the extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfillment: Option<Fulfillment>,
    /// Instruments, without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<Payment>,
    /// Campaign identifiers, as given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Map<String, Value>>,
    /// In completed sessions only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderConfirmation>,
}
