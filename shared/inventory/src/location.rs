//! Places that hold stock.

use kernel::{LocationId, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// The most locations of one company.
pub const LOCATIONS_MAX: u16 = 500;

/// What kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocationKind {
    /// Ships to customers.
    Warehouse,
    /// Sells over the counter and may ship.
    Store,
}

/// A place that holds stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Its id.
    pub id: LocationId,
    /// What staff call it.
    pub name: Text<100>,
    /// What kind of place.
    pub kind: LocationKind,
    /// ISO 3166-1 alpha-2.
    pub country: Text<2>,
    /// Province or state, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Text<100>>,
    /// When it was created.
    pub created_at: Timestamp,
}
