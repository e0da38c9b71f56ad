//! What staff decide about money that waits for them.

use kernel::Timestamp;

use crate::{HoldReason, MoneyState, OrderStep, Posting, SettleError, Settled, Standing, position};

/// Is content with what came: the order is worth it from now on, and paid. Commit with the order's own waiver. `None` when
/// nothing waits for that: no money, enough of it, or it is disputed.
///
/// # Errors
///
/// When the amounts do not add up.
pub fn accept_less(before: &MoneyState, at: Timestamp) -> Result<Option<Settled>, SettleError> {
    let held = before.standing == Standing::Awaiting && before.hold == Some(HoldReason::Underpaid);
    if !held || before.folded.disputes_open > 0 {
        return Ok(None);
    }
    let mut state = reviewed(before);
    state.due = state.folded.total.captured;
    state.standing = Standing::Accepted;
    let cause = format!("review#accepted#{}", state.due.amount());
    let moved = Posting::between(&position(before)?, &position(&state)?, state.order, &cause, at)?;
    Ok(Some(Settled {
        postings: moved.into_iter().collect(),
        order: OrderStep::Pay,
        ..unmoved(state)
    }))
}

/// Ends a hold that asks for nothing more: what is too much goes back by itself. `None` when there is none, or too little
/// came: see [`accept_less`].
pub fn end_hold(before: &MoneyState) -> Option<Settled> {
    match before.hold {
        Some(HoldReason::Overpaid | HoldReason::PaidAfterClose) => Some(unmoved(reviewed(before))),
        Some(HoldReason::Underpaid) | None => None,
    }
}

fn reviewed(before: &MoneyState) -> MoneyState {
    MoneyState {
        hold: None,
        version: before.version.saturating_add(1),
        ..before.clone()
    }
}

const fn unmoved(state: MoneyState) -> Settled {
    Settled {
        state,
        facts: Vec::new(),
        postings: Vec::new(),
        order: OrderStep::None,
        refunds: Vec::new(),
        held: None,
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Money, OrderId};

    use super::*;
    use crate::{Account, Fact, FactKind, OrderStanding, Provider, Status, settle};

    fn cny(amount: i64) -> Money {
        Money::new(amount, "CNY".parse().unwrap()).unwrap()
    }

    fn captured(amount: i64, object: &str) -> Fact {
        Fact {
            provider: Provider::Stripe,
            payment: object.parse().unwrap(),
            kind: FactKind::Captured { received: cny(amount) },
        }
    }

    fn told(facts: &[Fact]) -> MoneyState {
        let at = Timestamp::from_millis(1);
        let opening = MoneyState::opening(OrderId::from_parts(at, [1; 10]), cny(100));
        let id = || kernel::RefundId::from_parts(at, [2; 10]);
        let settled = settle(&opening, &[], facts, (OrderStanding::Open, cny(100)), at, id);
        settled.unwrap().state
    }

    #[test]
    fn too_little_becomes_enough_and_moves_from_deposits_to_sales() {
        let short = told(&[captured(90, "pi_1")]);
        let at = Timestamp::from_millis(2);
        let settled = accept_less(&short, at).unwrap().unwrap();
        assert_eq!(
            (
                settled.state.status(),
                settled.state.hold,
                settled.state.version,
                settled.order
            ),
            (Status::Paid, None, short.version + 1, OrderStep::Pay)
        );
        let moved: Vec<_> = settled.postings[0]
            .entries()
            .iter()
            .map(|entry| (entry.account, entry.amount))
            .collect();
        assert_eq!(
            moved,
            [(Account::Sales, cny(-90)), (Account::CustomerDeposits, cny(90))]
        );
        assert_eq!(accept_less(&settled.state, at), Ok(None));
        assert_eq!(end_hold(&short), None);
    }

    #[test]
    fn what_is_enough_or_nothing_is_not_accepted_once_more() {
        let at = Timestamp::from_millis(2);
        for facts in [vec![], vec![captured(100, "pi_1")], vec![captured(120, "pi_1")]] {
            assert_eq!(accept_less(&told(&facts), at), Ok(None), "{facts:?}");
        }
    }

    #[test]
    fn a_hold_for_too_much_ends_and_moves_nothing() {
        let over = told(&[captured(120, "pi_1")]);
        assert_eq!(over.hold, Some(HoldReason::Overpaid));
        let ended = end_hold(&over).unwrap();
        assert_eq!((ended.state.hold, ended.postings.len()), (None, 0));
        assert_eq!(end_hold(&ended.state), None);
    }
}
