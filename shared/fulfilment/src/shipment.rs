//! Shipments: some units of one order, picked at one place, sent as one parcel. A pure state machine.

mod state;
mod transitions;

use kernel::{LineId, LocationId, OrderId, ShipmentId, Timestamp, VariantId};
use serde::{Deserialize, Serialize};

pub use state::{Consignment, InvalidStep, SHIPMENT_STATES, State, StateName, Step, UnknownState};
pub use transitions::Tracked;

use crate::events::ShipmentEvent;

/// The most lines of one shipment.
pub const SHIPMENT_LINES_MAX: usize = 100;
/// The most shipments of one order.
pub const ORDER_SHIPMENTS_MAX: usize = 100;

/// Units of one line, and what they take from the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentLine {
    /// The order's line.
    pub line: LineId,
    /// Title of what was bought: what staff read.
    pub title: String,
    /// How many units, at least one.
    pub quantity: u32,
    /// What one unit takes from the shelf. Never empty.
    pub components: Vec<Component>,
}

/// Part of a unit: the variant itself, or one of a bundle's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Component {
    /// What.
    pub variant: VariantId,
    /// How many of it one unit takes.
    pub quantity: u32,
}

/// Some units of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    /// The order's line.
    pub line: LineId,
    /// How many, at least one.
    pub quantity: u32,
}

/// A shipment. It changes only by its transitions, each of which consumes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// Its id.
    pub id: ShipmentId,
    /// Whose.
    pub order: OrderId,
    /// Where it is picked; `None` when the order's stock is at no known place.
    pub location: Option<LocationId>,
    /// Grows by one with each change, from 1.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What is in it. Empty only when it was cancelled.
    pub lines: Vec<ShipmentLine>,
    /// Where it stands.
    pub state: State,
}

/// A changed shipment with its events: commit both with the store's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a change that is not saved did not happen"]
pub struct Changed {
    /// After the change, one version on.
    pub shipment: Shipment,
    /// What is told to others.
    pub events: Vec<ShipmentEvent>,
}

/// Why a change was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error(transparent)]
    Step(#[from] InvalidStep),
    /// It is so already.
    #[error("the shipment is so already")]
    Unchanged,
    /// No lines, or one twice.
    #[error("name each line once, and at least one")]
    Lines,
    /// A line that is not in it.
    #[error("the shipment has no line {0}")]
    UnknownLine(LineId),
    /// More units than are in it, or none.
    #[error("line {line}: {asked} units asked, 1 to {possible} possible")]
    Units {
        /// The line.
        line: LineId,
        /// Asked.
        asked: u32,
        /// In the shipment.
        possible: u32,
    },
    /// Nothing would be left.
    #[error("a split leaves at least one unit behind")]
    NothingLeft,
}

/// A rule that a kept shipment breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("shipment is inconsistent: {0}")]
pub struct Inconsistent(pub &'static str);

impl Shipment {
    /// A new one, to be picked.
    pub fn create(
        id: ShipmentId,
        order: OrderId,
        location: Option<LocationId>,
        lines: Vec<ShipmentLine>,
        at: Timestamp,
    ) -> Changed {
        let state = State::ToPick;
        let shipment = Self {
            id,
            order,
            location,
            version: 1,
            created_at: at,
            updated_at: at,
            lines,
            state,
        };
        let events = vec![shipment.created_event()];
        Changed { shipment, events }
    }

    /// Its units by line.
    pub fn units(&self) -> Vec<Units> {
        self.lines
            .iter()
            .map(|line| Units {
                line: line.line,
                quantity: line.quantity,
            })
            .collect()
    }

    /// What it takes from the shelf: bundles taken apart, equal variants added up.
    pub fn picks(&self) -> Vec<Component> {
        let mut sums = std::collections::BTreeMap::<VariantId, u32>::new();
        for line in &self.lines {
            for component in &line.components {
                let sum = sums.entry(component.variant).or_default();
                *sum = sum.saturating_add(component.quantity.saturating_mul(line.quantity));
            }
        }
        sums.into_iter()
            .map(|(variant, quantity)| Component { variant, quantity })
            .collect()
    }

    /// The consignment, once it has left.
    pub const fn consignment(&self) -> Option<&Consignment> {
        self.state.consignment()
    }

    /// Whether every rule holds that no kept shipment may break.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), Inconsistent> {
        let mut seen = std::collections::BTreeSet::new();
        let rules = [
            (self.version >= 1, "version starts at 1"),
            (self.lines.len() <= SHIPMENT_LINES_MAX, "number of lines"),
            (
                self.lines.is_empty() == (self.state.name() == StateName::Cancelled),
                "only a cancelled one is empty",
            ),
            (
                self.lines.iter().all(|line| line.quantity >= 1),
                "quantities are positive",
            ),
            (
                self.lines.iter().all(|line| !line.components.is_empty()),
                "lines take something",
            ),
            (
                self.lines.iter().all(|line| seen.insert(line.line)),
                "each line comes once",
            ),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, rule)) => Err(Inconsistent(rule)),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
