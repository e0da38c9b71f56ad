//! A change of an order: who, when, why, and what became different.

use kernel::{Actor, Ambient, Envelope, LineId, OrderId, ShipmentId, Text, Timestamp};
use serde::{Deserialize, Serialize};

use super::{InvalidTransition, Order};
use crate::events::OrderEvent;

/// The longest reason, in characters.
pub const REASON_CHARS_MAX: usize = 300;

/// Why somebody did something, in their words. Kept in the change history; never logged, never in an event.
pub type Reason = Text<REASON_CHARS_MAX>;

/// Who changes an order, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Why, where somebody said.
    pub reason: Option<Reason>,
    /// The request or event that caused it.
    pub correlation: Option<String>,
}

impl Act {
    /// By an actor, without a reason.
    pub const fn by(actor: Actor, at: Timestamp) -> Self {
        Self {
            at,
            actor,
            reason: None,
            correlation: None,
        }
    }

    /// With a reason.
    #[must_use]
    pub fn because(mut self, reason: Option<Reason>) -> Self {
        self.reason = reason;
        self
    }

    /// Caused by a request or an event.
    #[must_use]
    pub fn caused_by(mut self, correlation: impl Into<String>) -> Self {
        self.correlation = Some(correlation.into());
        self
    }
}

/// A changed order: commit it with [`crate::Orders::save`], which keeps the order, the change and the events at once.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a change that is not saved did not happen"]
pub struct Changed {
    /// The order after the change, one version on.
    pub order: Order,
    /// What is appended to the change history.
    pub change: Change,
    /// What is told to others; never empty.
    pub events: Vec<OrderEvent>,
    /// The request or event that caused it.
    pub correlation: Option<String>,
}

impl Changed {
    /// The events in their envelopes.
    ///
    /// # Errors
    ///
    /// When an event does not serialise.
    pub fn envelopes(&self, ambient: &Ambient) -> Result<Vec<Envelope>, serde_json::Error> {
        self.events
            .iter()
            .map(|event| event.envelope(ambient, self.correlation.as_deref()))
            .collect()
    }
}

/// One entry of the change history: append-only, one per version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The order.
    pub order_id: OrderId,
    /// The version that the change made.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What happened: `placed`, `paid`, `shipped` and so on.
    pub what: String,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What became different.
    pub fields: Vec<FieldChange>,
}

/// One value that became different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Where: `state`, `payment.captured`, `lines.lin_….cancelled`.
    pub path: String,
    /// Before; absent when there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// After.
    pub to: String,
}

/// Why a change was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    /// It is so already: nothing to save, nothing to tell.
    #[error("the order is so already")]
    Unchanged,
    /// Some units were shipped: cancel the others by line.
    #[error("part of the order was shipped")]
    Shipped,
    /// It is under review: nothing leaves before that is over.
    #[error("the order is under review")]
    UnderReview,
    /// The order has no such line.
    #[error("the order has no line {0}")]
    UnknownLine(LineId),
    /// No lines are named, or one is named twice.
    #[error("name each line once, and at least one")]
    Lines,
    /// More units than that is possible for, or none at all.
    #[error("line {line}: {asked} units asked, 1 to {possible} possible")]
    Units {
        /// The line.
        line: LineId,
        /// How many were asked for.
        asked: u32,
        /// How many there are.
        possible: u32,
    },
    /// The order has no such parcel.
    #[error("the order has no shipment {0}")]
    UnknownShipment(ShipmentId),
    /// The parcel was told of before.
    #[error("the order has shipment {0} already")]
    DuplicateShipment(ShipmentId),
    /// The parcel is delivered or returned.
    #[error("shipment {0} is closed")]
    ClosedShipment(ShipmentId),
    /// Amounts are negative, beyond the range, or of another currency.
    #[error("the amounts do not fit the order")]
    Amounts,
    /// A list of the order is full.
    #[error("the order has as many {0} as it can keep")]
    Full(&'static str),
}

/// What became different between two versions of an order.
pub(super) fn difference(before: &Order, after: &Order) -> Vec<FieldChange> {
    let mut found = Vec::new();
    let mut compare = |path: String, from: String, to: String| {
        if from != to {
            found.push(FieldChange {
                path,
                from: Some(from),
                to,
            });
        }
    };
    compare(
        "state".to_owned(),
        before.state().name().to_string(),
        after.state().name().to_string(),
    );
    for ((name, from), (_, to)) in terms(before).into_iter().zip(terms(after)) {
        compare(name.to_owned(), from, to);
    }
    let (old, new) = (before.payment(), after.payment());
    compare(
        "payment.status".to_owned(),
        format!("{:?}", old.status),
        format!("{:?}", new.status),
    );
    for (name, from, to) in [
        ("captured", old.captured, new.captured),
        ("refunded", old.refunded, new.refunded),
        ("withdrawn", old.withdrawn, new.withdrawn),
    ] {
        compare(format!("payment.{name}"), from.to_string(), to.to_string());
    }
    for (old, new) in before.lines().iter().zip(after.lines()) {
        for (name, from, to) in [
            ("cancelled", old.quantity.cancelled, new.quantity.cancelled),
            ("allocated", old.quantity.allocated, new.quantity.allocated),
            ("shipped", old.quantity.shipped, new.quantity.shipped),
            ("delivered", old.quantity.delivered, new.quantity.delivered),
            ("returned", old.quantity.returned, new.quantity.returned),
        ] {
            compare(format!("lines.{}.{name}", new.id), from.to_string(), to.to_string());
        }
    }
    for new in after.shipments() {
        let from = before
            .shipments()
            .iter()
            .find(|old| old.id == new.id)
            .map(|old| old.status.as_str().to_owned());
        let to = new.status.as_str().to_owned();
        if from.as_ref() != Some(&to) {
            found.push(FieldChange {
                path: format!("shipments.{}", new.id),
                from,
                to,
            });
        }
    }
    found
}

/// What was agreed beside units and money.
fn terms(order: &Order) -> [(&'static str, String); 3] {
    let waived = order.waived.unwrap_or(kernel::Money::zero(order.currency()));
    [
        ("on_delivery", order.on_delivery().to_string()),
        ("under_review", order.under_review().to_string()),
        ("waived", waived.to_string()),
    ]
}
