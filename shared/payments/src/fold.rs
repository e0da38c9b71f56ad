//! The money state as a fold over a set of facts.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Currency, Money, MoneyError};
use serde::{Deserialize, Serialize};

use crate::{Fact, FactKind, ObjectId, Provider};

/// What moved through one provider for one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Received: the sum over distinct payment objects.
    pub captured: Money,
    /// Given back.
    pub refunded: Money,
    /// Taken back by payers' banks and not returned.
    pub withdrawn: Money,
}

impl Totals {
    /// Nothing moved.
    pub const fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            captured: zero,
            refunded: zero,
            withdrawn: zero,
        }
    }

    fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            captured: self.captured.plus(other.captured)?,
            refunded: self.refunded.plus(other.refunded)?,
            withdrawn: self.withdrawn.plus(other.withdrawn)?,
        })
    }
}

/// What a set of facts amounts to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// Of all payments together.
    pub total: Totals,
    /// Per payment object.
    pub payments: BTreeMap<(Provider, ObjectId), Totals>,
    /// Per refund that was told of by itself.
    pub refunds: BTreeMap<(Provider, ObjectId), RefundOutcome>,
    /// Per dispute.
    pub disputes: BTreeMap<(Provider, ObjectId), FoldedDispute>,
    /// Disputes that wait for their outcome.
    pub disputes_open: u32,
    /// Disputes that were lost.
    pub disputes_lost: u32,
}

/// What became of a refund. The later variant wins, in whatever order they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundOutcome {
    /// On its way.
    Pending,
    /// The provider can't finish it by itself.
    Abnormal,
    /// The payer has it.
    Succeeded,
    /// It came back.
    Failed,
}

/// What is known of one dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedDispute {
    /// The payment object that is disputed.
    pub payment: ObjectId,
    /// What is, or was, withdrawn; nothing for a question alone.
    pub amount: Money,
    /// What became of it.
    pub outcome: DisputeOutcome,
}

/// What became of a dispute. The later variant wins, in whatever order they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// The payer's bank asks, and holds no money.
    Inquiry,
    /// The payer's bank took the money, and decides.
    Open,
    /// The money stays here, or came back.
    Won,
    /// The money stays away.
    Lost,
}

impl DisputeOutcome {
    /// Whether evidence still helps.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Inquiry | Self::Open => true,
            Self::Won | Self::Lost => false,
        }
    }
}

/// Why facts do not fold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Amounts of two currencies, or beyond all bounds.
    #[error("amounts do not add up")]
    Money(#[from] MoneyError),
}

/// What is known of one payment object. Maxima make every rule independent of order and of copies.
#[derive(Default)]
struct PaymentFacts<'a> {
    captured: i64,
    refunds: BTreeMap<&'a ObjectId, RefundOutcome>,
    succeeded: BTreeMap<&'a ObjectId, i64>,
    failed: BTreeMap<&'a ObjectId, i64>,
    running_total: i64,
    opened: BTreeMap<&'a ObjectId, i64>,
    won: BTreeSet<&'a ObjectId>,
    lost: BTreeMap<&'a ObjectId, i64>,
    asked: BTreeSet<&'a ObjectId>,
}

/// Folds facts of one order, all in `currency`.
///
/// # Errors
///
/// When amounts are of another currency or do not add up within bounds.
pub fn fold<'a>(currency: Currency, facts: impl IntoIterator<Item = &'a Fact>) -> Result<Folded, FoldError> {
    let mut payments: BTreeMap<(Provider, &ObjectId), PaymentFacts<'_>> = BTreeMap::new();
    for fact in facts {
        if let Some(money) = fact.money()
            && money.currency() != currency
        {
            return Err(MoneyError::Mixed {
                left: currency,
                right: money.currency(),
            }
            .into());
        }
        payments
            .entry((fact.provider, &fact.payment))
            .or_default()
            .learn(&fact.kind);
    }
    let mut folded = Folded::nothing(currency);
    for ((provider, object), payment) in &payments {
        let totals = payment.totals(currency)?;
        folded.payments.insert((*provider, (*object).clone()), totals);
        for (refund, outcome) in &payment.refunds {
            let known = folded.refunds.entry((*provider, (*refund).clone())).or_insert(*outcome);
            *known = (*known).max(*outcome);
        }
        for dispute in payment.all_disputes() {
            let told = payment.dispute(object, dispute, currency)?;
            folded.disputes.insert((*provider, dispute.clone()), told);
        }
        folded.total = folded.total.plus(totals)?;
        folded.disputes_open += payment.open_disputes();
        folded.disputes_lost += count(payment.lost.len());
    }
    Ok(folded)
}

impl Folded {
    /// Of no facts.
    pub const fn nothing(currency: Currency) -> Self {
        Self {
            total: Totals::zero(currency),
            payments: BTreeMap::new(),
            refunds: BTreeMap::new(),
            disputes: BTreeMap::new(),
            disputes_open: 0,
            disputes_lost: 0,
        }
    }
}

