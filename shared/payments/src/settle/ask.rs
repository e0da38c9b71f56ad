//! Refunds that staff ask for.

use kernel::{Actor, Money, RefundId, Timestamp};

use super::{MoneyState, OrderStep, SettleError, Settled, Standing, finish};
use crate::{ObjectId, Provider, RefundProgress, RefundReason, RefundRequest, RefundState, RefundedUnits};

/// A refund that staff ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundAsk {
    /// How much.
    pub amount: Money,
    /// Why: a concession.
    pub reason: RefundReason,
    /// Of which payment; all of them, newest money last, when not said.
    pub payment: Option<(Provider, ObjectId)>,
    /// For which units.
    pub lines: Vec<RefundedUnits>,
    /// Who asks.
    pub by: Actor,
}

/// Why a refund is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskRefused {
    /// More than was captured and not given back, withdrawn or asked for.
    #[error("no more than {left} can be refunded")]
    TooMuch {
        /// What can.
        left: Money,
    },
    /// Nothing, less than nothing, or in another currency.
    #[error("the amount is not one of the order's")]
    Amount,
    /// The reason is one that the system gives.
    #[error("staff give another reason")]
    Reason,
    /// The amounts do not add up.
    #[error("the books do not add up")]
    Books(#[from] SettleError),
}

/// Decides on a refund that staff ask for. It is spread over the payments that have room; nothing moves in the ledger
/// before the provider says so.
///
/// # Errors
///
/// See [`AskRefused`].
pub fn ask_refund(
    before: &MoneyState,
    ask: &RefundAsk,
    at: Timestamp,
    mut ids: impl FnMut() -> RefundId,
) -> Result<Settled, AskRefused> {
    if !ask.reason.is_concession() {
        return Err(AskRefused::Reason);
    }
    if ask.amount.amount() <= 0 || ask.amount.currency() != before.currency() {
        return Err(AskRefused::Amount);
    }
    if before.standing == Standing::Awaiting {
        // A deposit goes back by itself when its order is cancelled. Given back as a favour, it would count as paid.
        let left = Money::zero(before.currency());
        return Err(AskRefused::TooMuch { left });
    }
    let mut state = before.clone();
    let payments: Vec<_> = match &ask.payment {
        Some(payment) => vec![payment.clone()],
        None => state.folded.payments.keys().cloned().collect(),
    };
    let mut wanted = ask.amount.amount();
    let mut requests = Vec::new();
    for (provider, payment) in payments {
        let amount = wanted.min(state.room(provider, &payment)).min(state.left());
        if amount <= 0 {
            continue;
        }
        wanted -= amount;
        let request = RefundRequest {
            id: ids(),
            order: state.order,
            provider,
            payment,
            amount: Money::new(amount, state.currency()).map_err(SettleError::from)?,
            reason: ask.reason,
            lines: if requests.is_empty() {
                ask.lines.clone()
            } else {
                Vec::new()
            },
            by: ask.by.clone(),
            requested_at: at,
            state: RefundState::Requested,
            provider_refund: None,
            again: None,
            version: 1,
        };
        state.requests.push(request.clone());
        requests.push(request);
    }
    if wanted > 0 {
        let left = Money::new(ask.amount.amount() - wanted, before.currency()).map_err(SettleError::from)?;
        return Err(AskRefused::TooMuch { left });
    }
    Ok(finish(before, state, Vec::new(), Vec::new(), OrderStep::None, requests))
}

/// Asks once more for a refund that came back, under a new id: the provider's old key stands for the one that failed.
/// What it was for, and why, stay as they were.
///
/// # Errors
///
/// [`AskRefused::Reason`] when it did not fail, or is not one of the order's; [`AskRefused::TooMuch`] when the money is
/// not there any more, or was asked for since.
pub fn ask_again(
    before: &MoneyState,
    failed: RefundId,
    by: Actor,
    at: Timestamp,
    id: RefundId,
) -> Result<Settled, AskRefused> {
    let known = before.requests.iter().find(|request| request.id == failed);
    let known = known.filter(|request| request.progress(&before.folded) == RefundProgress::Failed);
    let known = known.ok_or(AskRefused::Reason)?;
    let room = before.room(known.provider, &known.payment).min(before.left());
    let again = before.asked(|request| request.again == Some(failed) && !request.has_failed(&before.folded));
    if again > 0 || known.amount.amount() > room {
        let left = if again > 0 { 0 } else { room.max(0) };
        let left = Money::new(left, before.currency()).map_err(SettleError::from)?;
        return Err(AskRefused::TooMuch { left });
    }
    let request = RefundRequest {
        id,
        by,
        requested_at: at,
        state: RefundState::Requested,
        provider_refund: None,
        again: Some(failed),
        version: 1,
        ..known.clone()
    };
    let mut state = before.clone();
    state.requests.push(request.clone());
    Ok(finish(
        before,
        state,
        Vec::new(),
        Vec::new(),
        OrderStep::None,
        vec![request],
    ))
}
