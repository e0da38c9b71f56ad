//! Lines and what became of each unit.

use kernel::{LineId, Money, ProductId, VariantId};
use serde::{Deserialize, Serialize};

use super::Total;

/// The most lines of one order: placing it stays within one transaction.
pub const LINES_MAX: usize = 50;
/// The most units of one line.
pub const UNITS_MAX: u32 = 9_999;
/// The most different variants that one bundle is made of.
pub const COMPONENTS_MAX: usize = 20;

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id, the same as in the checkout.
    pub id: LineId,
    /// The product, as it was.
    pub product: ProductId,
    /// What was bought.
    pub variant: VariantId,
    /// Its title at the time.
    pub title: String,
    /// Its picture at the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Price of one unit, before discounts.
    pub unit_price: Money,
    /// Amounts of the whole line: exactly one subtotal and one total.
    pub totals: Vec<Total>,
    /// What one unit takes from stock: the variant itself, or the parts of a bundle. Never empty.
    pub components: Vec<Component>,
    /// What became of its units.
    pub quantity: Quantities,
}

/// Part of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// What stock counts.
    pub variant: VariantId,
    /// How many of it one unit of the line takes.
    pub quantity: u32,
}

/// Some units of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    /// The line.
    pub line: LineId,
    /// How many units, at least one.
    pub quantity: u32,
}

/// What became of a line's units: running counts that only grow, but for `allocated`, which a cancellation lowers.
///
/// Always: cancelled + allocated ≤ ordered; shipped ≤ allocated; delivered ≤ shipped; returned ≤ shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantities {
    /// Bought.
    pub ordered: u32,
    /// Cancelled before they were shipped.
    pub cancelled: u32,
    /// Set aside for a shipment, shipped ones included.
    pub allocated: u32,
    /// Handed to a carrier.
    pub shipped: u32,
    /// Received by the buyer.
    pub delivered: u32,
    /// Back with us, delivered before or not.
    pub returned: u32,
}

impl Quantities {
    /// Of a new line.
    pub const fn ordered(ordered: u32) -> Self {
        Self {
            ordered,
            cancelled: 0,
            allocated: 0,
            shipped: 0,
            delivered: 0,
            returned: 0,
        }
    }

    /// Whether the counts fit each other.
    pub fn consistent(&self) -> bool {
        (1..=UNITS_MAX).contains(&self.ordered)
            && self
                .cancelled
                .checked_add(self.allocated)
                .is_some_and(|sum| sum <= self.ordered)
            && self.shipped <= self.allocated
            && self.delivered <= self.shipped
            && self.returned <= self.shipped
    }

    /// Units that can still be cancelled: not cancelled, not shipped.
    pub const fn cancellable(&self) -> u32 {
        self.ordered.saturating_sub(self.cancelled).saturating_sub(self.shipped)
    }

    /// Units that can still be allocated.
    pub const fn allocatable(&self) -> u32 {
        self.ordered
            .saturating_sub(self.cancelled)
            .saturating_sub(self.allocated)
    }

    /// Units that are allocated and not shipped.
    pub const fn shippable(&self) -> u32 {
        self.allocated.saturating_sub(self.shipped)
    }

    /// Units that the buyer has or is to get: neither cancelled nor returned.
    pub const fn active(&self) -> u32 {
        self.ordered
            .saturating_sub(self.cancelled)
            .saturating_sub(self.returned)
    }

    /// Of the active units, those that were handed to a carrier.
    pub const fn fulfilled(&self) -> u32 {
        self.shipped.saturating_sub(self.returned)
    }
}

impl Line {
    /// The total of the whole line, if it has exactly one.
    pub(super) fn total(&self) -> Option<Money> {
        Total::only(&self.totals, super::TotalKind::Total)
    }
}

/// Units of lines as units of stock: bundles taken apart, equal variants added up.
pub(super) fn stock(lines: &[Line], units: &[LineQuantity]) -> Vec<(VariantId, u32)> {
    let mut sums: std::collections::BTreeMap<VariantId, u32> = std::collections::BTreeMap::new();
    for unit in units {
        for component in lines
            .iter()
            .filter(|line| line.id == unit.line)
            .flat_map(|line| &line.components)
        {
            let sum = sums.entry(component.variant).or_default();
            *sum = sum.saturating_add(component.quantity.saturating_mul(unit.quantity));
        }
    }
    sums.into_iter().collect()
}
