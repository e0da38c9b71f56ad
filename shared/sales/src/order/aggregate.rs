//! The order itself: its parts, its invariants, and what everything reads.

use kernel::{CheckoutId, Currency, CustomerId, LineId, Money, OrderId, PersonId, ShipmentId, Timestamp};
use privacy::Sealed;
use serde::{Deserialize, Serialize};

use super::{
    ADJUSTMENTS_MAX, Adjustment, Change, Changed, Delivery, EXPECTATIONS_MAX, FULFILMENT_EVENTS_MAX, FulfilmentEvent,
    LINES_MAX, Line, Payment, Refused, SHIPMENTS_MAX, Shipment, State, Step, Total, TotalKind,
    change::{Act, difference},
    state,
};
use crate::events::OrderEvent;

/// An order. It changes only by its transitions, each of which consumes it and gives back a [`Changed`] or a [`Refused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub(super) id: OrderId,
    pub(super) checkout: CheckoutId,
    pub(super) version: u64,
    pub(super) placed_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) state: State,
    pub(super) platform: Option<Platform>,
    pub(super) customer: Option<CustomerId>,
    pub(super) locale: Option<String>,
    pub(super) person: PersonId,
    pub(super) buyer: Sealed,
    pub(super) destination: Option<Sealed>,
    pub(super) currency: Currency,
    pub(super) lines: Vec<Line>,
    pub(super) totals: Vec<Total>,
    pub(super) delivery: Delivery,
    pub(super) payment: Payment,
    pub(super) shipments: Vec<Shipment>,
    pub(super) events: Vec<FulfilmentEvent>,
    pub(super) adjustments: Vec<Adjustment>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) on_delivery: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) under_review: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waived: Option<Money>,
}

/// The platform that placed an order, as it was known then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Its profile's URL: who it is.
    pub profile: String,
    /// Where order events go, by its profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// Id of the key that it authenticated with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A rule that a stored or new order breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("order is inconsistent: {0}")]
