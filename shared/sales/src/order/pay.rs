//! Money as far as the order is concerned: paid, held, expired, revived.

use kernel::Money;

use super::{Act, Changed, Hold, Order, Payback, Payment, PaymentStatus, Refused, State, StateName, Step};
use crate::events::{OrderEvent, v1};

impl Order {
    /// Takes over what the payments context tells of the order's money. Telling the same again is
    /// [`Refused::Unchanged`]. Paid in full confirms the order; an odd amount puts it on hold, where it never expires.
    ///
    /// `Paid` for an order that is expired or cancelled is refused as a transition: an expired one is to be
    /// [`Order::revive`]d in one transaction with its stock, and where that cannot be, `PaidAfterCancel` is recorded.
    ///
    /// # Errors
    ///
    /// See [`Refused`].
    pub fn record_payment(self, payment: Payment, act: &Act) -> Result<Changed, Refused> {
        self.record_money(payment, &[], act)
    }

    pub(super) fn record_money(self, payment: Payment, paybacks: &[Payback], act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let step = if payment == self.payment {
            Step::Note
        } else {
            self.step_of(&payment)
        };
        let mut order = self.step(step, act)?;
        order.take_over_all(payment, paybacks, act)?;
        if order == before {
            return Err(Refused::Unchanged);
        }
        let (what, event) = match step {
            Step::Pay => (
                "paid",
                OrderEvent::Paid(v1::OrderPaid {
                    order_id: order.id,
                    version: 0,
                }),
            ),
            Step::Hold(_) => ("held", order.changed("held")),
            Step::Note
            | Step::Promise
            | Step::Expire
            | Step::Revive
            | Step::Cancel
            | Step::Progress { .. }
            | Step::Track => ("payment_noted", order.changed("payment_noted")),
        };
        order.finish(&before, what, act, vec![event])
    }

    /// Expires an order that waits for its payment and is due. Commit with the release of its stock.
    ///
    /// # Errors
    ///
    /// Every other state, and one that is not due, is refused.
    pub fn expire(self, act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let order = self.step(Step::Expire, act)?;
        let event = OrderEvent::Expired(v1::OrderExpired {
            order_id: order.id,
            version: 0,
        });
        order.finish(&before, "expired", act, vec![event])
    }

    /// Confirms an expired order that was paid after all. Commit with the new reservation of its stock; where that is
    /// refused, record `PaidAfterCancel` instead and refund.
    ///
    /// # Errors
    ///
    /// Every state but expired is refused.
    pub fn revive(self, payment: Payment, act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self.step(Step::Revive, act)?;
        order.take_over(payment, act)?;
        let event = OrderEvent::Paid(v1::OrderPaid {
            order_id: order.id,
            version: 0,
        });
        order.finish(&before, "revived", act, vec![event])
    }

    /// Whether it waits for its payment and is due.
    pub fn is_due(&self, now: kernel::Timestamp) -> bool {
        match self.state {
            State::AwaitingPayment { due_at } => due_at <= now,
            State::OnHold { .. }
            | State::Confirmed { .. }
            | State::Completed { .. }
            | State::Expired { .. }
            | State::Cancelled { .. } => false,
        }
    }

    /// What the order is worth now: its total less what was cancelled or waived; nothing once it is cancelled or expired.
    pub fn value(&self) -> Money {
        match self.state {
            State::Expired { .. } | State::Cancelled { .. } => Money::zero(self.currency),
            State::AwaitingPayment { .. }
            | State::OnHold { .. }
            | State::Confirmed { .. }
            | State::Completed { .. } => {
                let cancelled = self
                    .lines
                    .iter()
                    .map(|line| super::cancel::share(line, line.quantity.cancelled));
                let off = Money::sum(self.currency, cancelled.chain(self.waived));
                let left = off.and_then(|off| self.total().minus(off));
                left.ok()
                    .filter(|left| left.amount() > 0)
                    .unwrap_or(Money::zero(self.currency))
            }
        }
    }

    /// What we hold beyond the order's worth: what is to be refunded. Zero when we hold less.
    pub fn refund_owed(&self) -> Money {
        let owed = self.payment.held().and_then(|held| held.minus(self.value()));
        owed.ok()
            .filter(|owed| owed.amount() > 0)
            .unwrap_or(Money::zero(self.currency))
    }

    /// What a summary means for the state. `Paid` where nothing may be paid any more is refused by the table of moves.
    fn step_of(&self, payment: &Payment) -> Step {
        let settled = payment.captured.amount() >= self.total().amount();
        let undecided = match self.state.name() {
            StateName::AwaitingPayment | StateName::OnHold => true,
            StateName::Confirmed | StateName::Completed => return Step::Note,
            StateName::Expired | StateName::Cancelled => false,
        };
        match payment.status {
            PaymentStatus::Paid => Step::Pay,
            _ if !undecided => Step::Note,
            PaymentStatus::Unpaid => Step::Note,
            PaymentStatus::UnderpaidHold => Step::Hold(Hold::Underpaid),
            PaymentStatus::OverpaidHold => Step::Hold(Hold::Overpaid),
            PaymentStatus::PartiallyRefunded if settled => Step::Pay,
            PaymentStatus::PartiallyRefunded
            | PaymentStatus::RefundPending
            | PaymentStatus::Refunded
            | PaymentStatus::Disputed
            | PaymentStatus::ChargedBack
            | PaymentStatus::PaidAfterCancel => Step::Hold(Hold::Reversed),
        }
    }

    pub(super) fn changed(&self, what: &str) -> OrderEvent {
        OrderEvent::Changed(v1::OrderChanged {
            order_id: self.id,
            version: 0,
            what: what.to_owned(),
        })
    }
}
