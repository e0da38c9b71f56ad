//! The one decision of this context: what facts do to the money state, the ledger and the order.

mod ask;

use std::collections::BTreeSet;

use kernel::{Actor, Currency, Money, MoneyError, OrderId, RefundId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Fact, FactKind, FoldError, Folded, LedgerError, ObjectId, Posting, Provider, RefundProgress, RefundReason,
    RefundRequest, RefundState, fold, position,
};

pub use ask::{AskRefused, RefundAsk, ask_again, ask_refund};

/// What an order's money means. Moves forward only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The order waits for its money.
    Awaiting,
    /// The order took its money.
    Accepted,
    /// The order is over: what came is given back.
    Closed,
}

/// Whether the order's money is held for a merchant. Moves forward only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Escrow {
    /// It is ours as soon as it is paid.
    #[default]
    None,
    /// The platform holds it until delivery is confirmed.
    Held,
    /// It is owed to the merchant.
    Released,
}

/// The order, as far as its money is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStanding {
    /// Waits for payment.
    Open,
    /// Paid.
    Paid,
    /// Gave its stock back unpaid; `stock` says whether it can have it again.
    Expired {
        /// Whether everything that it needs is free.
        stock: bool,
    },
    /// Cancelled.
    Cancelled,
}

/// What the order has to do, in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderStep {
    /// Nothing.
    None,
    /// Become paid.
    Pay,
    /// Come back from expiry with its stock, and become paid.
    Revive,
}

/// The money of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyState {
    /// Whose.
    pub order: OrderId,
    /// What the order costs.
    pub due: Money,
    /// What the money means.
    pub standing: Standing,
    /// Whether it is held for a merchant.
    pub escrow: Escrow,
    /// What the facts amount to.
    pub folded: Folded,
    /// What was asked to be given back, oldest first.
    pub requests: Vec<RefundRequest>,
    /// How much of what is too much was asked back, or had gone back when that was asked. Never shrinks, so that a refund
    /// that turns up later is not taken for a reason to ask again.
    pub returned: Money,
    /// What a person should look at.
    pub hold: Option<HoldReason>,
    /// 0 before the first fact.
    pub version: u64,
}

/// Why money waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// Less than the order costs: it stays unpaid.
    Underpaid,
    /// More than the order costs: it is paid, the rest is owed.
    Overpaid,
    /// The order was over.
    PaidAfterClose,
}

impl HoldReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Underpaid, Self::Overpaid, Self::PaidAfterClose];

    /// The name in keys, routes and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Underpaid => "underpaid",
            Self::Overpaid => "overpaid",
            Self::PaidAfterClose => "paid_after_close",
        }
    }
}

/// The order's payment in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing came.
    Unpaid,
    /// Too little came.
    UnderpaidHold,
    /// Enough came.
    Paid,
    /// Too much came, and the rest is still here.
    OverpaidHold,
    /// Some went back.
    PartiallyRefunded,
    /// All went back.
    Refunded,
    /// A payer's bank disputes it.
    Disputed,
    /// A dispute was lost.
    ChargedBack,
    /// It came when the order was over, and is still here.
    PaidAfterCancel,
}

/// What is to be committed, all together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The state after.
    pub state: MoneyState,
    /// Facts that were not known: none means that there is nothing to commit.
    pub facts: Vec<Fact>,
    /// What moved in the ledger.
    pub postings: Vec<Posting>,
    /// What the order does.
    pub order: OrderStep,
    /// What is asked back now; also in `state.requests`.
    pub refunds: Vec<RefundRequest>,
    /// A hold that was not there before.
    pub held: Option<HoldReason>,
}