pub struct Inconsistent(pub &'static str);

impl Order {
    /// Its id.
    pub const fn id(&self) -> OrderId {
        self.id
    }
    /// The checkout that placed it.
    pub const fn checkout(&self) -> CheckoutId {
        self.checkout
    }
    /// Grows by one with each change, from 1.
    pub const fn version(&self) -> u64 {
        self.version
    }
    /// When it was placed.
    pub const fn placed_at(&self) -> Timestamp {
        self.placed_at
    }
    /// When it last changed.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
    /// Where it stands.
    pub const fn state(&self) -> &State {
        &self.state
    }
    /// The platform that placed it.
    pub const fn platform(&self) -> Option<&Platform> {
        self.platform.as_ref()
    }
    /// The signed-in customer who bought.
    pub const fn customer(&self) -> Option<CustomerId> {
        self.customer
    }
    /// BCP 47 tag of the language that the buyer bought in.
    pub fn locale(&self) -> Option<&str> {
        self.locale.as_deref()
    }
    /// Whose key opens `buyer` and `destination`.
    pub const fn person(&self) -> PersonId {
        self.person
    }
    /// The sealed [`super::Buyer`].
    pub const fn buyer(&self) -> &Sealed {
        &self.buyer
    }
    /// The sealed [`super::Address`] that it goes to.
    pub const fn destination(&self) -> Option<&Sealed> {
        self.destination.as_ref()
    }
    /// Currency of all amounts.
    pub const fn currency(&self) -> Currency {
        self.currency
    }
    /// Lines, in the order of the checkout: everything that ever was on the order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }
    /// Amounts, as placed.
    pub fn totals(&self) -> &[Total] {
        &self.totals
    }
    /// The chosen fulfilment.
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }
    /// What is known of its money.
    pub const fn payment(&self) -> &Payment {
        &self.payment
    }
    /// Parcels, oldest first.
    pub fn shipments(&self) -> &[Shipment] {
        &self.shipments
    }
    /// What happened to the parcels, oldest first.
    pub fn fulfilment_events(&self) -> &[FulfilmentEvent] {
        &self.events
    }
    /// Adjustments, oldest first.
    pub fn adjustments(&self) -> &[Adjustment] {
        &self.adjustments
    }
    /// One line.
    pub fn line(&self, id: LineId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == id)
    }
    /// One parcel.
    pub fn shipment(&self, id: ShipmentId) -> Option<&Shipment> {
        self.shipments.iter().find(|shipment| shipment.id == id)
    }

    /// What the buyer was to pay when it was placed.
    pub fn total(&self) -> Money {
        // Checked by `check`, so the default is never taken.
        Total::only(&self.totals, TotalKind::Total).unwrap_or(Money::zero(self.currency))
    }

    /// What units of its lines are in stock: bundles taken apart, equal variants added up.
    pub fn stock(&self, units: &[super::LineQuantity]) -> Vec<(kernel::VariantId, u32)> {
        super::line::stock(&self.lines, units)
    }

    /// Whether every rule holds that no order may break: loading a stored order checks it again.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), Inconsistent> {
        let rules = [
            (self.version >= 1, "version starts at 1"),
            ((1..=LINES_MAX).contains(&self.lines.len()), "number of lines"),
            (
                self.lines.iter().all(|line| line.quantity.consistent()),
                "quantities of a line",
            ),
            (
                self.lines.iter().all(|line| self.fits(line)),
                "amounts or components of a line",
            ),
            (distinct(self.lines.iter().map(|line| line.id)), "line ids are distinct"),
            (Total::consistent(&self.totals, self.currency), "totals"),
            (self.payment.of_currency(self.currency), "payment amounts"),
            (self.waiver_fits(), "what was waived"),
            (
                self.delivery.expectations.len() <= EXPECTATIONS_MAX,
                "number of expectations",
            ),
            (self.shipments.len() <= SHIPMENTS_MAX, "number of shipments"),
            (
                distinct(self.shipments.iter().map(|shipment| shipment.id)),
                "shipment ids are distinct",
            ),
            (
                self.events.len() <= FULFILMENT_EVENTS_MAX,
                "number of fulfilment events",
            ),
            (self.adjustments.len() <= ADJUSTMENTS_MAX, "number of adjustments"),
            (
                self.lines
                    .iter()
                    .all(|line| line.quantity.shipped == self.in_parcels(line.id)),
                "shipped units are in parcels",
            ),
            (self.state_fits(), "state and quantities"),
        ];
        rules
            .into_iter()
            .find(|(holds, _)| !holds)
            .map_or(Ok(()), |(_, rule)| Err(Inconsistent(rule)))
    }

    fn fits(&self, line: &Line) -> bool {
        Total::consistent(&line.totals, self.currency)
            && line.unit_price.currency() == self.currency
            && (1..=super::COMPONENTS_MAX).contains(&line.components.len())
            && line.components.iter().all(|component| component.quantity > 0)
    }

    fn in_parcels(&self, line: LineId) -> u32 {
        let all = self.shipments.iter().flat_map(|shipment| &shipment.lines);
        all.filter(|part| part.line == line)
            .fold(0, |sum, part| sum.saturating_add(part.quantity))
    }

    fn state_fits(&self) -> bool {
        let untouched = self
            .lines
            .iter()
            .all(|line| line.quantity == super::Quantities::ordered(line.quantity.ordered));
        match self.state {
            State::AwaitingPayment { .. } | State::OnHold { .. } | State::Expired { .. } => untouched,
            State::Confirmed { .. } => true,
            State::Completed { .. } => self.done(),
            State::Cancelled { .. } => self
                .lines
                .iter()
                .all(|line| line.quantity.cancelled == line.quantity.ordered),
        }
    }

    /// Nothing is left to ship, and every parcel is delivered or back.
    pub(super) fn done(&self) -> bool {
        self.lines.iter().all(|line| line.quantity.cancellable() == 0)
            && self.shipments.iter().all(|shipment| shipment.status.closed())
    }

    /// Moves the state, or refuses.
    pub(super) fn step(mut self, step: Step, act: &Act) -> Result<Self, Refused> {
        self.state = state::after(self.state, step, act.at)?;
        Ok(self)
    }

    /// Ends a transition: one version on, with its entry of the history. An order that would be inconsistent is refused
    /// rather than saved.
    pub(super) fn finish(
        mut self,
        before: &Self,
        what: &str,
        act: &Act,
        events: Vec<OrderEvent>,
    ) -> Result<Changed, Refused> {
        let fields = difference(before, &self);
        self.version = before.version.saturating_add(1);
        self.updated_at = act.at;
        if self.adjustments.len() > ADJUSTMENTS_MAX {
            return Err(Refused::Full("adjustments"));
        }
        self.check().map_err(|_| Refused::Amounts)?;
        let change = Change {
            order_id: self.id,
            version: self.version,
            at: act.at,
            actor: act.actor.clone(),
            what: what.to_owned(),
            reason: act.reason.clone(),
            fields,
        };
        let events = events.into_iter().map(|event| event.at_version(self.version)).collect();
        Ok(Changed {
            order: self,
            change,
            events,
            correlation: act.correlation.clone(),
        })
    }
}

fn distinct<T: Ord>(ids: impl Iterator<Item = T>) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    ids.into_iter().all(|id| seen.insert(id))
}
