//! Cancelling, as a whole or by units, before shipment.

use kernel::Money;

use super::{
    Act, Adjustment, AdjustmentKind, AdjustmentStatus, Changed, Line, LineQuantity, Order, Refused, SignedQuantity,
    State, Step,
};
use crate::events::{OrderEvent, v1};

/// What to cancel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancel {
    /// Everything: only while nothing was shipped.
    Whole,
    /// Some units that were not shipped, of an order that is paid. When they are all that was left of an order of which
    /// nothing was shipped, the order as a whole is cancelled.
    Units(Vec<LineQuantity>),
}

/// The part of a line's total that some of its units make up, rounded up in the buyer's favour: all units together make up
/// exactly the whole.
pub(super) fn share(line: &Line, units: u32) -> Money {
    let whole = line.total().unwrap_or(Money::zero(line.unit_price.currency()));
    // Of two parts, the first gets the odd minor unit.
    let parts = whole.allocate(&[units, line.quantity.ordered.saturating_sub(units)]);
    parts
        .ok()
        .and_then(|parts| parts.first().copied())
        .unwrap_or(Money::zero(whole.currency()))
}

impl Order {
    /// Cancels. Commit with the release of the stock of what was cancelled; what is owed back then is
    /// [`Order::refund_owed`].
    ///
    /// # Errors
    ///
    /// See [`Refused`]; single units of an unpaid order are refused, since its payment may be under way.
    pub fn cancel(self, what: &Cancel, act: &Act) -> Result<Changed, Refused> {
        match what {
            Cancel::Whole => self.cancel_whole(act),
            Cancel::Units(units) => self.cancel_units(units, act),
        }
    }

    fn cancel_whole(self, act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self.step(Step::Cancel, act)?;
        if order.lines.iter().any(|line| line.quantity.shipped > 0) {
            return Err(Refused::Shipped);
        }
        let mut gone = Vec::new();
        for line in &mut order.lines {
            let quantity = line.quantity.cancellable();
            if quantity > 0 {
                gone.push(LineQuantity {
                    line: line.id,
                    quantity,
                });
            }
            line.quantity.cancelled = line.quantity.ordered;
            line.quantity.allocated = 0;
        }
        order.cancelled(&before, true, &gone, act)
    }

    fn cancel_units(self, units: &[LineQuantity], act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self;
        order.check_units(units, |line| line.quantity.cancellable())?;
        let all = order.lines.iter().all(|line| {
            let asked = units
                .iter()
                .find(|unit| unit.line == line.id)
                .map_or(0, |unit| unit.quantity);
            asked == line.quantity.cancellable() && line.quantity.shipped == 0
        });
        if all {
            return order.cancel_whole(act);
        }
        for unit in units {
            let quantity = &mut order.line_mut(unit.line)?.quantity;
            quantity.cancelled = quantity.cancelled.saturating_add(unit.quantity);
            quantity.allocated = quantity
                .allocated
                .min(quantity.ordered.saturating_sub(quantity.cancelled));
        }
        let done = order.done();
        let order = order.step(Step::Progress { done }, act)?;
        order.cancelled(&before, false, units, act)
    }

    fn cancelled(mut self, before: &Self, whole: bool, gone: &[LineQuantity], act: &Act) -> Result<Changed, Refused> {
        let adjustment = Adjustment {
            id: self.adjustment_id(),
            kind: AdjustmentKind::Cancellation,
            status: AdjustmentStatus::Completed,
            at: act.at,
            lines: SignedQuantity::reductions(gone),
            amount: None,
        };
        self.adjustments.push(adjustment);
        self.promise_refund(before, gone, act);
        let lines = gone
            .iter()
            .map(|unit| v1::CancelledLine {
                line_id: unit.line,
                quantity: unit.quantity,
            })
            .collect();
        let event = OrderEvent::Cancelled(v1::OrderCancelled {
            order_id: self.id,
            version: 0,
            whole,
            lines,
        });
        self.finish(before, "cancelled", act, vec![event])
    }

    /// Tells that what is owed more than `before` goes back, and for which units. That it went back is told by an adjustment
    /// of its own, once it did: of refunds, only those that are completed moved money.
    fn promise_refund(&mut self, before: &Self, gone: &[LineQuantity], act: &Act) {
        let owed = self.refund_owed().minus(before.refund_owed()).ok();
        let Some(owed) = owed.filter(|owed| owed.amount() > 0) else {
            return;
        };
        self.adjustments.push(Adjustment {
            id: self.adjustment_id(),
            kind: AdjustmentKind::Refund,
            status: AdjustmentStatus::Pending,
            at: act.at,
            lines: SignedQuantity::reductions(gone),
            amount: Some(owed.negated()),
        });
    }

    /// Whether its stock is reserved and not handed to a carrier: what a cancellation gives back.
    pub fn holds_stock(&self) -> bool {
        match self.state {
            State::AwaitingPayment { .. } | State::OnHold { .. } | State::Confirmed { .. } => true,
            State::Completed { .. } | State::Expired { .. } | State::Cancelled { .. } => false,
        }
    }

    /// Each line named once and at least one, each with one to `possible` units.
    pub(super) fn check_units(&self, units: &[LineQuantity], possible: impl Fn(&Line) -> u32) -> Result<(), Refused> {
        let mut seen = std::collections::BTreeSet::new();
        if units.is_empty() || !units.iter().all(|unit| seen.insert(unit.line)) {
            return Err(Refused::Lines);
        }
        for unit in units {
            let line = self.line(unit.line).ok_or(Refused::UnknownLine(unit.line))?;
            let possible = possible(line);
            if unit.quantity == 0 || unit.quantity > possible {
                return Err(Refused::Units {
                    line: unit.line,
                    asked: unit.quantity,
                    possible,
                });
            }
        }
        Ok(())
    }

    pub(super) fn line_mut(&mut self, id: kernel::LineId) -> Result<&mut Line, Refused> {
        self.lines
            .iter_mut()
            .find(|line| line.id == id)
            .ok_or(Refused::UnknownLine(id))
    }
}

impl SignedQuantity {
    pub(super) fn reductions(units: &[LineQuantity]) -> Vec<Self> {
        units
            .iter()
            .map(|unit| Self {
                line: unit.line,
                quantity: -i64::from(unit.quantity),
            })
            .collect()
    }
}
