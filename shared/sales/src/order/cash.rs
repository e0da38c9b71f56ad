//! Cash on delivery: an order that leaves before its money comes.

use super::{Act, Changed, Order, Refused, Step};
use crate::events::{OrderEvent, v1};

impl Order {
    /// Whether it is paid at the door.
    pub const fn on_delivery(&self) -> bool {
        self.on_delivery
    }

    /// Confirms an order that waits for its payment, to be paid at the door: it is fulfilled, and never expires. Commit with
    /// the payment intent; its money is recorded once a courier has it.
    ///
    /// # Errors
    ///
    /// Every state is refused but awaiting payment, and a hold since too little came: the rest is paid at the door.
    pub fn confirm_on_delivery(self, act: &Act) -> Result<Changed, Refused> {
        let before = self.clone();
        let mut order = self.step(Step::Promise, act)?;
        order.on_delivery = true;
        let event = OrderEvent::Confirmed(v1::OrderConfirmed {
            order_id: order.id,
            version: 0,
        });
        order.finish(&before, "confirmed_on_delivery", act, vec![event])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        order::{PAYMENT_DUE_S, PaymentStatus, StateName},
        sample,
    };

    #[test]
    fn an_order_that_is_paid_at_the_door_is_fulfilled_unpaid_and_never_expires() {
        let changed = sample::placed().confirm_on_delivery(&sample::act(1)).unwrap();
        assert!(matches!(changed.events.as_slice(), [OrderEvent::Confirmed(event)] if event.version == 2));
        let order = changed.order;
        assert_eq!(
            (order.state().name(), order.on_delivery(), order.payment().status),
            (StateName::Confirmed, true, PaymentStatus::Unpaid)
        );
        assert_eq!(order.refund_owed().amount(), 0);
        let late = sample::act(PAYMENT_DUE_S);
        assert!(matches!(order.clone().expire(&late), Err(Refused::Transition(_))));
        let order = order.allocate(&[sample::units(1, 3)], &sample::act(2)).unwrap().order;
        let order = order
            .ship(sample::parcel(1, vec![sample::units(1, 3)]), &sample::act(3))
            .unwrap()
            .order;
        let paid = order
            .record_payment(sample::payment(PaymentStatus::Paid, 5_200, 0), &sample::act(4))
            .unwrap()
            .order;
        assert_eq!(
            (paid.state().name(), paid.payment().status),
            (StateName::Confirmed, PaymentStatus::Paid)
        );
    }

    #[test]
    fn what_is_paid_or_over_is_not_promised_once_more() {
        let twice = sample::placed().confirm_on_delivery(&sample::act(1)).unwrap().order;
        let act = sample::act(2);
        for order in [sample::paid(), twice] {
            assert!(matches!(order.confirm_on_delivery(&act), Err(Refused::Transition(_))));
        }
    }

    #[test]
    fn an_order_that_was_kept_before_reads_as_it_was() {
        let mut kept = serde_json::to_value(sample::paid()).unwrap();
        assert!(kept.get("on_delivery").is_none() && kept.get("under_review").is_none());
        let at = kept["state"]["confirmed_at"].take();
        kept["state"] = serde_json::json!({"name": "confirmed", "paid_at": at});
        assert_eq!(serde_json::from_value::<Order>(kept).unwrap(), sample::paid());
    }
}
