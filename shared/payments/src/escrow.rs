//! When money that is held for a merchant becomes theirs by itself.

use dynamo::Timer;
use kernel::{OrderId, Timestamp};

use crate::{Escrow, MoneyState};

/// The kind of these timers.
pub const ESCROW_TIMER: &str = "escrow-release";
/// How much later an order whose money is disputed is looked at again, in seconds: a day.
pub const ESCROW_AGAIN_S: i64 = 86_400;
/// The most days that money is held after delivery.
pub const ESCROW_DAYS_MAX: u16 = 180;

/// The timer of an order that was delivered; `None` when its money is not held. One that lies in the past is due now.
/// Setting it again is harmless.
pub fn escrow_timer(state: &MoneyState, delivered_at: Timestamp, days: u16, now: Timestamp) -> Option<Timer> {
    let due_at = delivered_at.plus_seconds(i64::from(days) * 86_400).max(now);
    (state.escrow == Escrow::Held).then(|| timer(state.order, due_at))
}

/// The timer for another look a day later.
pub fn escrow_again(order: OrderId, now: Timestamp) -> Timer {
    timer(order, now.plus_seconds(ESCROW_AGAIN_S))
}

fn timer(order: OrderId, due_at: Timestamp) -> Timer {
    Timer {
        kind: ESCROW_TIMER,
        due_at,
        entity: order.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Money};

    use super::*;

    #[test]
    fn held_money_is_due_the_agreed_days_after_delivery_and_never_in_the_past() {
        let at = |second| Timestamp::from_millis(1_775_640_600_000).plus_seconds(second);
        let order = OrderId::from_parts(at(0), [1; 10]);
        let zero = Money::zero("CNY".parse().unwrap());
        let held = MoneyState {
            escrow: Escrow::Held,
            ..MoneyState::opening(order, zero)
        };
        let due = |now| escrow_timer(&held, at(0), 7, at(now)).map(|timer| timer.due_at);
        assert_eq!(due(5), Some(at(7 * 86_400)));
        assert_eq!(due(8 * 86_400), Some(at(8 * 86_400)));
        let ours = MoneyState::opening(order, zero);
        assert_eq!(escrow_timer(&ours, at(0), 7, at(5)), None);
        assert_eq!(escrow_again(order, at(5)).due_at, at(86_405));
    }
}
