//! Our books against a provider's statement: pure comparison, row by row and entry by entry.
//!
//! Both directions: every row of theirs has a fact of ours that says the same, and every entry of ours on the provider's
//! account has a row of theirs. A statement may be a snapshot: where it lags behind what we know, the provider itself is
//! asked before anybody is bothered ([`Verdict::Ask`]).

use kernel::{Money, Timestamp};

use crate::{
    CaseReason, Fact, FactKind, ObjectId, Provider, Reading,
    provider::{StatementRow, StatementState},
};

/// Beijing is this many seconds ahead of UTC, all year.
const BEIJING_S: i64 = 8 * 3_600;

/// The day of a provider's statements that a time belongs to, `2026-11-22`.
pub fn statement_day(provider: Provider, at: Timestamp) -> String {
    match provider {
        Provider::WechatPay | Provider::Alipay => at.plus_seconds(BEIJING_S).day(),
        Provider::Stripe | Provider::CashOnDelivery | Provider::Instant => at.day(),
    }
}

/// A disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Of which kind.
    pub why: CaseReason,
    /// What our books say, where they say something.
    pub here: Option<Money>,
    /// What the statement says, where it says something.
    pub there: Option<Money>,
}

/// What we know of the thing that a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    /// Nothing that moves money.
    Nothing,
    /// It is on its way.
    Pending(Money),
    /// It moved.
    Moved(Money),
    /// It did not move, or came back.
    Failed(Money),
}

/// What comes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both say the same.
    Agrees,
    /// They differ, unless the provider itself says what we do: then the statement is only older.
    Ask(Difference),
    /// They differ.
    Differs(Difference),
}

/// What our facts say of a row's payment or refund.
pub fn here(provider: Provider, row: &StatementRow, facts: &[Fact]) -> Here {
    let ours = || {
        facts
            .iter()
            .filter(move |fact| fact.provider == provider && fact.payment == row.payment)
    };
    let Some(refund) = &row.refund else {
        let captured = ours().filter_map(|fact| match fact.kind {
            FactKind::Captured { received } => Some(received),
            _ => None,
        });
        return captured
            .max_by_key(|money| money.amount())
            .map_or(Here::Nothing, Here::Moved);
    };
    let told = ours().filter(|fact| fact.refund() == Some(refund));
    let best = told.filter_map(|fact| Some((rank(&fact.kind)?, fact.money()?)));
    match best.max_by_key(|(rank, money)| (*rank, money.amount())) {
        Some((2, money)) => Here::Failed(money),
        Some((1, money)) => Here::Moved(money),
        Some((_, money)) => Here::Pending(money),
        None if row.state == StatementState::Succeeded && in_total(row.amount, &ours()) => Here::Moved(row.amount),
        None => Here::Nothing,
    }
}

/// Failed wins over succeeded, and succeeded over the rest.
const fn rank(kind: &FactKind) -> Option<u8> {
    match kind {
        FactKind::RefundFailed { .. } => Some(2),
        FactKind::RefundSucceeded { .. } => Some(1),
        FactKind::RefundPending { .. } | FactKind::RefundAbnormal { .. } => Some(0),
        FactKind::Progress { .. }
        | FactKind::Captured { .. }
        | FactKind::RefundTotal { .. }
        | FactKind::DisputeInquiry { .. }
        | FactKind::DisputeOpened { .. }
        | FactKind::DisputeWon { .. }
        | FactKind::DisputeLost { .. } => None,
    }
}

/// Whether a refund that nobody named is in the running total: what that is beyond the refunds that were named.
fn in_total<'a>(amount: Money, ours: &(impl Iterator<Item = &'a Fact> + Clone)) -> bool {
    let totals = ours.clone().filter_map(|fact| match fact.kind {
        FactKind::RefundTotal { total } => Some(total.amount()),
        _ => None,
    });
    let failed = |refund: &ObjectId| {
        let mut failures = ours.clone();
        failures.any(|fact| matches!(&fact.kind, FactKind::RefundFailed { refund: of, .. } if of == refund))
    };
    let named: i64 = ours
        .clone()
        .filter_map(|fact| match &fact.kind {
            FactKind::RefundSucceeded { refund, amount } if !failed(refund) => Some(amount.amount()),
            _ => None,
        })
        .sum();
    totals.max().is_some_and(|total| total - named >= amount.amount())
}

/// Compares a row with what we know.
pub fn compare(row: &StatementRow, here: Here) -> Verdict {
    let there = Some(row.amount);
    let differs = |why, here| Difference { why, here, there };
    let state = |here| differs(CaseReason::StateDiffers, Some(here));
    let same = |money: Money| {
        if money == row.amount {
            Verdict::Agrees
        } else {
            Verdict::Differs(differs(CaseReason::AmountDiffers, Some(money)))
        }
    };
    match (row.state, here) {
        (StatementState::Succeeded, Here::Nothing) => Verdict::Differs(differs(CaseReason::MissingHere, None)),
        (StatementState::Succeeded | StatementState::Failed, Here::Pending(money))
        | (StatementState::Failed, Here::Moved(money)) => Verdict::Differs(state(money)),
        (StatementState::Succeeded, Here::Moved(money))
        | (StatementState::Pending, Here::Pending(money))
        | (StatementState::Failed, Here::Failed(money)) => same(money),
        (StatementState::Succeeded, Here::Failed(money))
        | (StatementState::Pending, Here::Moved(money) | Here::Failed(money)) => Verdict::Ask(state(money)),
        (StatementState::Pending | StatementState::Failed, Here::Nothing) => Verdict::Agrees,
    }
}

