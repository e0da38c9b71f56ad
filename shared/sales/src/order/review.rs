//! What staff decide about an order's money: to look first, and to be content with less.

use super::{Act, Changed, FieldChange, Order, Payment, Refused, State, Step};
use crate::events::{OrderEvent, v1};

impl Changed {
    /// The same change, with the order under review from it on: what its money confirms does not leave before staff looked
    /// at it. An order that is not confirmed stays as it is.
    pub fn held_for_review(mut self) -> Self {
        let confirmed = matches!(self.order.state, State::Confirmed { .. });
        if confirmed && !std::mem::replace(&mut self.order.under_review, true) {
            self.change.fields.push(FieldChange {
                path: "under_review".to_owned(),
                from: Some("false".to_owned()),
                to: "true".to_owned(),
            });
        }
        self
    }
}

impl Order {
    /// Whether staff look at it: nothing of it is allocated or leaves.
    pub const fn under_review(&self) -> bool {
        self.under_review
    }

    /// Stops a confirmed order: nothing more of it is allocated or leaves before [`Order::release_from_review`].
    ///
    /// # Errors
    ///
    /// [`Refused::Unchanged`] when it is; every state but confirmed is refused.
    pub fn hold_for_review(self, act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self.step(Step::Progress { done: false }, act)?;
        if std::mem::replace(&mut order.under_review, true) {
            return Err(Refused::Unchanged);
        }
        let event = order.changed("held_for_review");
        order.finish(&before, "held_for_review", act, vec![event])
    }

    /// Ends the review: the order goes on. What was paid meanwhile is allocated on `order.confirmed`.
    ///
    /// # Errors
    ///
    /// [`Refused::Unchanged`] when it is not under review.
    pub fn release_from_review(self, act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self.step(Step::Note, act)?;
        if !std::mem::replace(&mut order.under_review, false) {
            return Err(Refused::Unchanged);
        }
        let event = match order.state {
            State::Confirmed { .. } => OrderEvent::Confirmed(v1::OrderConfirmed {
                order_id: order.id,
                version: 0,
            }),
            State::AwaitingPayment { .. }
            | State::OnHold { .. }
            | State::Completed { .. }
            | State::Expired { .. }
            | State::Cancelled { .. } => order.changed("released_from_review"),
        };
        order.finish(&before, "released_from_review", act, vec![event])
    }

    /// Is content with what came: the rest is waived, and the order is worth what was captured. One that waited for its
    /// money is paid.
    ///
    /// # Errors
    ///
    /// [`Refused::Unchanged`] when nothing is missing; [`Refused::Amounts`] when nothing came; what is over is refused.
    pub fn accept_less(self, payment: Payment, act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let missing = self.value().minus(payment.captured).map_err(|_| Refused::Amounts)?;
        if missing.amount() <= 0 {
            return Err(Refused::Unchanged);
        }
        if payment.captured.amount() <= 0 {
            return Err(Refused::Amounts);
        }
        let step = match self.state {
            State::Confirmed { .. } | State::Completed { .. } => Step::Note,
            State::AwaitingPayment { .. } | State::OnHold { .. } | State::Expired { .. } | State::Cancelled { .. } => {
                Step::Pay
            }
        };
        let mut order = self.step(step, act)?;
        let waived = order
            .waived
            .unwrap_or(kernel::Money::zero(order.currency))
            .plus(missing);
        order.waived = Some(waived.map_err(|_| Refused::Amounts)?);
        order.take_over(payment, act)?;
        let event = if step == Step::Pay {
            OrderEvent::Paid(v1::OrderPaid {
                order_id: order.id,
                version: 0,
            })
        } else {
            order.changed("less_accepted")
        };
        order.finish(&before, "less_accepted", act, vec![event])
    }

    /// Keeps in the history what staff did to the order's money, and why: for what changes nothing of the order itself.
    ///
    /// # Errors
    ///
    /// Never of the state; see [`Refused`].
    pub fn note_review(self, what: &str, act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let order = self.step(Step::Note, act)?;
        let event = order.changed(what);
        order.finish(&before, what, act, vec![event])
    }

    pub(super) const fn check_review(&self) -> Result<(), Refused> {
        if self.under_review {
            return Err(Refused::UnderReview);
        }
        Ok(())
    }

    pub(super) fn waiver_fits(&self) -> bool {
        self.waived
            .is_none_or(|waived| waived.currency() == self.currency && waived.amount() > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        order::{PaymentStatus, StateName},
        sample::{act, cny, paid, parcel, payment, placed, units},
    };

    #[test]
    fn an_order_under_review_does_not_leave() {
        let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
        let held = order.hold_for_review(&act(3)).unwrap().order;
        assert_eq!(held.clone().hold_for_review(&act(4)), Err(Refused::Unchanged));
        assert_eq!(
            held.clone().allocate(&[units(2, 1)], &act(4)),
            Err(Refused::UnderReview)
        );
        let ship = |order: Order| order.ship(parcel(1, vec![units(1, 3)]), &act(5));
        assert_eq!(ship(held.clone()), Err(Refused::UnderReview));
        let released = held.release_from_review(&act(4)).unwrap();
        assert!(matches!(released.events.as_slice(), [OrderEvent::Confirmed(_)]));
        assert!(ship(released.order.clone()).is_ok());
        assert_eq!(released.order.release_from_review(&act(5)), Err(Refused::Unchanged));
    }

    #[test]
    fn a_payment_may_confirm_an_order_and_put_it_under_review_at_once() {
        let pay = |captured, status| placed().record_payment(payment(status, captured, 0), &act(1)).unwrap();
        let held = pay(5_200, PaymentStatus::Paid).held_for_review();
        assert!(held.order.under_review());
        assert!(held.change.fields.iter().any(|field| field.path == "under_review"));
        assert_eq!(held.clone().held_for_review(), held);
        let short = pay(5_000, PaymentStatus::UnderpaidHold);
        assert_eq!(short.clone().held_for_review(), short);
    }

    #[test]
    fn what_is_not_confirmed_is_not_reviewed() {
        assert!(matches!(placed().hold_for_review(&act(1)), Err(Refused::Transition(_))));
    }

    #[test]
    fn less_is_accepted_and_the_order_is_worth_what_came() {
        let short = payment(PaymentStatus::UnderpaidHold, 5_000, 0);
        let held = placed().record_payment(short, &act(1)).unwrap().order;
        let settled = payment(PaymentStatus::Paid, 5_000, 0);
        let changed = held.accept_less(settled, &act(2)).unwrap();
        assert!(matches!(changed.events.as_slice(), [OrderEvent::Paid(_)]));
        let order = changed.order;
        assert_eq!(
            (order.state().name(), order.value(), order.refund_owed()),
            (StateName::Confirmed, cny(5_000), cny(0))
        );
        assert_eq!(order.accept_less(settled, &act(3)), Err(Refused::Unchanged));
    }

    #[test]
    fn a_promise_at_the_door_is_settled_for_less_without_being_paid_twice() {
        let order = placed().confirm_on_delivery(&act(1)).unwrap().order;
        let nothing = payment(PaymentStatus::Unpaid, 0, 0);
        assert_eq!(order.clone().accept_less(nothing, &act(2)), Err(Refused::Amounts));
        let changed = order
            .accept_less(payment(PaymentStatus::Paid, 5_000, 0), &act(2))
            .unwrap();
        assert!(matches!(changed.events.as_slice(), [OrderEvent::Changed(_)]));
        assert_eq!(changed.order.state().name(), StateName::Confirmed);
    }
}