/// Why nothing was decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettleError {
    /// The facts do not fold.
    #[error("the facts do not fold")]
    Fold(#[from] FoldError),
    /// The postings do not balance.
    #[error("the ledger refuses")]
    Ledger(#[from] LedgerError),
}

impl From<MoneyError> for SettleError {
    fn from(error: MoneyError) -> Self {
        Self::Ledger(LedgerError::Money(error))
    }
}

impl MoneyState {
    /// Before the first fact.
    pub const fn opening(order: OrderId, due: Money) -> Self {
        Self {
            order,
            due,
            standing: Standing::Awaiting,
            escrow: Escrow::None,
            folded: Folded::nothing(due.currency()),
            requests: Vec::new(),
            returned: Money::zero(due.currency()),
            hold: None,
            version: 0,
        }
    }

    /// In one word.
    pub fn status(&self) -> Status {
        let total = self.folded.total;
        let (captured, refunded, due) = (total.captured.amount(), total.refunded.amount(), self.due.amount());
        if captured == 0 {
            return Status::Unpaid;
        }
        if self.folded.disputes_lost > 0 {
            return Status::ChargedBack;
        }
        if self.folded.disputes_open > 0 {
            return Status::Disputed;
        }
        if refunded >= captured {
            return Status::Refunded;
        }
        match self.standing {
            Standing::Closed => Status::PaidAfterCancel,
            Standing::Awaiting => Status::UnderpaidHold,
            Standing::Accepted if captured - due > refunded => Status::OverpaidHold,
            Standing::Accepted if captured - due < refunded => Status::PartiallyRefunded,
            Standing::Accepted => Status::Paid,
        }
    }

    fn advanced(&self, order: OrderStanding) -> (Standing, OrderStep) {
        let captured = self.folded.total.captured.amount();
        let enough = captured > 0 && captured >= self.due.amount();
        match (self.standing, order) {
            (Standing::Accepted, _) | (Standing::Awaiting, OrderStanding::Paid) => {
                (Standing::Accepted, OrderStep::None)
            }
            (Standing::Closed, _) => (Standing::Closed, OrderStep::None),
            (Standing::Awaiting, OrderStanding::Open) if enough => (Standing::Accepted, OrderStep::Pay),
            (Standing::Awaiting, OrderStanding::Expired { stock: true }) if enough => {
                (Standing::Accepted, OrderStep::Revive)
            }
            (Standing::Awaiting, OrderStanding::Expired { stock: false } | OrderStanding::Cancelled)
                if captured > 0 =>
            {
                (Standing::Closed, OrderStep::None)
            }
            (Standing::Awaiting, _) => (Standing::Awaiting, OrderStep::None),
        }
    }

    fn currency(&self) -> Currency {
        self.due.currency()
    }

    /// The sum of requests of which `which` holds, in minor units.
    fn asked(&self, which: impl Fn(&RefundRequest) -> bool) -> i64 {
        self.requests
            .iter()
            .filter(|request| which(request))
            .map(|request| request.amount.amount())
            .sum()
    }

    /// What staff gave up and the payer has.
    pub(crate) fn conceded_and_gone(&self) -> Result<Money, MoneyError> {
        let gone = |request: &RefundRequest| {
            request.reason.is_concession() && request.progress(&self.folded) == RefundProgress::Settled
        };
        let gone = self.asked(gone).min(self.folded.total.refunded.amount());
        Money::new(gone, self.currency())
    }

    /// What went back, or is about to, because it was too much: not what staff gave up. What went back and no refund of
    /// ours accounts for yet, as a running total tells it, is taken for what staff are waiting for.
    fn back(&self) -> i64 {
        let refunded = self.folded.total.refunded.amount();
        let settled = self.asked(|request| request.progress(&self.folded) == RefundProgress::Settled);
        let waiting = self.asked(|request| request.reason.is_concession() && request.is_outstanding(&self.folded));
        let gone = self.conceded_and_gone().map_or(0, Money::amount);
        let conceded = gone + waiting.min((refunded - settled).max(0));
        self.returned.amount().max(refunded - conceded)
    }

    /// What is owed back and not asked for yet. A refund that went out counts as asked for.
    fn owed(&self) -> i64 {
        let captured = self.folded.total.captured.amount();
        let excess = match self.standing {
            Standing::Awaiting => 0,
            Standing::Accepted => captured - self.due.amount(),
            Standing::Closed => {
                let conceded = |request: &RefundRequest| {
                    request.reason.is_concession() && request.progress(&self.folded) != RefundProgress::Failed
                };
                captured - self.asked(conceded)
            }
        };
        (excess - self.back()).min(self.left()).max(0)
    }

    /// What of all payments may still be asked back.
    pub fn left(&self) -> i64 {
        let total = self.folded.total;
        let outstanding = self.asked(|request| request.is_outstanding(&self.folded));
        total.captured.amount() - total.withdrawn.amount() - total.refunded.amount() - outstanding
    }

    /// What of one payment may still be asked back.
    pub fn room(&self, provider: Provider, payment: &ObjectId) -> i64 {
        let Some(totals) = self.folded.payments.get(&(provider, payment.clone())) else {
            return 0;
        };
        let outstanding = self.asked(|request| {
            request.provider == provider && request.payment == *payment && request.is_outstanding(&self.folded)
        });
        totals.captured.amount() - totals.withdrawn.amount() - totals.refunded.amount() - outstanding
    }

    /// What the money itself asks a person to look at: until what is too much went back.
    fn held(&self) -> Option<HoldReason> {
        let (captured, refunded) = (self.folded.total.captured.amount(), self.folded.total.refunded.amount());
        let conceded = self.conceded_and_gone().map_or(0, Money::amount);
        match self.standing {
            Standing::Awaiting if captured > 0 => Some(HoldReason::Underpaid),
            Standing::Accepted if captured - (refunded - conceded) > self.due.amount() => Some(HoldReason::Overpaid),
            Standing::Closed if captured > refunded => Some(HoldReason::PaidAfterClose),
            Standing::Awaiting | Standing::Accepted | Standing::Closed => None,
        }
    }
}

/// Decides what `told` does. `known` are the facts of `before`; what is told again changes nothing. `ids` are for refunds
/// that turn out to be needed, one per payment object at most; those left over are unused.
///
/// # Errors
///
/// When the amounts do not add up. Then nothing may be booked.
pub fn settle(
    before: &MoneyState,
    known: &[Fact],
    told: &[Fact],
    order: (OrderStanding, Money),
    at: Timestamp,
    mut ids: impl FnMut() -> RefundId,
) -> Result<Settled, SettleError> {
    let (order, due) = order;
    let mut facts = known.to_vec();
    let mut seen: BTreeSet<_> = known.iter().map(Fact::key).collect();
    let mut state = before.clone();
    let mut settled_facts = Vec::new();
    let mut postings = Vec::new();
    let mut step = OrderStep::None;
    for fact in told {
        let key = fact.key();
        if !seen.insert(key.clone()) {
            continue;
        }
        let from = position(&state)?;
        facts.push(fact.clone());
        settled_facts.push(fact.clone());
        state.due = due;
        state.folded = fold(due.currency(), &facts)?;
        let (standing, next) = state.advanced(order);
        state.standing = standing;
        step = if next == OrderStep::None { step } else { next };
        postings.extend(Posting::between(
            &from,
            &position(&state)?,
            state.order,
            key.as_str(),
            at,
        )?);
    }
    if settled_facts.is_empty() {
        let state = before.clone();
        return Ok(Settled {
            state,
            facts: settled_facts,
            postings,
            order: step,
            refunds: Vec::new(),
            held: None,
        });
    }
    let reason = if state.standing == Standing::Closed {
        RefundReason::PaidAfterClose
    } else if before.standing == Standing::Accepted {
        RefundReason::PaidTwice
    } else {
        RefundReason::Overpaid
    };
    let refunds = ask_back(&mut state, &settled_facts, reason, at, &mut ids)?;
    Ok(finish(before, state, settled_facts, postings, step, refunds))
}

/// What became of the order without its money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderChange {
    /// It is over: cancelled as a whole, or expired.
    Closed,
    /// It is worth this now: some of its units were cancelled.
    Worth(Money),
}

