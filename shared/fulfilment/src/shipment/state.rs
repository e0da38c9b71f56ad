//! Where a shipment stands, and every legal step between two standings.

use std::{fmt, str::FromStr};

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ParcelKey, Status};

/// Where a shipment stands. Each variant carries exactly the data of that state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum State {
    /// To be fetched from the shelf.
    ToPick,
    /// Somebody fetches it.
    Picking {
        /// Since when.
        since: Timestamp,
    },
    /// In its box.
    Packed {
        /// When.
        packed_at: Timestamp,
    },
    /// With the carrier.
    Underway(Consignment),
    /// With the recipient, by the carrier's word.
    Delivered {
        /// How it went there.
        consignment: Consignment,
        /// When, by the carrier's clock.
        delivered_at: Timestamp,
    },
    /// Back with us.
    Returned {
        /// How it went.
        consignment: Consignment,
        /// When, by the carrier's clock.
        returned_at: Timestamp,
    },
    /// Given up by staff; a later scan finds it again.
    Lost {
        /// How it went.
        consignment: Consignment,
        /// When staff gave it up.
        lost_at: Timestamp,
    },
    /// Never left.
    Cancelled {
        /// When.
        cancelled_at: Timestamp,
    },
}

/// A parcel with a carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consignment {
    /// Carrier and number.
    pub parcel: ParcelKey,
    /// Where buyers follow it.
    pub tracking_url: String,
    /// When it was handed over, by our clock.
    pub shipped_at: Timestamp,
    /// Where the carrier saw it last; [`Status::Unknown`] before the first scan.
    pub status: Status,
    /// When, by the carrier's clock.
    pub status_at: Option<Timestamp>,
    /// When we last heard anything new, by our clock.
    pub news_at: Timestamp,
    /// Since when it is flagged as silent.
    pub silent_since: Option<Timestamp>,
    /// When the silence timer is due: what is true, the timer is a hint.
    pub silence_due_at: Timestamp,
    /// Carriers that it was thought to be of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<ParcelKey>,
}

/// A state without its data: what lists are keyed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    /// See [`State::ToPick`].
    ToPick,
    /// See [`State::Picking`].
    Picking,
    /// See [`State::Packed`].
    Packed,
    /// With the carrier, not scanned yet.
    Shipped,
    /// Scanned on its way.
    InTransit,
    /// Somebody must look: failed attempt, delay, refusal, return under way.
    Exception,
    /// See [`State::Delivered`].
    Delivered,
    /// See [`State::Returned`].
    Returned,
    /// See [`State::Lost`].
    Lost,
    /// See [`State::Cancelled`].
    Cancelled,
}

/// All states.
pub const SHIPMENT_STATES: [StateName; 10] = [
    StateName::ToPick,
    StateName::Picking,
    StateName::Packed,
    StateName::Shipped,
    StateName::InTransit,
    StateName::Exception,
    StateName::Delivered,
    StateName::Returned,
    StateName::Lost,
    StateName::Cancelled,
];

/// A text that is no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a state of a shipment")]
pub struct UnknownState;

impl StateName {
    /// As kept, listed and published.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToPick => "to_pick",
            Self::Picking => "picking",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::InTransit => "in_transit",
            Self::Exception => "exception",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
            Self::Lost => "lost",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StateName {
    type Err = UnknownState;
    fn from_str(text: &str) -> Result<Self, UnknownState> {
        SHIPMENT_STATES
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownState)
    }
}

impl State {
    /// Its name.
    pub const fn name(&self) -> StateName {
        match self {
            Self::ToPick => StateName::ToPick,
            Self::Picking { .. } => StateName::Picking,
            Self::Packed { .. } => StateName::Packed,
            Self::Underway(consignment) => underway(consignment.status),
            Self::Delivered { .. } => StateName::Delivered,
            Self::Returned { .. } => StateName::Returned,
            Self::Lost { .. } => StateName::Lost,
            Self::Cancelled { .. } => StateName::Cancelled,
        }
    }

    /// The consignment of a shipment that has left.
    pub const fn consignment(&self) -> Option<&Consignment> {
        match self {
            Self::Underway(consignment)
            | Self::Delivered { consignment, .. }
            | Self::Returned { consignment, .. }
            | Self::Lost { consignment, .. } => Some(consignment),
            Self::ToPick | Self::Picking { .. } | Self::Packed { .. } | Self::Cancelled { .. } => None,
        }
    }
}

const fn underway(status: Status) -> StateName {
    match status {
        Status::Unknown | Status::Expired | Status::InfoReceived => StateName::Shipped,
        Status::PickedUp
        | Status::InTransit
        | Status::Customs
        | Status::OutForDelivery
        | Status::AvailableForPickup
        | Status::Delivered
        | Status::Returned => StateName::InTransit,
        Status::AttemptFailed | Status::Exception | Status::Refused | Status::Returning | Status::Cancelled => {
            StateName::Exception
        }
    }
}

/// What may happen to a shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Somebody goes to fetch it.
    Pick,
    /// It is put into its box.
    Pack,
    /// It is handed to a carrier.
    Ship,
    /// Some of its units become a shipment of their own.
    Split,
    /// Units of it were cancelled.
    Reduce,
    /// The carrier was heard.
    Track,
    /// The carrier was not heard for too long.
    Silence,
    /// Staff give it up.
    Lose,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pick => "be picked",
            Self::Pack => "be packed",
            Self::Ship => "be shipped",
            Self::Split => "be split",
            Self::Reduce => "be reduced",
            Self::Track => "be tracked",
            Self::Silence => "fall silent",
            Self::Lose => "be given up",
        })
    }
}

/// A step that the state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a shipment that is {from} cannot {step}")]
pub struct InvalidStep {
    /// Where it stands.
    pub from: StateName,
    /// What was tried.
    pub step: Step,
}

/// Every legal step.
pub(super) fn allowed(state: &State, step: Step) -> Result<(), InvalidStep> {
    use State::{Cancelled, Delivered, Lost, Packed, Picking, Returned, ToPick, Underway};
    let refused = Err(InvalidStep {
        from: state.name(),
        step,
    });
    match (state, step) {
        (ToPick, Step::Pick)
        | (Picking { .. }, Step::Pack)
        | (Packed { .. }, Step::Ship)
        | (ToPick | Picking { .. } | Packed { .. }, Step::Split | Step::Reduce)
        | (Underway(_) | Delivered { .. } | Returned { .. } | Lost { .. }, Step::Track)
        | (Underway(_), Step::Silence | Step::Lose) => Ok(()),
        (ToPick, Step::Pack | Step::Ship | Step::Track | Step::Silence | Step::Lose)
        | (Picking { .. }, Step::Pick | Step::Ship | Step::Track | Step::Silence | Step::Lose)
        | (Packed { .. }, Step::Pick | Step::Pack | Step::Track | Step::Silence | Step::Lose)
        | (Underway(_), Step::Pick | Step::Pack | Step::Ship | Step::Split | Step::Reduce)
        | (
            Delivered { .. } | Returned { .. } | Lost { .. },
            Step::Pick | Step::Pack | Step::Ship | Step::Split | Step::Reduce | Step::Silence | Step::Lose,
        )
        | (
            Cancelled { .. },
            Step::Pick
            | Step::Pack
            | Step::Ship
            | Step::Split
            | Step::Reduce
            | Step::Track
            | Step::Silence
            | Step::Lose,
        ) => refused,
    }
}
