//! Double entry: accounts, positions and balanced postings.

use std::collections::BTreeMap;

use kernel::{Money, MoneyError, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{MoneyState, Provider, Standing};

/// An account of the ledger. Debits are positive, credits negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// What the provider holds for us: captured − refunded − withdrawn. An asset.
    ProviderClearing(Provider),
    /// What paid orders earned.
    Sales,
    /// Received for an order that is not paid in full yet. A liability.
    CustomerDeposits,
    /// Received beyond what the order costs. A liability.
    Overpayments,
    /// Received for an order that is closed: to be given back. A liability.
    RefundsPayable,
    /// Given back out of sales.
    Refunds,
    /// Taken back by payers' banks.
    Disputes,
}

/// One line of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which account.
    pub account: Account,
    /// Positive: debit. Negative: credit. Never nothing.
    pub amount: Money,
}

/// A balanced set of entries that one fact, or the closing of an order, caused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    order: OrderId,
    cause: String,
    entries: Vec<Entry>,
    posted_at: Timestamp,
}

/// Why entries are no posting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Debits and credits differ.
    #[error("debits and credits differ")]
    Unbalanced,
    /// Amounts of two currencies, or beyond all bounds.
    #[error("amounts do not add up")]
    Money(#[from] MoneyError),
}

/// Balance per account, in one currency.
pub type Position = BTreeMap<Account, Money>;

impl Posting {
    /// A posting, refused unless it balances.
    ///
    /// # Errors
    ///
    /// See [`LedgerError`].
    pub fn new(order: OrderId, cause: String, entries: Vec<Entry>, posted_at: Timestamp) -> Result<Self, LedgerError> {
        let mut amounts = entries.iter().map(|entry| entry.amount);
        let first = amounts.next().ok_or(LedgerError::Unbalanced)?;
        let sum = amounts.try_fold(first, Money::plus)?;
        if sum.amount() != 0 {
            return Err(LedgerError::Unbalanced);
        }
        Ok(Self {
            order,
            cause,
            entries,
            posted_at,
        })
    }

    /// What leads from one position to another; `None` when they are the same.
    ///
    /// # Errors
    ///
    /// See [`LedgerError`].
    pub fn between(
        before: &Position,
        after: &Position,
        order: OrderId,
        cause: &str,
        at: Timestamp,
    ) -> Result<Option<Self>, LedgerError> {
        let mut entries = Vec::new();
        let mut accounts: Vec<_> = before.keys().chain(after.keys()).copied().collect();
        accounts.sort_unstable();
        accounts.dedup();
        for account in accounts {
            let amount = match (before.get(&account), after.get(&account)) {
                (Some(old), Some(new)) => new.minus(*old)?,
                (Some(old), None) => old.negated(),
                (None, Some(new)) => *new,
                (None, None) => continue,
            };
            if amount.amount() != 0 {
                entries.push(Entry { account, amount });
            }
        }
        if entries.is_empty() {
            return Ok(None);
        }
        Self::new(order, cause.to_owned(), entries, at).map(Some)
    }

    /// Whose.
    pub const fn order(&self) -> OrderId {
        self.order
    }

    /// The business key within the order: the key of the fact that caused it, so that no code path books it twice.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// The lines.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// Where the money of a state stands. Sums to nothing for every state.
///
/// # Errors
///
/// When amounts leave their bounds.
pub fn position(state: &MoneyState) -> Result<Position, LedgerError> {
    let total = state.folded.total;
    let zero = Money::zero(state.due.currency());
    let (applied, liability) = match state.standing {
        Standing::Awaiting => (zero, Account::CustomerDeposits),
        Standing::Accepted => (least(state.due, total.captured), Account::Overpayments),
        Standing::Closed => (zero, Account::RefundsPayable),
    };
    let excess = total.captured.minus(applied)?;
    let out_of_excess = least(total.refunded, excess);
    let mut position = Position::new();
    for ((provider, _), totals) in &state.folded.payments {
        let held = totals.captured.minus(totals.refunded)?.minus(totals.withdrawn)?;
        let balance = position.entry(Account::ProviderClearing(*provider)).or_insert(zero);
        *balance = balance.plus(held)?;
    }
    position.insert(Account::Sales, applied.negated());
    position.insert(liability, excess.minus(out_of_excess)?.negated());
    position.insert(Account::Refunds, total.refunded.minus(out_of_excess)?);
    position.insert(Account::Disputes, total.withdrawn);
    position.retain(|_, amount| amount.amount() != 0);
    Ok(position)
}

fn least(left: Money, right: Money) -> Money {
    if left.amount() < right.amount() { left } else { right }
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;

    fn cny(amount: i64) -> Money {
        Money::new(amount, "CNY".parse().unwrap()).unwrap()
    }

    fn entry(account: Account, amount: i64) -> Entry {
        Entry {
            account,
            amount: cny(amount),
        }
    }

    #[test]
    fn a_posting_that_does_not_balance_is_refused() {
        let order = OrderId::from_parts(Timestamp::from_millis(1), [1; 10]);
        let clearing = Account::ProviderClearing(Provider::Stripe);
        let of = |entries| Posting::new(order, "c".to_owned(), entries, Timestamp::from_millis(1));
        assert!(of(vec![entry(clearing, 100), entry(Account::Sales, -100)]).is_ok());
        assert_eq!(
            of(vec![entry(clearing, 100), entry(Account::Sales, -99)]),
            Err(LedgerError::Unbalanced)
        );
        assert_eq!(of(vec![]), Err(LedgerError::Unbalanced));
    }
}