/// Decides what a change of the order does to money that is there. `None` when there is none, or when it was done.
///
/// # Errors
///
/// When the amounts do not add up.
pub fn follow(
    before: &MoneyState,
    change: OrderChange,
    at: Timestamp,
    mut ids: impl FnMut() -> RefundId,
) -> Result<Option<Settled>, SettleError> {
    let mut state = before.clone();
    let cause = match change {
        OrderChange::Closed => {
            state.standing = Standing::Closed;
            "order#closed".to_owned()
        }
        OrderChange::Worth(due) => {
            state.due = due;
            format!("order#worth#{}", due.amount())
        }
    };
    if before.folded.total.captured.amount() == 0 || before.standing == Standing::Closed || state == *before {
        return Ok(None);
    }
    let moved = Posting::between(&position(before)?, &position(&state)?, state.order, &cause, at)?;
    let refunds = ask_back(&mut state, &[], RefundReason::OrderCancelled, at, &mut ids)?;
    Ok(Some(finish(
        before,
        state,
        Vec::new(),
        moved.into_iter().collect(),
        OrderStep::None,
        refunds,
    )))
}

/// Makes the order's money the merchant's: `None` when it is not held, or a dispute stops the clock.
///
/// # Errors
///
/// When the amounts do not add up.
pub fn release_escrow(before: &MoneyState, at: Timestamp) -> Result<Option<Settled>, SettleError> {
    if before.escrow != Escrow::Held || before.standing != Standing::Accepted || before.folded.disputes_open > 0 {
        return Ok(None);
    }
    let mut state = before.clone();
    state.escrow = Escrow::Released;
    let moved = Posting::between(
        &position(before)?,
        &position(&state)?,
        state.order,
        "escrow#released",
        at,
    )?;
    let moved = moved.into_iter().collect();
    Ok(Some(finish(
        before,
        state,
        Vec::new(),
        moved,
        OrderStep::None,
        Vec::new(),
    )))
}