/// An entry of ours on a provider's account that a row of theirs must stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A payment.
    Payment {
        /// The object.
        payment: ObjectId,
    },
    /// One refund.
    Refund {
        /// Of which payment.
        payment: ObjectId,
        /// The refund.
        refund: ObjectId,
    },
    /// Refunds, told as a running total.
    Refunds {
        /// Of which payment.
        payment: ObjectId,
        /// So far, in minor units.
        total: i64,
    },
}

impl Expected {
    /// What the entry of this cause, the key of a fact, waits for. `None` for what statements do not have a row for:
    /// disputes, refunds that came back, fees, and what an order's end moved.
    pub fn of(cause: &str) -> Option<Self> {
        let mut parts = cause.split('#');
        let _: Provider = parts.next()?.parse().ok()?;
        let payment: ObjectId = parts.next()?.parse().ok()?;
        match parts.next()? {
            "captured" => Some(Self::Payment { payment }),
            "refund_succeeded" => Some(Self::Refund {
                payment,
                refund: parts.next()?.parse().ok()?,
            }),
            "refund_total" => Some(Self::Refunds {
                payment,
                total: parts.next()?.parse().ok()?,
            }),
            _ => None,
        }
    }

    /// The payment object.
    pub const fn payment(&self) -> &ObjectId {
        match self {
            Self::Payment { payment } | Self::Refund { payment, .. } | Self::Refunds { payment, .. } => payment,
        }
    }

    /// What its case is about.
    pub const fn object(&self) -> &ObjectId {
        match self {
            Self::Payment { payment } | Self::Refunds { payment, .. } => payment,
            Self::Refund { refund, .. } => refund,
        }
    }

    /// Whether the rows that statements have for the payment stand for it. What a row says of amount and state was
    /// compared when it was read.
    pub fn is_among(&self, rows: &[StatementRow]) -> bool {
        match self {
            Self::Payment { .. } => rows.iter().any(|row| row.refund.is_none()),
            Self::Refund { refund, .. } => rows.iter().any(|row| row.refund.as_ref() == Some(refund)),
            Self::Refunds { total, .. } => {
                let refunds = rows
                    .iter()
                    .filter(|row| row.refund.is_some() && row.state != StatementState::Failed);
                refunds.map(|row| row.amount.amount()).sum::<i64>() >= *total
            }
        }
    }

    /// Whether the provider's own answer says that it happened.
    pub fn is_told(&self, reading: &Reading) -> bool {
        reading.facts.iter().any(|fact| match (self, &fact.kind) {
            (Self::Payment { payment }, FactKind::Captured { .. }) => fact.payment == *payment,
            (Self::Refund { refund, .. }, FactKind::RefundSucceeded { refund: of, .. }) => refund == of,
            (Self::Refunds { payment, total }, FactKind::RefundTotal { total: told }) => {
                fact.payment == *payment && told.amount() >= *total
            }
            _ => false,
        })
    }
}

/// Whether the provider's own answer says what we do, so that the statement is only older.
pub fn confirms(reading: &Reading, row: &StatementRow, here: Here) -> bool {
    reading.facts.iter().any(|fact| match (&row.refund, &fact.kind, here) {
        (None, FactKind::Captured { received }, Here::Moved(money)) => {
            fact.payment == row.payment && *received == money
        }
        (Some(refund), FactKind::RefundSucceeded { refund: of, amount }, Here::Moved(money))
        | (Some(refund), FactKind::RefundFailed { refund: of, amount }, Here::Failed(money)) => {
            of == refund && *amount == money
        }
        _ => false,
    })
}

impl Fact {
    /// The refund that it is about, where it is about one.
    pub const fn refund(&self) -> Option<&ObjectId> {
        match &self.kind {
            FactKind::RefundPending { refund, .. }
            | FactKind::RefundSucceeded { refund, .. }
            | FactKind::RefundFailed { refund, .. }
            | FactKind::RefundAbnormal { refund, .. } => Some(refund),
            FactKind::Progress { .. }
            | FactKind::Captured { .. }
            | FactKind::RefundTotal { .. }
            | FactKind::DisputeInquiry { .. }
            | FactKind::DisputeOpened { .. }
            | FactKind::DisputeWon { .. }
            | FactKind::DisputeLost { .. } => None,
        }
    }

    /// Whether it tells the outcome of a refund, so that there is nothing to ask any more.
    pub const fn ends_refund(&self) -> bool {
        matches!(
            self.kind,
            FactKind::RefundSucceeded { .. } | FactKind::RefundFailed { .. } | FactKind::RefundAbnormal { .. }
        )
    }
}

#[cfg(test)]
mod tests;
