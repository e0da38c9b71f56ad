use super::{super::Cancel, *};
use crate::sample::{act, cny, paid, payment, units};

fn refund(id: &str, status: AdjustmentStatus, amount: i64, lines: Vec<LineQuantity>) -> Payback {
    Payback {
        id: id.to_owned(),
        kind: AdjustmentKind::Refund,
        status,
        amount: cny(amount),
        lines,
    }
}

fn tell(order: Order, told: Payment, paybacks: &[Payback]) -> Order {
    order.record_paybacks(told, paybacks, &act(9)).unwrap().order
}

fn told(order: &Order) -> Vec<(String, AdjustmentStatus, i64)> {
    let adjustments = order.adjustments().iter().filter(|told| told.amount.is_some());
    adjustments
        .map(|told| (told.id.clone(), told.status, told.amount.unwrap().amount()))
        .collect()
}

use AdjustmentStatus::{Completed, Failed, Pending};
use PaymentStatus::{Paid, PartiallyRefunded};

#[test]
fn a_refund_is_one_adjustment_from_asked_to_its_end() {
    let lines = || vec![units(1, 1)];
    let order = tell(
        paid(),
        payment(Paid, 5_200, 0),
        &[refund("rfd_1", Pending, 1_000, lines())],
    );
    assert_eq!(told(&order), [("rfd_1".to_owned(), Pending, -1_000)]);
    assert_eq!(order.adjustments()[0].lines, SignedQuantity::reductions(&lines()));
    let again = order.clone().record_paybacks(
        payment(Paid, 5_200, 0),
        &[refund("rfd_1", Pending, 1_000, lines())],
        &act(10),
    );
    assert_eq!(again.unwrap_err(), Refused::Unchanged);
    let settled = tell(
        order.clone(),
        payment(PartiallyRefunded, 5_200, 1_000),
        &[refund("rfd_1", Completed, 1_000, lines())],
    );
    assert_eq!(told(&settled), [("rfd_1".to_owned(), Completed, -1_000)]);
    let failed = tell(
        order,
        payment(Paid, 5_200, 0),
        &[refund("rfd_1", Failed, 1_000, lines())],
    );
    assert_eq!(told(&failed), [("rfd_1".to_owned(), Failed, -1_000)]);
    let came_back = tell(
        settled,
        payment(Paid, 5_200, 0),
        &[refund("rfd_1", Failed, 1_000, lines())],
    );
    assert_eq!(told(&came_back), [("rfd_1".to_owned(), Failed, -1_000)]);
}

#[test]
fn a_running_total_that_is_told_before_its_refund_is_not_told_twice() {
    let order = tell(
        paid(),
        payment(Paid, 5_200, 0),
        &[refund("rfd_1", Pending, 1_000, vec![])],
    );
    let running = tell(
        order,
        payment(PartiallyRefunded, 5_200, 1_000),
        &[refund("rfd_1", Pending, 1_000, vec![])],
    );
    let settled = running.clone().record_paybacks(
        payment(PartiallyRefunded, 5_200, 1_000),
        &[refund("rfd_1", Completed, 1_000, vec![])],
        &act(10),
    );
    assert_eq!(told(&settled.unwrap().order), [("rfd_1".to_owned(), Completed, -1_000)]);
    // It failed: then somebody else gave it back.
    let failed = tell(
        running,
        payment(PartiallyRefunded, 5_200, 1_000),
        &[refund("rfd_1", Failed, 1_000, vec![])],
    );
    assert_eq!(
        told(&failed),
        [
            ("rfd_1".to_owned(), Failed, -1_000),
            ("adj_2".to_owned(), Completed, -1_000)
        ]
    );
}

#[test]
fn what_went_back_elsewhere_has_adjustments_of_its_own() {
    let order = tell(paid(), payment(PartiallyRefunded, 5_200, 300), &[]);
    let order = tell(
        order,
        payment(PartiallyRefunded, 5_200, 300),
        &[refund("rfd_1", Pending, 200, vec![])],
    );
    let order = tell(
        order,
        payment(PartiallyRefunded, 5_200, 500),
        &[refund("rfd_1", Completed, 200, vec![])],
    );
    assert_eq!(
        told(&order),
        [
            ("adj_1".to_owned(), Completed, -300),
            ("rfd_1".to_owned(), Completed, -200)
        ]
    );
    let order = tell(
        order,
        payment(PartiallyRefunded, 5_200, 200),
        &[refund("rfd_1", Completed, 200, vec![])],
    );
    assert_eq!(told(&order)[2], ("adj_3".to_owned(), Failed, 300));
}

#[test]
fn what_was_promised_becomes_the_refund_with_its_units() {
    let order = paid().cancel(&Cancel::Units(vec![units(2, 1)]), &act(2)).unwrap().order;
    assert_eq!(told(&order), [("adj_2".to_owned(), Pending, -500)]);
    let part = tell(
        order.clone(),
        payment(Paid, 5_200, 0),
        &[refund("rfd_1", Pending, 300, vec![])],
    );
    assert_eq!(
        told(&part),
        [("adj_2".to_owned(), Pending, -200), ("rfd_1".to_owned(), Pending, -300)]
    );
    let whole = tell(
        order,
        payment(Paid, 5_200, 0),
        &[
            refund("rfd_1", Pending, 300, vec![]),
            refund("rfd_2", Pending, 200, vec![]),
        ],
    );
    assert_eq!(
        told(&whole),
        [("rfd_1".to_owned(), Pending, -300), ("rfd_2".to_owned(), Pending, -200)]
    );
    let units_told: Vec<_> = whole.adjustments().iter().flat_map(|told| told.lines.clone()).collect();
    assert_eq!(
        units_told.len(),
        2,
        "those of the cancellation, and those of its refund"
    );
    assert_eq!(whole.adjustment_id(), "adj_4");
}

#[test]
fn a_dispute_is_one_adjustment_from_open_to_its_end() {
    let dispute = |status| Payback {
        id: "dp_1".to_owned(),
        kind: AdjustmentKind::Dispute,
        status,
        amount: cny(5_200),
        lines: vec![],
    };
    let withdrawn = |status, withdrawn| Payment {
        withdrawn: cny(withdrawn),
        ..payment(status, 5_200, 0)
    };
    let open = tell(paid(), withdrawn(PaymentStatus::Disputed, 5_200), &[dispute(Pending)]);
    assert_eq!(told(&open), [("dp_1".to_owned(), Pending, -5_200)]);
    let won = tell(open.clone(), withdrawn(Paid, 0), &[dispute(Failed)]);
    assert_eq!(told(&won), [("dp_1".to_owned(), Failed, -5_200)]);
    let lost = tell(
        open,
        withdrawn(PaymentStatus::ChargedBack, 5_200),
        &[dispute(Completed)],
    );
    assert_eq!(told(&lost), [("dp_1".to_owned(), Completed, -5_200)]);
}

#[test]
fn a_payback_of_nothing_or_of_another_currency_is_refused() {
    let usd = Payback {
        amount: Money::new(100, "USD".parse().unwrap()).unwrap(),
        ..refund("rfd_1", Pending, 1, vec![])
    };
    for wrong in [usd, refund("rfd_1", Pending, 0, vec![])] {
        let refused = paid().record_paybacks(payment(Paid, 5_200, 0), &[wrong], &act(9));
        assert_eq!(refused.unwrap_err(), Refused::Amounts);
    }
}
