//! Double entry: accounts, positions and balanced postings.

use std::collections::BTreeMap;

use std::{fmt, str::FromStr};

use kernel::{Money, MoneyError, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Escrow, MoneyState, Provider, Standing};

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
    /// Held for the merchant until delivery is confirmed. A liability.
    Escrow,
    /// Owed to the merchant. A liability.
    MerchantPayable,
    /// What providers took for their work.
    Fees,
    /// Cash that couriers handed in, on its way to the bank. An asset.
    CashInTransit,
    /// Money at the bank. An asset.
    Bank,
    /// What rounding left.
    Rounding,
}

/// A name that is no account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no account of that name")]
pub struct UnknownAccount;

impl Account {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::Sales,
            Self::CustomerDeposits,
            Self::Overpayments,
            Self::RefundsPayable,
            Self::Refunds,
            Self::Disputes,
            Self::Escrow,
            Self::MerchantPayable,
            Self::Fees,
            Self::CashInTransit,
            Self::Bank,
            Self::Rounding,
        ];
        Provider::ALL.into_iter().map(Self::ProviderClearing).chain(others)
    }
}

impl fmt::Display for Account {
    /// The name in keys and routes: `provider_clearing:stripe`, `sales`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProviderClearing(provider) => return write!(f, "provider_clearing:{provider}"),
            Self::Sales => "sales",
            Self::CustomerDeposits => "customer_deposits",
            Self::Overpayments => "overpayments",
            Self::RefundsPayable => "refunds_payable",
            Self::Refunds => "refunds",
            Self::Disputes => "disputes",
            Self::Escrow => "escrow",
            Self::MerchantPayable => "merchant_payable",
            Self::Fees => "fees",
            Self::CashInTransit => "cash_in_transit",
            Self::Bank => "bank",
            Self::Rounding => "rounding",
        })
    }
}

impl FromStr for Account {
    type Err = UnknownAccount;
    fn from_str(text: &str) -> Result<Self, UnknownAccount> {
        Self::all()
            .find(|account| account.to_string() == text)
            .ok_or(UnknownAccount)
    }
}

/// Whose a posting is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An order's money.
    Order(OrderId),
    /// Cash that a courier hands in or the bank takes, by its id.
    Remittance(String),
    /// A day's statement of a provider: its fees.
    Statement(Provider, String),
}

impl fmt::Display for Subject {
    /// The partition of its postings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(order) => write!(f, "order#{order}"),
            Self::Remittance(id) => write!(f, "remittance#{id}"),
            Self::Statement(provider, day) => write!(f, "statement#{provider}#{day}"),
        }
    }
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
    subject: Subject,
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
    pub fn new(
        subject: Subject,
        cause: String,
        entries: Vec<Entry>,
        posted_at: Timestamp,
    ) -> Result<Self, LedgerError> {
        let mut amounts = entries.iter().map(|entry| entry.amount);
        let first = amounts.next().ok_or(LedgerError::Unbalanced)?;
        let sum = amounts.try_fold(first, Money::plus)?;
        if sum.amount() != 0 {
            return Err(LedgerError::Unbalanced);
        }
        Ok(Self {
            subject,
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
        Self::new(Subject::Order(order), cause.to_owned(), entries, at).map(Some)
    }

    /// Whose.
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// When it was booked.
    pub const fn posted_at(&self) -> Timestamp {
        self.posted_at
    }

    /// The business key within the subject: for an order the key of the fact that caused it, so that no code path books it twice.
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
    // Staff give up what was earned. Before it is, and once the order is over, all that goes back is the payer's own.
    let conceded = match state.standing {
        Standing::Accepted => least(state.conceded_and_gone()?, applied),
        Standing::Awaiting | Standing::Closed => zero,
    };
    let out_of_excess = least(total.refunded.minus(conceded)?, excess);
    let out_of_sales = total.refunded.minus(out_of_excess)?;
    let mut position = Position::new();
    for ((provider, _), totals) in &state.folded.payments {
        let held = totals.captured.minus(totals.refunded)?.minus(totals.withdrawn)?;
        let balance = position.entry(Account::ProviderClearing(*provider)).or_insert(zero);
        *balance = balance.plus(held)?;
    }
    position.insert(liability, excess.minus(out_of_excess)?.negated());
    let merchant = match state.escrow {
        Escrow::None => None,
        Escrow::Held => Some(Account::Escrow),
        Escrow::Released => Some(Account::MerchantPayable),
    };
    // What is held for, or owed to, a merchant bears its own refunds and disputes.
    if let (Some(account), Standing::Accepted) = (merchant, state.standing) {
        position.insert(account, applied.minus(out_of_sales)?.minus(total.withdrawn)?.negated());
    } else {
        position.insert(Account::Sales, applied.negated());
        position.insert(Account::Refunds, out_of_sales);
        position.insert(Account::Disputes, total.withdrawn);
    }
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
        let of = |entries| {
            Posting::new(
                Subject::Order(order),
                "c".to_owned(),
                entries,
                Timestamp::from_millis(1),
            )
        };
        assert!(of(vec![entry(clearing, 100), entry(Account::Sales, -100)]).is_ok());
        assert_eq!(
            of(vec![entry(clearing, 100), entry(Account::Sales, -99)]),
            Err(LedgerError::Unbalanced)
        );
        assert_eq!(of(vec![]), Err(LedgerError::Unbalanced));
    }

    #[test]
    fn every_account_reads_back_from_its_name() {
        for account in Account::all() {
            assert_eq!(account.to_string().parse(), Ok(account));
        }
        let clearing = Account::ProviderClearing(Provider::WechatPay);
        assert_eq!("provider_clearing:wechat_pay".parse(), Ok(clearing));
        assert_eq!("bank".parse(), Ok(Account::Bank));
        assert_eq!(Account::all().count(), Provider::ALL.len() + 12);
        assert_eq!("cash".parse::<Account>(), Err(UnknownAccount));
    }

    #[test]
    fn postings_are_kept_under_their_subject_as_they_were_booked() {
        let at = Timestamp::from_millis(1_700_000_000_000);
        let order = OrderId::from_parts(at, [1; 10]);
        for (subject, partition) in [
            (Subject::Order(order), format!("order#{order}")),
            (Subject::Remittance("rem_1".to_owned()), "remittance#rem_1".to_owned()),
            (
                Subject::Statement(Provider::WechatPay, "2026-04-08".to_owned()),
                "statement#wechat_pay#2026-04-08".to_owned(),
            ),
        ] {
            assert_eq!(subject.to_string(), partition);
            let entries = vec![entry(Account::Bank, 100), entry(Account::Fees, -100)];
            let posting = Posting::new(subject.clone(), "c".to_owned(), entries.clone(), at).unwrap();
            assert_eq!(
                (
                    posting.subject(),
                    posting.cause(),
                    posting.entries(),
                    posting.posted_at()
                ),
                (&subject, "c", entries.as_slice(), at)
            );
        }
    }
}
