//! Random sequences of commands reach no illegal state.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Command {
    Pay(PaymentStatus, i64),
    Expire,
    Revive,
    Cancel(Option<(u8, u32)>),
    Allocate(u8, u32),
    Ship(u8, u8, u32),
    Deliver(u8),
    Track(u8, ShipmentStatus),
    TakeBack(u8, u32),
}

fn command() -> impl Strategy<Value = Command> {
    use PaymentStatus::{Disputed, OverpaidHold, Paid, PaidAfterCancel, PartiallyRefunded, Refunded, UnderpaidHold};
    use ShipmentStatus::{Exception, FailedAttempt, InTransit, Returned};
    let status = prop::sample::select(vec![
        Paid,
        Paid,
        UnderpaidHold,
        OverpaidHold,
        PartiallyRefunded,
        Refunded,
        Disputed,
        PaidAfterCancel,
    ]);
    let seen = prop::sample::select(vec![InTransit, FailedAttempt, Exception, Returned]);
    prop_oneof![
        3 => (status, 0_i64..6_000).prop_map(|(status, amount)| Command::Pay(status, amount)),
        1 => Just(Command::Expire),
        1 => Just(Command::Revive),
        1 => prop::option::of((1_u8..4, 0_u32..4)).prop_map(Command::Cancel),
        5 => (1_u8..4, 0_u32..4).prop_map(|(line, units)| Command::Allocate(line, units)),
        5 => (1_u8..6, 1_u8..4, 0_u32..4).prop_map(|(parcel, line, units)| Command::Ship(parcel, line, units)),
        4 => (1_u8..6).prop_map(Command::Deliver),
        2 => (1_u8..6, seen).prop_map(|(parcel, status)| Command::Track(parcel, status)),
        1 => (1_u8..4, 0_u32..4).prop_map(|(line, units)| Command::TakeBack(line, units)),
    ]
}

fn apply(order: Order, command: &Command, act: &Act) -> Result<Changed, Refused> {
    match command.clone() {
        Command::Pay(status, captured) => order.record_payment(payment(status, captured, 0), act),
        Command::Expire => order.expire(act),
        Command::Revive => order.revive(payment(PaymentStatus::Paid, 5_200, 0), act),
        Command::Cancel(None) => order.cancel(&Cancel::Whole, act),
        Command::Cancel(Some((line, quantity))) => order.cancel(&Cancel::Units(vec![units(line, quantity)]), act),
        Command::Allocate(line, quantity) => order.allocate(&[units(line, quantity)], act),
        Command::Ship(n, line, quantity) => order.ship(parcel(n, vec![units(line, quantity)]), act),
        Command::Deliver(n) => order.deliver(shipment_id(n), act.at, act),
        Command::Track(n, status) => order.track(
            &Scan {
                shipment: shipment_id(n),
                status,
                at: act.at,
                description: None,
            },
            act,
        ),
        Command::TakeBack(line, quantity) => order.take_back(&[units(line, quantity)], act),
    }
}

/// Which state may follow which, apart from itself: written down a second time, as a picture rather than as moves.
fn may_follow(from: StateName, to: StateName) -> bool {
    use StateName::{AwaitingPayment, Cancelled, Completed, Confirmed, Expired, OnHold};
    let next: &[StateName] = match from {
        AwaitingPayment => &[OnHold, Confirmed, Expired, Cancelled],
        OnHold => &[Confirmed, Cancelled],
        Confirmed => &[Completed, Cancelled],
        Expired => &[Confirmed],
        Completed | Cancelled => &[],
    };
    from == to || next.contains(&to)
}

proptest! {
    #[test]
    fn any_sequence_of_commands_keeps_every_rule(commands in prop::collection::vec((command(), 0_i64..20), 1..60)) {
        let mut order = placed();
        let mut minute = 0;
        for (command, pause) in commands {
            minute += pause;
            let before = order.clone();
            let Ok(changed) = apply(order, &command, &act(minute)) else {
                order = before;
                continue;
            };
            let after = changed.order;
            prop_assert_eq!(after.check(), Ok(()));
            prop_assert_eq!(after.version(), before.version() + 1);
            prop_assert_eq!(changed.change.version, after.version());
            prop_assert!(!changed.events.is_empty());
            prop_assert!(may_follow(before.state().name(), after.state().name()), "{before:?} -> {after:?}");
            for (old, new) in before.lines().iter().zip(after.lines()) {
                let (old, new) = (old.quantity, new.quantity);
                prop_assert_eq!(old.ordered, new.ordered);
                prop_assert!(old.cancelled <= new.cancelled && old.shipped <= new.shipped);
                prop_assert!(old.delivered <= new.delivered && old.returned <= new.returned);
            }
            prop_assert!(before.adjustments().iter().eq(after.adjustments().iter().take(before.adjustments().len())));
            prop_assert!(before.fulfilment_events().iter().eq(after.fulfilment_events().iter().take(before.fulfilment_events().len())));
            let text = serde_json::to_string(&after).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Order>(&text).unwrap(), &after);
            order = after;
        }
    }
}
