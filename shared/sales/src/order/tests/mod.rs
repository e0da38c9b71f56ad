//! Tests of the state machine.

mod commands;
mod money;

use kernel::Money;
use serde_json::json;

use super::*;
use crate::sample::*;

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
    assert!(
        matches!(&last.events[..], [crate::events::OrderEvent::Delivered(event)] if event.complete && event.version == 7)
    );
}

#[test]
fn only_allocated_units_are_shipped() {
    let refused = paid().ship(parcel(1, vec![units(1, 1)]), &act(2)).unwrap_err();
    assert_eq!(
        refused,
        Refused::Units {
            line: line_id(1),
            asked: 1,
            possible: 0
        }
    );
}

#[test]
fn an_unpaid_order_is_not_allocated() {
    let refused = placed().allocate(&[units(1, 1)], &act(2)).unwrap_err();
    assert!(matches!(
        refused,
        Refused::Transition(InvalidTransition {
            from: StateName::AwaitingPayment,
            ..
        })
    ));
}

#[test]
fn the_same_parcel_is_not_shipped_or_delivered_twice() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 2)]), &act(3)).unwrap().order;
    let again = order.clone().ship(parcel(1, vec![units(1, 1)]), &act(4)).unwrap_err();
    assert_eq!(again, Refused::DuplicateShipment(shipment_id(1)));
    let order = order.deliver(shipment_id(1), START, &act(4)).unwrap().order;
    assert_eq!(
        order.clone().deliver(shipment_id(1), START, &act(5)).unwrap_err(),
        Refused::Unchanged
    );
    let late = Scan {
        shipment: shipment_id(1),
        status: ShipmentStatus::InTransit,
        at: START,
        description: None,
    };
    assert_eq!(
        order.track(&late, &act(5)).unwrap_err(),
        Refused::ClosedShipment(shipment_id(1))
    );
}

#[test]
fn cancelling_the_rest_completes_what_was_delivered() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 3)]), &act(3)).unwrap().order;
    let order = order.deliver(shipment_id(1), START, &act(4)).unwrap().order;
    assert_eq!(
        order.clone().cancel(&Cancel::Whole, &act(5)).unwrap_err(),
        Refused::Shipped
    );
    let done = order.cancel(&Cancel::Units(vec![units(2, 2)]), &act(5)).unwrap();
    assert_eq!(done.order.state().name(), StateName::Completed);
    assert_eq!(done.order.refund_owed(), cny(1_000));
}

#[test]
fn cancelling_units_takes_their_allocation_back() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.cancel(&Cancel::Units(vec![units(1, 1)]), &act(3)).unwrap().order;
    assert_eq!(
        (order.lines()[0].quantity.allocated, order.lines()[0].quantity.cancelled),
        (2, 1)
    );
}

#[test]
fn cancelling_all_units_cancels_the_order_with_its_freight() {
    let done = paid()
        .cancel(&Cancel::Units(vec![units(1, 3), units(2, 2)]), &act(2))
        .unwrap();
    assert_eq!(done.order.state().name(), StateName::Cancelled);
    assert_eq!(done.order.refund_owed(), cny(5_200));
}

#[test]
fn single_units_of_an_unpaid_order_are_not_cancelled() {
    assert!(matches!(
        placed().cancel(&Cancel::Units(vec![units(1, 1)]), &act(2)),
        Err(Refused::Transition(_))
    ));
    assert_eq!(
        placed().cancel(&Cancel::Whole, &act(2)).unwrap().order.state().name(),
        StateName::Cancelled
    );
}

#[test]
fn units_that_do_not_exist_are_refused_by_name() {
    let cases = [
        (
            vec![units(1, 0)],
            Refused::Units {
                line: line_id(1),
                asked: 0,
                possible: 3,
            },
        ),
        (
            vec![units(1, 4)],
            Refused::Units {
                line: line_id(1),
                asked: 4,
                possible: 3,
            },
        ),
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
    let order = order
        .ship(parcel(1, vec![units(1, 3), units(2, 2)]), &act(3))
        .unwrap()
        .order;
    let back = Scan {
        shipment: shipment_id(1),
        status: ShipmentStatus::Returned,
        at: START,
        description: None,
    };
    let order = order.track(&back, &act(4)).unwrap().order;
    assert_eq!(order.state().name(), StateName::Completed);
    assert_eq!(order.lines()[0].quantity.active(), 0);
    assert_eq!(
        order.take_back(&[units(1, 1)], &act(5)).unwrap_err(),
        Refused::Units {
            line: line_id(1),
            asked: 1,
            possible: 0
        }
    );
}

#[test]
fn delivered_units_can_come_back() {
    let order = paid().allocate(&[units(1, 3)], &act(2)).unwrap().order;
    let order = order.ship(parcel(1, vec![units(1, 2)]), &act(3)).unwrap().order;
    let order = order.deliver(shipment_id(1), START, &act(4)).unwrap().order;
    let order = order.take_back(&[units(1, 2)], &act(5)).unwrap().order;
    assert_eq!(order.lines()[0].quantity.returned, 2);
    assert_eq!(
        order.adjustments()[0].lines,
        [SignedQuantity {
            line: line_id(1),
            quantity: -2
        }]
    );
    assert!(matches!(
        order.take_back(&[units(1, 1)], &act(6)),
        Err(Refused::Units { possible: 0, .. })
    ));
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
    placement.lines[0].components = vec![
        Component {
            variant: id(7),
            quantity: 2,
        },
        Component {
            variant: id(2),
            quantity: 1,
        },
    ];
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
    assert_eq!(
        body["line_items"][0]["quantity"],
        json!({"original": 3, "total": 3, "fulfilled": 2})
    );
    assert_eq!(body["line_items"][0]["status"], "partial");
    assert_eq!(
        body["line_items"][1]["quantity"],
        json!({"original": 2, "total": 0, "fulfilled": 0})
    );
    assert_eq!(body["line_items"][1]["status"], "removed");
    assert_eq!(body["fulfillment"]["events"][0]["type"], "shipped");
    assert_eq!(body["fulfillment"]["events"][0]["tracking_number"], "SF1");
    assert_eq!(
        body["fulfillment"]["expectations"][0]["line_items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(body["adjustments"][0]["line_items"][0]["quantity"], -2);
    assert_eq!(body["adjustments"][0].get("totals"), None);
    let refund = &body["adjustments"][1];
    assert_eq!(
        (&refund["type"], &refund["status"]),
        (&json!("refund"), &json!("pending"))
    );
    assert_eq!(
        refund["line_items"],
        json!([{"id": line_id(2).to_string(), "quantity": -2}])
    );
    assert_eq!(refund["totals"], json!([{"type": "total", "amount": -1_000}]));
    assert_eq!(
        body["permalink_url"],
        format!("https://shop.example/orders/{}", order.id())
    );
    assert_eq!(body["totals"][2], json!({"type": "total", "amount": 5200}));
}
