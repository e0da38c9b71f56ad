//! Tests of the state machine, and the orders that other tests of this crate use.

mod commands;
mod money;

use kernel::{
    Actor, CheckoutId, CustomerId, Id, LineId, Money, OrderId, PersonId, ProductId, ShipmentId, Timestamp, VariantId,
};
use serde_json::json;

use super::*;

pub(crate) const START: Timestamp = Timestamp::from_millis(1_775_640_600_000);

pub(crate) fn act(minutes: i64) -> Act {
    Act::by(Actor::system("test"), START.plus_seconds(minutes * 60))
}

fn id<I: Id>(n: u8) -> I {
    I::from_parts(START, [n; 10])
}

pub(crate) fn cny(amount: i64) -> Money {
    Money::new(amount, "CNY".parse().unwrap()).unwrap()
}

pub(crate) fn line(n: u8, quantity: u32, price: i64) -> Line {
    let whole = cny(price).times(quantity).unwrap();
    let amount = |kind| Total { kind, amount: whole, display_text: None };
    Line {
        id: id(n),
        product: id::<ProductId>(n),
        variant: id::<VariantId>(n),
        title: format!("Thing {n}"),
        image_url: None,
        unit_price: cny(price),
        totals: vec![amount(TotalKind::Subtotal), amount(TotalKind::Total)],
        components: vec![Component { variant: id(n), quantity: 1 }],
        quantity: Quantities::ordered(quantity),
    }
}

pub(crate) fn line_id(n: u8) -> LineId {
    id(n)
}

pub(crate) fn shipment_id(n: u8) -> ShipmentId {
    id(n)
}

pub(crate) fn customer(n: u8) -> CustomerId {
    id(n)
}

pub(crate) fn units(n: u8, quantity: u32) -> LineQuantity {
    LineQuantity { line: id(n), quantity }
}

/// 3 of line 1 at 10.00, 2 of line 2 at 5.00, freight 12.00: 52.00 CNY, due in 30 minutes.
pub(crate) fn placement(order: OrderId, at: Timestamp) -> Placement {
    let amount = |kind, amount| Total { kind, amount: cny(amount), display_text: None };
    let lines = vec![line(1, 3, 1_000), line(2, 2, 500)];
    let promised = lines.iter().map(|line| LineQuantity { line: line.id, quantity: line.quantity.ordered }).collect();
    Placement {
        id: order,
        checkout: id::<CheckoutId>(1),
        platform: Some(Platform { profile: "https://agent.example/ucp".to_owned(), webhook_url: None, key: None }),
        customer: Some(customer(1)),
        locale: Some("zh-CN".to_owned()),
        person: id::<PersonId>(1),
        buyer: serde_json::from_value(json!("sealed")).unwrap(),
        destination: None,
        currency: "CNY".parse().unwrap(),
        lines,
        totals: vec![
            amount(TotalKind::Subtotal, 4_000),
            amount(TotalKind::Fulfillment, 1_200),
            amount(TotalKind::Total, 5_200),
        ],
        delivery: Delivery {
            method: DeliveryMethod::Shipping,
            option: "standard".to_owned(),
            title: "Standard".to_owned(),
            expectations: vec![Expectation { id: "exp_1".to_owned(), lines: promised, description: None }],
        },
        due_at: at.plus_seconds(PAYMENT_DUE_S),
    }
}

pub(crate) fn placed() -> Order {
    Order::place(placement(id(1), START), &act(0)).unwrap().order
}

pub(crate) fn payment(status: PaymentStatus, captured: i64, refunded: i64) -> Payment {
    Payment { status, captured: cny(captured), refunded: cny(refunded), withdrawn: cny(0) }
}

pub(crate) fn paid() -> Order {
    placed().record_payment(payment(PaymentStatus::Paid, 5_200, 0), &act(1)).unwrap().order
}

pub(crate) fn parcel(n: u8, lines: Vec<LineQuantity>) -> NewShipment {
    NewShipment {
        id: shipment_id(n),
        carrier: "sf-express".to_owned(),
        number: format!("SF{n}"),
        tracking_url: format!("https://carrier.example/SF{n}"),
        lines,
    }
}

