use kernel::{Id, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{ParcelKey, Status, Verdict};

const SILENCE_S: i64 = 3_600;

pub(crate) fn id<I: Id>(n: u8) -> I {
    I::from_parts(Timestamp::from_millis(1), [n; 10])
}

pub(crate) fn line(n: u8, quantity: u32) -> ShipmentLine {
    let components = vec![Component {
        variant: id(n),
        quantity: 1,
    }];
    ShipmentLine {
        line: id(n),
        title: format!("Thing {n}"),
        quantity,
        components,
    }
}

pub(crate) fn shipment(n: u8, lines: Vec<ShipmentLine>) -> Shipment {
    Shipment::create(id(n), id(1), Some(id(1)), lines, at(0)).shipment
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

pub(crate) fn parcel() -> ParcelKey {
    ParcelKey {
        carrier: "sf-express".parse().unwrap(),
        number: "SF1234567".parse().unwrap(),
    }
}

fn shipped() -> Shipment {
    let packed = shipment(1, vec![line(1, 3)])
        .start_picking(at(1))
        .unwrap()
        .shipment
        .pack(at(2))
        .unwrap()
        .shipment;
    packed
        .ship(parcel(), "https://x.example".to_owned(), at(3), SILENCE_S)
        .unwrap()
        .shipment
}

fn heard(status: Status, second: i64) -> Tracked {
    let verdict = Some(Verdict {
        status,
        at: at(second),
        delivered_at: None,
    });
    Tracked {
        verdict,
        news: true,
        moved_to: None,
    }
}

fn names(changed: &Changed) -> Vec<String> {
    let ambient = kernel::Ambient::new(std::sync::Arc::new(Still), std::sync::Arc::new(Still));
    changed
        .events
        .iter()
        .map(|event| event.envelope(&ambient, None).unwrap().name)
        .collect()
}

struct Still;
impl kernel::Clock for Still {
    fn now(&self) -> Timestamp {
        at(0)
    }
}
impl kernel::Random for Still {
    fn fill(&self, _: &mut [u8]) {}
}

#[test]
fn a_shipment_goes_from_the_shelf_to_the_door() {
    let underway = shipped();
    assert_eq!((underway.version, underway.state.name()), (4, StateName::Shipped));
    let moving = underway
        .track(&heard(Status::InTransit, 10), at(11), SILENCE_S)
        .unwrap();
    assert_eq!(names(&moving), ["shipment.status_changed"]);
    let there = moving
        .shipment
        .track(&heard(Status::Delivered, 20), at(21), SILENCE_S)
        .unwrap();
    assert_eq!(there.shipment.state.name(), StateName::Delivered);
    assert_eq!(names(&there), ["shipment.status_changed", "shipment.delivered"]);
    there.shipment.check().unwrap();
}

#[test]
fn steps_out_of_order_are_refused_with_both_sides_named() {
    let fresh = shipment(1, vec![line(1, 1)]);
    let refused = fresh.clone().pack(at(1)).unwrap_err();
    assert_eq!(
        refused,
        Refused::Step(InvalidStep {
            from: StateName::ToPick,
            step: Step::Pack
        })
    );
    assert!(fresh.ship(parcel(), String::new(), at(1), SILENCE_S).is_err());
    assert!(shipped().start_picking(at(9)).is_err());
    assert!(
        shipped()
            .reduce(
                &[Units {
                    line: id(1),
                    quantity: 1
                }],
                at(9)
            )
            .is_err()
    );
}

#[test]
fn a_split_moves_units_and_makes_none() {
    let whole = shipment(1, vec![line(1, 3), line(2, 1)]);
    let (rest, new) = whole
        .clone()
        .split(
            &[
                Units {
                    line: id(1),
                    quantity: 2,
                },
                Units {
                    line: id(2),
                    quantity: 1,
                },
            ],
            id(2),
            at(1),
        )
        .unwrap();
    assert_eq!(
        rest.shipment.units(),
        [Units {
            line: id(1),
            quantity: 1
        }]
    );
    assert_eq!(
        new.shipment.units(),
        [
            Units {
                line: id(1),
                quantity: 2
            },
            Units {
                line: id(2),
                quantity: 1
            }
        ]
    );
    assert_eq!(names(&new), ["shipment.created"]);
    let all = whole.units();
    assert_eq!(
        whole.clone().split(&all, id(2), at(1)).unwrap_err(),
        Refused::NothingLeft
    );
    let twice = [Units {
        line: id(1),
        quantity: 1,
    }; 2];
    assert_eq!(whole.clone().split(&twice, id(2), at(1)).unwrap_err(), Refused::Lines);
    let many = [Units {
        line: id(1),
        quantity: 4,
    }];
    assert!(matches!(
        whole.split(&many, id(2), at(1)),
        Err(Refused::Units {
            asked: 4,
            possible: 3,
            ..
        })
    ));
}

#[test]
fn cancelling_every_unit_cancels_the_shipment() {
    let part = shipment(1, vec![line(1, 3)])
        .reduce(
            &[Units {
                line: id(1),
                quantity: 1,
            }],
            at(1),
        )
        .unwrap();
    assert_eq!(
        part.shipment.units(),
        [Units {
            line: id(1),
            quantity: 2
        }]
    );
    let none = part
        .shipment
        .reduce(
            &[Units {
                line: id(1),
                quantity: 2,
            }],
            at(2),
        )
        .unwrap();
    assert_eq!(none.shipment.state.name(), StateName::Cancelled);
    assert_eq!(names(&none), ["shipment.status_changed"]);
    none.shipment.check().unwrap();
}

#[test]
fn a_silence_is_told_once_and_ends_with_news() {
    let quiet = shipped();
    assert!(quiet.clone().fall_silent(at(3 + SILENCE_S - 1)).is_none());
    let flagged = quiet.fall_silent(at(3 + SILENCE_S)).unwrap();
    assert_eq!(names(&flagged), ["shipment.silent"]);
    assert!(flagged.shipment.clone().fall_silent(at(9_999)).is_none());
    let heard = flagged
        .shipment
        .track(&heard(Status::InTransit, 10), at(10_000), SILENCE_S)
        .unwrap();
    assert_eq!(heard.shipment.consignment().unwrap().silent_since, None);
    assert!(heard.shipment.fall_silent(at(10_000 + SILENCE_S)).is_some());
}

#[test]
fn what_was_given_up_is_found_by_news_alone() {
    let lost = shipped().lose(at(50)).unwrap();
    assert_eq!(names(&lost), ["shipment.status_changed", "shipment.exception"]);
    let old = Tracked {
        news: false,
        ..heard(Status::InTransit, 10)
    };
    let still = lost.shipment.clone().track(&old, at(60), SILENCE_S).unwrap();
    assert_eq!(still.shipment.state.name(), StateName::Lost);
    let found = lost
        .shipment
        .track(&heard(Status::Delivered, 60), at(61), SILENCE_S)
        .unwrap();
    assert_eq!(found.shipment.state.name(), StateName::Delivered);
}

#[test]
fn a_corrected_carrier_is_followed_and_the_old_one_remembered() {
    let tracked = Tracked {
        moved_to: Some("ems".parse().unwrap()),
        verdict: None,
        news: false,
    };
    let moved = shipped().track(&tracked, at(5), SILENCE_S).unwrap().shipment;
    let consignment = moved.consignment().unwrap();
    assert_eq!(
        (consignment.parcel.carrier.as_str(), &consignment.earlier),
        ("ems", &vec![parcel()])
    );
}

proptest! {
    #[test]
    fn no_sequence_of_steps_breaks_a_rule(steps in prop::collection::vec(0_u8..9, 0..30)) {
        let mut now = shipment(1, vec![line(1, 3), line(2, 2)]);
        for (index, step) in steps.into_iter().enumerate() {
            let time = at(i64::try_from(index).unwrap() * 1_000);
            let unit = [Units { line: id(1), quantity: 1 }];
            let next = match step {
                0 => now.clone().start_picking(time).ok(),
                1 => now.clone().pack(time).ok(),
                2 => now.clone().ship(parcel(), String::new(), time, SILENCE_S).ok(),
                3 => now.clone().split(&unit, id(9), time).ok().map(|(rest, _)| rest),
                4 => now.clone().reduce(&unit, time).ok(),
                5 => now.clone().track(&heard(Status::Delivered, 5), time, SILENCE_S).ok(),
                6 => now.clone().track(&heard(Status::Returning, 6), time, SILENCE_S).ok(),
                7 => now.clone().fall_silent(time),
                _ => now.clone().lose(time).ok(),
            };
            if let Some(next) = next {
                prop_assert_eq!(next.shipment.version, now.version + 1);
                prop_assert!(next.shipment.check().is_ok());
                now = next.shipment;
            }
        }
    }
}
