//! The extension `fulfillment` on the wire.

use serde::{Deserialize, Serialize};

use crate::Total;

/// A postal address. Personal data: kept sealed only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostalAddress {
    /// Apartment, care of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_address: Option<String>,
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_locality: Option<String>,
    /// Province or state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_region: Option<String>,
    /// Country, best as ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_country: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Recipient's first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// Recipient's last name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Recipient's phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
}

/// A destination in a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// By which it is selected.
    pub id: String,
    /// Where.
    #[serde(flatten)]
    pub address: PostalAddress,
}

/// A destination in a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DestinationInput {
    /// Chosen by the platform, or absent.
    #[serde(default)]
    pub id: Option<String>,
    /// Where.
    #[serde(flatten)]
    pub address: PostalAddress,
}

/// How goods reach the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// Sent.
    Shipping,
    /// Fetched at a shop.
    Pickup,
}

/// One way to send a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FulfillmentOption {
    /// By which it is selected.
    pub id: String,
    /// For people.
    pub title: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Carrier's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_fulfillment_time: Option<String>,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_fulfillment_time: Option<String>,
    /// What it costs.
    pub totals: Vec<Total>,
}

/// Lines that travel together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its lines.
    pub line_item_ids: Vec<String>,
    /// What the buyer may choose from.
    pub options: Vec<FulfillmentOption>,
    /// What the buyer chose.
    pub selected_option_id: Option<String>,
}

/// A method in a response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Its id.
    pub id: String,
    /// Which.
    #[serde(rename = "type")]
    pub kind: MethodKind,
    /// Its lines.
    pub line_item_ids: Vec<String>,
    /// What the buyer may choose from.
    pub destinations: Vec<Destination>,
    /// What the buyer chose.
    pub selected_destination_id: Option<String>,
    /// Parcels.
    pub groups: Vec<Group>,
}

/// In a response.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfillment {
    /// Methods.
    pub methods: Vec<Method>,
}

/// A choice for a group, in a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupInput {
    /// Its id; groups are ours to make, so it is not required.
    #[serde(default)]
    pub id: Option<String>,
    /// What the buyer chose.
    #[serde(default)]
    pub selected_option_id: Option<String>,
}

/// A method in a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MethodInput {
    /// Its id.
    #[serde(default)]
    pub id: Option<String>,
    /// Which; shipping when absent.
    #[serde(default, rename = "type")]
    pub kind: Option<MethodKind>,
    /// Addresses.
    #[serde(default)]
    pub destinations: Vec<DestinationInput>,
    /// What the buyer chose.
    #[serde(default)]
    pub selected_destination_id: Option<String>,
    /// Choices.
    #[serde(default)]
    pub groups: Vec<GroupInput>,
}

/// In a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct FulfillmentInput {
    /// Methods.
    #[serde(default)]
    pub methods: Vec<MethodInput>,
}