#[test]
fn an_order_ships_in_parts_and_completes_with_the_last() {
    let order = paid();
    let all = order.allocatable();
    let order = order.allocate(&all, &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 3)]), &act(3)).unwrap().order;
    let order = order.deliver(shipment_id(1), START, &act(4)).unwrap().order;
    assert_eq!(order.state().name(), StateName::Confirmed);
    let order = order.ship(parcel(2, vec![units(2, 2)]), &act(5)).unwrap().order;
    let last = order.deliver(shipment_id(2), START, &act(6)).unwrap();
    assert_eq!(last.order.state().name(), StateName::Completed);
    assert!(matches!(&last.events[..], [crate::events::OrderEvent::Delivered(event)] if event.complete && event.version == 7));
}

#[test]
fn only_allocated_units_are_shipped() {
    let refused = paid().ship(parcel(1, vec![units(1, 1)]), &act(2)).unwrap_err();
    assert_eq!(refused, Refused::Units { line: line_id(1), asked: 1, possible: 0 });
}

#[test]
fn an_unpaid_order_is_not_allocated() {
    let refused = placed().allocate(&[units(1, 1)], &act(2)).unwrap_err();
    assert!(matches!(refused, Refused::Transition(InvalidTransition { from: StateName::AwaitingPayment, .. })));
}

#[test]
fn the_same_parcel_is_not_shipped_or_delivered_twice() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 2)]), &act(3)).unwrap().order;
    let again = order.clone().ship(parcel(1, vec![units(1, 1)]), &act(4)).unwrap_err();
    assert_eq!(again, Refused::DuplicateShipment(shipment_id(1)));
    let order = order.deliver(shipment_id(1), START, &act(4)).unwrap().order;
    assert_eq!(order.clone().deliver(shipment_id(1), START, &act(5)).unwrap_err(), Refused::Unchanged);
    let late = Scan { shipment: shipment_id(1), status: ShipmentStatus::InTransit, at: START, description: None };
    assert_eq!(order.track(&late, &act(5)).unwrap_err(), Refused::ClosedShipment(shipment_id(1)));
}

#[test]
fn cancelling_the_rest_completes_what_was_delivered() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 3)]), &act(3)).unwrap().order;
    let order = order.deliver(shipment_id(1), START, &act(4)).unwrap().order;
    assert_eq!(order.clone().cancel(&Cancel::Whole, &act(5)).unwrap_err(), Refused::Shipped);
    let done = order.cancel(&Cancel::Units(vec![units(2, 2)]), &act(5)).unwrap();
    assert_eq!(done.order.state().name(), StateName::Completed);
    assert_eq!(done.order.refund_owed(), cny(1_000));
}

#[test]
fn cancelling_units_takes_their_allocation_back() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.cancel(&Cancel::Units(vec![units(1, 1)]), &act(3)).unwrap().order;
    assert_eq!((order.lines()[0].quantity.allocated, order.lines()[0].quantity.cancelled), (2, 1));
}

#[test]
fn cancelling_all_units_cancels_the_order_with_its_freight() {
    let done = paid().cancel(&Cancel::Units(vec![units(1, 3), units(2, 2)]), &act(2)).unwrap();
    assert_eq!(done.order.state().name(), StateName::Cancelled);
    assert_eq!(done.order.refund_owed(), cny(5_200));
}

#[test]
fn single_units_of_an_unpaid_order_are_not_cancelled() {
    assert!(matches!(placed().cancel(&Cancel::Units(vec![units(1, 1)]), &act(2)), Err(Refused::Transition(_))));
    assert_eq!(placed().cancel(&Cancel::Whole, &act(2)).unwrap().order.state().name(), StateName::Cancelled);
}

#[test]
fn units_that_do_not_exist_are_refused_by_name() {
    let cases = [
        (vec![units(1, 0)], Refused::Units { line: line_id(1), asked: 0, possible: 3 }),
        (vec![units(1, 4)], Refused::Units { line: line_id(1), asked: 4, possible: 3 }),
        (vec![units(9, 1)], Refused::UnknownLine(line_id(9))),
        (vec![units(1, 1), units(1, 1)], Refused::Lines),
        (vec![], Refused::Lines),
    ];
    for (asked, expected) in cases {
        assert_eq!(paid().cancel(&Cancel::Units(asked), &act(2)).unwrap_err(), expected);
    }
}