fn finish(
    before: &MoneyState,
    mut state: MoneyState,
    facts: Vec<Fact>,
    postings: Vec<Posting>,
    order: OrderStep,
    refunds: Vec<RefundRequest>,
) -> Settled {
    let held = state.held();
    // A hold that a person ended stays ended while nothing new asks for one.
    state.hold = if held == before.held() { before.hold } else { held };
    state.version = before.version + 1;
    let held = state.hold.filter(|hold| before.hold != Some(*hold));
    Settled {
        state,
        facts,
        postings,
        order,
        refunds,
        held,
    }
}

/// Spreads what is owed over the payments that brought it, those told of just now first.
fn ask_back(
    state: &mut MoneyState,
    told: &[Fact],
    reason: RefundReason,
    at: Timestamp,
    ids: &mut impl FnMut() -> RefundId,
) -> Result<Vec<RefundRequest>, MoneyError> {
    let captures = told
        .iter()
        .filter(|fact| matches!(fact.kind, FactKind::Captured { .. }));
    let mut payments: Vec<_> = captures
        .rev()
        .map(|fact| (fact.provider, fact.payment.clone()))
        .collect();
    for payment in state.folded.payments.keys() {
        if !payments.contains(payment) {
            payments.push(payment.clone());
        }
    }
    let currency = state.due.currency();
    let mut owed = state.owed();
    let mut requests = Vec::new();
    for (provider, payment) in payments {
        let amount = owed.min(state.room(provider, &payment));
        if amount <= 0 {
            continue;
        }
        owed -= amount;
        let back = state.back();
        state.returned = Money::new(back, currency)?.plus(Money::new(amount, currency)?)?;
        let (order, amount) = (state.order, Money::new(amount, currency)?);
        let request = RefundRequest {
            id: ids(),
            order,
            provider,
            payment,
            amount,
            reason,
            lines: Vec::new(),
            by: Actor::system("payment-settlement"),
            requested_at: at,
            state: RefundState::Requested,
            provider_refund: None,
            again: None,
            version: 1,
        };
        state.requests.push(request.clone());
        requests.push(request);
    }
    Ok(requests)
}

#[cfg(test)]
mod tests;
