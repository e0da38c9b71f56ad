//! Payment, hold, expiry and revival.

use super::*;
use crate::events::OrderEvent;

fn name(order: &Order) -> StateName {
    order.state().name()
}

#[test]
fn a_full_payment_confirms_and_tells_so() {
    let changed = placed()
        .record_payment(payment(PaymentStatus::Paid, 5_200, 0), &act(1))
        .unwrap();
    assert_eq!(name(&changed.order), StateName::Confirmed);
    assert!(matches!(&changed.events[..], [OrderEvent::Paid(event)] if event.version == 2));
}

#[test]
fn the_same_summary_again_changes_nothing() {
    let again = paid().record_payment(payment(PaymentStatus::Paid, 5_200, 0), &act(2));
    assert_eq!(again.unwrap_err(), Refused::Unchanged);
}

#[test]
fn an_odd_amount_holds_the_order_and_it_does_not_expire() {
    let held = placed()
        .record_payment(payment(PaymentStatus::UnderpaidHold, 5_000, 0), &act(1))
        .unwrap()
        .order;
    assert_eq!(name(&held), StateName::OnHold);
    assert!(held.clone().expire(&act(60)).is_err());
    let paid = held
        .record_payment(payment(PaymentStatus::Paid, 5_200, 0), &act(61))
        .unwrap()
        .order;
    assert_eq!(name(&paid), StateName::Confirmed);
}

#[test]
fn money_that_went_back_at_once_holds_an_unpaid_order() {
    let held = placed()
        .record_payment(payment(PaymentStatus::Refunded, 5_200, 5_200), &act(1))
        .unwrap()
        .order;
    assert!(matches!(
        held.state(),
        State::OnHold {
            hold: Hold::Reversed,
            ..
        }
    ));
}

#[test]
fn an_order_expires_when_it_is_due_and_not_before() {
    assert!(matches!(placed().expire(&act(29)), Err(Refused::Transition(_))));
    assert!(!placed().is_due(act(29).at));
    let expired = placed().expire(&act(30)).unwrap();
    assert_eq!(name(&expired.order), StateName::Expired);
    assert_eq!(expired.order.value(), cny(0));
    assert!(expired.order.expire(&act(31)).is_err());
}

#[test]
fn a_paid_order_does_not_expire() {
    assert!(paid().expire(&act(60)).is_err());
}

#[test]
fn a_payment_after_expiry_revives_or_is_owed_back() {
    let expired = placed().expire(&act(30)).unwrap().order;
    let settled = payment(PaymentStatus::Paid, 5_200, 0);
    assert!(matches!(
        expired.clone().record_payment(settled, &act(31)),
        Err(Refused::Transition(_))
    ));
    let revived = expired.clone().revive(settled, &act(31)).unwrap();
    assert_eq!(name(&revived.order), StateName::Confirmed);
    assert!(matches!(&revived.events[..], [OrderEvent::Paid(_)]));
    let late = expired
        .record_payment(payment(PaymentStatus::PaidAfterCancel, 5_200, 0), &act(31))
        .unwrap()
        .order;
    assert_eq!((name(&late), late.refund_owed()), (StateName::Expired, cny(5_200)));
}

#[test]
fn refunds_and_disputes_are_appended_as_adjustments() {
    let order = paid()
        .record_payment(payment(PaymentStatus::PartiallyRefunded, 5_200, 200), &act(2))
        .unwrap()
        .order;
    let failed = order
        .record_payment(payment(PaymentStatus::Paid, 5_200, 0), &act(3))
        .unwrap()
        .order;
    let disputed = Payment {
        withdrawn: cny(5_200),
        ..payment(PaymentStatus::Disputed, 5_200, 0)
    };
    let order = failed.record_payment(disputed, &act(4)).unwrap().order;
    assert_eq!(
        told(&order),
        [
            (AdjustmentKind::Refund, AdjustmentStatus::Completed, Some(cny(-200))),
            (AdjustmentKind::Refund, AdjustmentStatus::Failed, Some(cny(200))),
            (AdjustmentKind::Dispute, AdjustmentStatus::Pending, Some(cny(-5_200))),
        ]
    );
}

fn told(order: &Order) -> Vec<(AdjustmentKind, AdjustmentStatus, Option<Money>)> {
    let adjustments = order.adjustments().iter();
    adjustments.map(|told| (told.kind, told.status, told.amount)).collect()
}

#[test]
fn cancelling_what_is_paid_promises_what_is_owed_and_no_more() {
    const CANCELLED: (AdjustmentKind, AdjustmentStatus, Option<Money>) =
        (AdjustmentKind::Cancellation, AdjustmentStatus::Completed, None);
    let promised = |amount: i64| (AdjustmentKind::Refund, AdjustmentStatus::Pending, Some(cny(-amount)));
    let some = paid().cancel(&Cancel::Units(vec![units(2, 1)]), &act(2)).unwrap().order;
    assert_eq!(told(&some), [CANCELLED, promised(500)]);
    // The freight goes back with the last units; what was promised before is not promised again.
    let all = some.cancel(&Cancel::Whole, &act(3)).unwrap().order;
    assert_eq!(told(&all), [CANCELLED, promised(500), CANCELLED, promised(4_700)]);
    assert_eq!(all.refund_owed(), cny(5_200));
}

#[test]
fn cancelling_what_is_not_paid_promises_nothing() {
    let order = placed().cancel(&Cancel::Whole, &act(2)).unwrap().order;
    assert_eq!(
        told(&order),
        [(AdjustmentKind::Cancellation, AdjustmentStatus::Completed, None)]
    );
}

#[test]
fn amounts_of_another_currency_are_refused() {
    let usd = Money::new(5_200, "USD".parse().unwrap()).unwrap();
    let wrong = Payment {
        captured: usd,
        ..payment(PaymentStatus::Paid, 0, 0)
    };
    assert_eq!(placed().record_payment(wrong, &act(1)).unwrap_err(), Refused::Amounts);
}

#[test]
fn shares_of_a_line_sum_to_the_whole() {
    let mut odd = placement(id(1), START);
    odd.lines = vec![Line {
        totals: super::line(1, 1, 1_000).totals,
        ..line(1, 3, 333)
    }];
    odd.delivery.expectations.clear();
    odd.totals = super::line(1, 1, 1_000).totals;
    let order = Order::place(odd, &act(0)).unwrap().order;
    let order = order
        .record_payment(payment(PaymentStatus::Paid, 1_000, 0), &act(1))
        .unwrap()
        .order;
    let one = order.cancel(&Cancel::Units(vec![units(1, 1)]), &act(2)).unwrap().order;
    assert_eq!(one.refund_owed(), cny(334));
    let two = one.cancel(&Cancel::Units(vec![units(1, 1)]), &act(3)).unwrap().order;
    assert_eq!(two.refund_owed(), cny(667));
    let all = two.cancel(&Cancel::Units(vec![units(1, 1)]), &act(4)).unwrap().order;
    assert_eq!(all.refund_owed(), cny(1_000));
}