#[test]
fn a_parcel_that_comes_back_closes_and_its_units_are_returned() {
    let order = paid().allocate(&[units(1, 3), units(2, 2)], &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 3), units(2, 2)]), &act(3)).unwrap().order;
    let back = Scan { shipment: shipment_id(1), status: ShipmentStatus::Returned, at: START, description: None };
    let order = order.track(&back, &act(4)).unwrap().order;
    assert_eq!(order.state().name(), StateName::Completed);
    assert_eq!(order.lines()[0].quantity.active(), 0);
    assert_eq!(order.take_back(&[units(1, 1)], &act(5)).unwrap_err(), Refused::Units { line: line_id(1), asked: 1, possible: 0 });
}

#[test]
fn delivered_units_can_come_back() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 2)]), &act(3)).unwrap().order;
    let order = order.deliver(shipment_id(1), START, &act(4)).unwrap().order;
    let order = order.take_back(&[units(1, 2)], &act(5)).unwrap().order;
    assert_eq!(order.lines()[0].quantity.returned, 2);
    assert_eq!(order.adjustments()[0].lines, [SignedQuantity { line: line_id(1), quantity: -2 }]);
    assert!(matches!(order.take_back(&[units(1, 1)], &act(6)), Err(Refused::Units { possible: 0, .. })));
}

#[test]
fn a_change_says_what_became_different() {
    let done = paid().cancel(&Cancel::Units(vec![units(2, 1)]), &act(2)).unwrap();
    let change = FieldChange {
        path: format!("lines.{}.cancelled", line_id(2)),
        from: Some("0".to_owned()),
        to: "1".to_owned(),
    };
    assert_eq!(done.change.fields, [change]);
    assert_eq!((done.change.version, done.order.version()), (3, 3));
}

#[test]
fn a_placement_that_does_not_add_up_is_refused() {
    let mut wrong = placement(id(1), START);
    wrong.totals[2].amount = cny(5_199);
    assert_eq!(Order::place(wrong, &act(0)).unwrap_err(), Inconsistent("totals"));
    let mut wrong = placement(id(1), START);
    wrong.lines[0].quantity.shipped = 1;
    assert!(Order::place(wrong, &act(0)).is_err());
    let mut wrong = placement(id(1), START);
    wrong.lines[1].id = wrong.lines[0].id;
    assert!(Order::place(wrong, &act(0)).is_err());
    let mut wrong = placement(id(1), START);
    wrong.delivery.expectations[0].lines[0].quantity = 4;
    assert!(Order::place(wrong, &act(0)).is_err());
}

#[test]
fn bundles_are_taken_apart_for_stock() {
    let mut placement = placement(id(1), START);
    placement.lines[0].components = vec![Component { variant: id(7), quantity: 2 }, Component { variant: id(2), quantity: 1 }];
    let order = Order::place(placement, &act(0)).unwrap().order;
    assert_eq!(order.stock(&[units(1, 3), units(2, 2)]), [(id(2), 5), (id(7), 6)]);
}

#[test]
fn the_body_counts_units_as_the_protocol_does() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 2)]), &act(3)).unwrap().order;
    let order = order.cancel(&Cancel::Units(vec![units(2, 2)]), &act(4)).unwrap().order;
    let body = order.body(ucp::Metadata::of(ucp::Operation::Order), "https://shop.example", None);
    let body = serde_json::to_value(&body).unwrap();
    assert_eq!(body["line_items"][0]["quantity"], json!({"original": 3, "total": 3, "fulfilled": 2}));
    assert_eq!(body["line_items"][0]["status"], "partial");
    assert_eq!(body["line_items"][1]["quantity"], json!({"original": 2, "total": 0, "fulfilled": 0}));
    assert_eq!(body["line_items"][1]["status"], "removed");
    assert_eq!(body["fulfillment"]["events"][0]["type"], "shipped");
    assert_eq!(body["fulfillment"]["events"][0]["tracking_number"], "SF1");
    assert_eq!(body["fulfillment"]["expectations"][0]["line_items"].as_array().unwrap().len(), 1);
    assert_eq!(body["adjustments"][0]["line_items"][0]["quantity"], -2);
    assert_eq!(body["permalink_url"], format!("https://shop.example/orders/{}", order.id()));
    assert_eq!(body["totals"][2], json!({"type": "total", "amount": 5200}));
}
