//! What changed after the order was placed, apart from its delivery: append-only.

use kernel::{LineId, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// The most adjustments of one order; a change that would add one more is refused.
pub const ADJUSTMENTS_MAX: usize = 200;

/// A change of units or money after the order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Unique in the order.
    pub id: String,
    /// What it is.
    pub kind: AdjustmentKind,
    /// How far it is.
    pub status: AdjustmentStatus,
    /// When.
    pub at: Timestamp,
    /// Units by line, negative for reductions.
    pub lines: Vec<SignedQuantity>,
    /// Money, negative when it goes back to the buyer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

/// A change of a line's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedQuantity {
    /// The line.
    pub line: LineId,
    /// Units, negative for reductions.
    pub quantity: i64,
}

/// What an adjustment is, in UCP's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// Units were cancelled before they were shipped.
    Cancellation,
    /// Units came back.
    Return,
    /// Money goes back, or went: pending when it is owed, with the units that it is for; completed when it moved.
    Refund,
    /// Money is, or was, disputed.
    Dispute,
}

impl AdjustmentKind {
    /// As UCP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancellation => "cancellation",
            Self::Return => "return",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
        }
    }
}

/// How far an adjustment is, in UCP's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentStatus {
    /// Not decided.
    Pending,
    /// Done.
    Completed,
    /// It came to nothing.
    Failed,
}

impl AdjustmentStatus {
    /// As UCP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}
