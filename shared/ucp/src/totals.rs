//! Totals: an ordered breakdown whose parts sum to its whole.

use serde::{Deserialize, Serialize};

/// What an entry counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotalKind {
    /// Goods before anything else; not negative; exactly one.
    Subtotal,
    /// Taken off lines; negative.
    ItemsDiscount,
    /// Taken off the whole; negative.
    Discount,
    /// Freight; not negative.
    Fulfillment,
    /// Tax; not negative.
    Tax,
    /// Fee; not negative.
    Fee,
    /// The sum of all the others; exactly one, last.
    Total,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    /// What it counts.
    #[serde(rename = "type")]
    pub kind: TotalKind,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_text: Option<String>,
    /// Minor units, signed.
    pub amount: i64,
    /// What the amount is made of, when that is told: sums to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<TotalLine>,
}

/// Part of an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalLine {
    /// For people.
    pub display_text: String,
    /// Minor units, signed.
    pub amount: i64,
}

impl Total {
    /// An entry without a text.
    pub const fn new(kind: TotalKind, amount: i64) -> Self {
        Self {
            kind,
            display_text: None,
            amount,
            lines: Vec::new(),
        }
    }

    /// With a text for people.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.display_text = Some(text.into());
        self
    }
}