const fn outcome(kind: &FactKind) -> Option<(&ObjectId, RefundOutcome)> {
    match kind {
        FactKind::RefundPending { refund, .. } => Some((refund, RefundOutcome::Pending)),
        FactKind::RefundAbnormal { refund, .. } => Some((refund, RefundOutcome::Abnormal)),
        FactKind::RefundSucceeded { refund, .. } => Some((refund, RefundOutcome::Succeeded)),
        FactKind::RefundFailed { refund, .. } => Some((refund, RefundOutcome::Failed)),
        FactKind::Progress { .. }
        | FactKind::Captured { .. }
        | FactKind::RefundTotal { .. }
        | FactKind::DisputeInquiry { .. }
        | FactKind::DisputeOpened { .. }
        | FactKind::DisputeWon { .. }
        | FactKind::DisputeLost { .. } => None,
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn raise<'a>(amounts: &mut BTreeMap<&'a ObjectId, i64>, object: &'a ObjectId, amount: Money) {
    let known = amounts.entry(object).or_default();
    *known = (*known).max(amount.amount());
}

impl<'a> PaymentFacts<'a> {
    fn learn(&mut self, kind: &'a FactKind) {
        if let Some((refund, outcome)) = outcome(kind) {
            let known = self.refunds.entry(refund).or_insert(outcome);
            *known = (*known).max(outcome);
        }
        match kind {
            FactKind::Captured { received } => self.captured = self.captured.max(received.amount()),
            FactKind::RefundSucceeded { refund, amount } => raise(&mut self.succeeded, refund, *amount),
            FactKind::RefundFailed { refund, amount } => raise(&mut self.failed, refund, *amount),
            FactKind::RefundTotal { total } => self.running_total = self.running_total.max(total.amount()),
            FactKind::DisputeOpened { dispute, amount } => raise(&mut self.opened, dispute, *amount),
            FactKind::DisputeLost { dispute, amount } => raise(&mut self.lost, dispute, *amount),
            FactKind::DisputeWon { dispute } => {
                self.won.insert(dispute);
            }
            FactKind::DisputeInquiry { dispute } => {
                self.asked.insert(dispute);
            }
            FactKind::Progress { .. } | FactKind::RefundPending { .. } | FactKind::RefundAbnormal { .. } => {}
        }
    }

    /// `max(Σ succeeded and not failed, running total − Σ failed)`, never below nothing.
    fn refunded(&self) -> i128 {
        let sum = |amounts: &mut dyn Iterator<Item = i64>| amounts.map(i128::from).sum::<i128>();
        let succeeded = self
            .succeeded
            .iter()
            .filter(|(refund, _)| !self.failed.contains_key(*refund));
        let rows = sum(&mut succeeded.map(|(_, amount)| *amount));
        let failed = sum(&mut self.failed.values().copied());
        rows.max(i128::from(self.running_total) - failed).max(0)
    }

    fn open(&self) -> impl Iterator<Item = i64> + '_ {
        let decided = |dispute: &ObjectId| self.won.contains(dispute) || self.lost.contains_key(dispute);
        self.opened
            .iter()
            .filter(move |(dispute, _)| !decided(dispute))
            .map(|(_, amount)| *amount)
    }

    fn open_disputes(&self) -> u32 {
        count(self.open().count())
    }

    fn all_disputes(&self) -> BTreeSet<&'a ObjectId> {
        let told = self.asked.iter().chain(&self.won).copied();
        told.chain(self.opened.keys().copied())
            .chain(self.lost.keys().copied())
            .collect()
    }

    fn dispute(&self, payment: &ObjectId, dispute: &ObjectId, currency: Currency) -> Result<FoldedDispute, MoneyError> {
        let (lost, opened) = (self.lost.get(dispute), self.opened.get(dispute));
        let outcome = if lost.is_some() {
            DisputeOutcome::Lost
        } else if self.won.contains(dispute) {
            DisputeOutcome::Won
        } else if opened.is_some() {
            DisputeOutcome::Open
        } else {
            DisputeOutcome::Inquiry
        };
        Ok(FoldedDispute {
            payment: payment.clone(),
            amount: Money::new(lost.or(opened).copied().unwrap_or(0), currency)?,
            outcome,
        })
    }

    fn totals(&self, currency: Currency) -> Result<Totals, MoneyError> {
        let money = |amount: i128| Money::new(i64::try_from(amount).map_err(|_| MoneyError::OutOfRange)?, currency);
        let withdrawn: i128 = self.open().chain(self.lost.values().copied()).map(i128::from).sum();
        Ok(Totals {
            captured: Money::new(self.captured, currency)?,
            refunded: money(self.refunded())?,
            withdrawn: money(withdrawn)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny(amount: i64) -> Money {
        Money::new(amount, "CNY".parse().unwrap()).unwrap()
    }

    fn id(text: &str) -> ObjectId {
        text.parse().unwrap()
    }

    fn fact(kind: FactKind) -> Fact {
        Fact {
            provider: Provider::Stripe,
            payment: id("pi_1"),
            kind,
        }
    }

    fn totals(kinds: Vec<FactKind>) -> (i64, i64, i64) {
        let facts: Vec<Fact> = kinds.into_iter().map(fact).collect();
        let total = fold(cny(0).currency(), &facts).unwrap().total;
        (
            total.captured.amount(),
            total.refunded.amount(),
            total.withdrawn.amount(),
        )
    }

    fn captured(amount: i64) -> FactKind {
        FactKind::Captured { received: cny(amount) }
    }
    fn refunded(refund: &str, amount: i64) -> FactKind {
        FactKind::RefundSucceeded {
            refund: id(refund),
            amount: cny(amount),
        }
    }
    fn refund_failed(refund: &str, amount: i64) -> FactKind {
        FactKind::RefundFailed {
            refund: id(refund),
            amount: cny(amount),
        }
    }
    fn running(total: i64) -> FactKind {
        FactKind::RefundTotal { total: cny(total) }
    }

    #[test]
    fn the_same_money_told_under_two_event_types_counts_once() {
        assert_eq!(totals(vec![captured(100), captured(100)]), (100, 0, 0));
    }

    #[test]
    fn a_running_total_is_compared_and_never_added() {
        assert_eq!(
            totals(vec![captured(100), refunded("re_1", 30), running(30)]),
            (100, 30, 0)
        );
        assert_eq!(
            totals(vec![captured(100), running(30), running(50), refunded("re_1", 30)]),
            (100, 50, 0)
        );
    }

    #[test]
    fn a_failed_refund_gives_the_money_back_in_any_order() {
        assert_eq!(
            totals(vec![captured(100), refunded("re_1", 30), refund_failed("re_1", 30)]),
            (100, 0, 0)
        );
        assert_eq!(
            totals(vec![refund_failed("re_1", 30), refunded("re_1", 30), running(30)]),
            (0, 0, 0)
        );
        assert_eq!(
            totals(vec![
                captured(100),
                running(50),
                refunded("re_2", 20),
                refund_failed("re_1", 30)
            ]),
            (100, 20, 0)
        );
    }

    #[test]
    fn disputes_count_while_they_are_open_or_lost() {
        let opened = || FactKind::DisputeOpened {
            dispute: id("dp_1"),
            amount: cny(100),
        };
        let won = || FactKind::DisputeWon { dispute: id("dp_1") };
        let lost = || FactKind::DisputeLost {
            dispute: id("dp_1"),
            amount: cny(100),
        };
        assert_eq!(totals(vec![captured(100), opened()]), (100, 0, 100));
        assert_eq!(totals(vec![won(), captured(100), opened()]), (100, 0, 0));
        assert_eq!(totals(vec![lost(), captured(100), opened()]), (100, 0, 100));
        let asked = || FactKind::DisputeInquiry { dispute: id("dp_1") };
        assert_eq!(totals(vec![captured(100), asked()]), (100, 0, 0));
        for (kinds, outcome, amount) in [
            (vec![asked()], DisputeOutcome::Inquiry, 0),
            (vec![opened(), asked()], DisputeOutcome::Open, 100),
            (vec![won(), opened()], DisputeOutcome::Won, 100),
            (vec![won()], DisputeOutcome::Won, 0),
            (vec![won(), lost(), opened()], DisputeOutcome::Lost, 100),
        ] {
            let facts: Vec<Fact> = kinds.into_iter().map(fact).collect();
            let folded = fold(cny(0).currency(), &facts).unwrap();
            let told = &folded.disputes[&(Provider::Stripe, id("dp_1"))];
            assert_eq!((told.outcome, told.amount.amount()), (outcome, amount));
            assert_eq!(told.payment, id("pi_1"));
            let open = u32::from(outcome == DisputeOutcome::Open);
            assert_eq!(
                (folded.disputes_open, outcome.is_open()),
                (open, outcome < DisputeOutcome::Won)
            );
            assert_eq!(folded.disputes_lost, u32::from(outcome == DisputeOutcome::Lost));
        }
    }

    #[test]
    fn disputes_of_several_payments_are_counted_together() {
        let amount = cny(100);
        let told = |payment: &str, kind| Fact {
            payment: id(payment),
            ..fact(kind)
        };
        let lost = |dispute: &str| FactKind::DisputeLost {
            dispute: id(dispute),
            amount,
        };
        let opened = |dispute: &str| FactKind::DisputeOpened {
            dispute: id(dispute),
            amount,
        };
        let facts = [
            told("pi_1", lost("dp_1")),
            told("pi_1", opened("dp_2")),
            told("pi_2", lost("dp_3")),
            told("pi_2", opened("dp_4")),
            told("pi_2", opened("dp_5")),
        ];
        let folded = fold(amount.currency(), &facts).unwrap();
        assert_eq!((folded.disputes_open, folded.disputes_lost), (3, 2));
        assert_eq!(folded.total.withdrawn, cny(500));
    }

    #[test]
    fn another_currency_does_not_fold() {
        let usd = Money::new(1, "USD".parse().unwrap()).unwrap();
        let facts = [fact(FactKind::Captured { received: usd })];
        assert!(fold(cny(0).currency(), &facts).is_err());
    }
}
