//! Ledger rows: inserted, never changed.
//!
//! A posting stands with its subject; beside it, each of its entries stands with its account and day, so that an account's
//! movements of a day are a query, strongly consistent and without an index. A closing per account and day makes a
//! balance one read and a day's entries, however old the ledger is.

use dynamo::{CommitError, Cursor, Part, Query, Record, StoreError, from_item, to_item};
use kernel::{Currency, Money, MoneyError, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Payments, Stale, keys};
use crate::{Account, ObjectId, Posting, Subject};

/// Partitions of one account's day: keeps the busiest account below one partition's write limit.
pub const LEDGER_SHARDS: u32 = 4;
/// Postings of one subject that are read.
pub const POSTINGS_MAX: u16 = 500;
/// Entries of one page of a day.
pub const ENTRIES_MAX: u16 = 100;
/// Pages of one shard and day that a sum reads.
const SUM_PAGES_MAX: usize = 1_000;
/// Entries of one page of a sum.
const SUM_PAGE_MAX: u16 = 1_000;
/// Days without a closing that a balance looks back over.
pub const OPEN_DAYS_MAX: i64 = 31;

#[derive(Serialize, Deserialize)]
struct PostingItem {
    posting: Posting,
    /// The delivery that told the fact.
    delivery: Option<ObjectId>,
}

impl Record for PostingItem {
    const ENTITY: &'static str = "posting";
    const SHAPE: u16 = 1;
}

/// One line of a posting, as its account sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEntry {
    /// Positive: debit.
    pub amount: Money,
    /// Whose posting.
    pub subject: Subject,
    /// What caused it, within the subject.
    pub cause: String,
    /// When.
    pub posted_at: Timestamp,
}

impl Record for AccountEntry {
    const ENTITY: &'static str = "ledger-entry";
    const SHAPE: u16 = 1;
}

/// An account's balance at the end of a day, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The day, `2026-11-22`.
    pub day: String,
    /// The balance.
    pub balance: Money,
}

impl Record for Closing {
    const ENTITY: &'static str = "ledger-closing";
    const SHAPE: u16 = 1;
}

/// A posting as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// What was booked.
    pub posting: Posting,
    /// The delivery that told the fact, where one did.
    pub delivery: Option<ObjectId>,
}

/// Entries of one account and day, and where the next page begins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EntryPage {
    /// Entries, in order of time within a shard.
    pub entries: Vec<AccountEntry>,
    /// Shard and cursor of the next page.
    pub next: Option<(u32, Option<Cursor>)>,
}

fn shard(subject: &str) -> u32 {
    // FNV-1a: stable over versions, unlike the standard hasher.
    subject.bytes().fold(2_166_136_261_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    }) % LEDGER_SHARDS
}

/// A sum that would leave something out is no sum.
fn incomplete(what: &str) -> StoreError {
    StoreError::Rejected(what.to_owned())
}

fn beyond(error: MoneyError) -> StoreError {
    StoreError::Rejected(error.to_string())
}

impl Payments {
    /// The parts that insert a posting under its business key, subject and cause, and its entries under their accounts.
    /// Refused as a whole when it was booked. Access pattern `payments.ledger.post`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn posting_parts(
        &self,
        posting: &Posting,
        delivery: Option<&ObjectId>,
    ) -> Result<Vec<Part<Stale>>, StoreError> {
        let item = PostingItem {
            posting: posting.clone(),
            delivery: delivery.cloned(),
        };
        let subject = posting.subject().to_string();
        let key = keys::posting(&subject, posting.cause());
        let mut parts = vec![Part::insert(&self.ledger, to_item(&key, &item)?).refused(Stale)];
        let (at, shard) = (posting.posted_at(), shard(&subject));
        for entry in posting.entries() {
            let item = AccountEntry {
                amount: entry.amount,
                subject: posting.subject().clone(),
                cause: posting.cause().to_owned(),
                posted_at: at,
            };
            let partition = keys::account_day(entry.account, entry.amount.currency(), &at.day(), shard);
            let key = dynamo::key(partition, format!("{at}#{subject}#{}", posting.cause()));
            parts.push(Part::insert(&self.ledger, to_item(&key, &item)?).refused(Stale));
        }
        Ok(parts)
    }

    /// A subject's postings, by cause; [`POSTINGS_MAX`] at most. Access pattern `payments.ledger.subject`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn postings(&self, subject: &Subject) -> Result<Vec<Posted>, StoreError> {
        let query = Query::new(&self.ledger, "pk = :subject", POSTINGS_MAX).text(":subject", subject.to_string());
        let page = self.dynamo.query(query.strong()).await?;
        page.items
            .into_iter()
            .map(|item| {
                let PostingItem { posting, delivery } = from_item(item)?;
                Ok(Posted { posting, delivery })
            })
            .collect()
    }

    /// A page of an account's entries of a day, UTC. Access pattern `payments.ledger.day`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn entries(
        &self,
        account: Account,
        currency: Currency,
        day: &str,
        from: (u32, Option<Cursor>),
    ) -> Result<EntryPage, StoreError> {
        let (shard, after) = from;
        let partition = keys::account_day(account, currency, day, shard);
        let query = Query::new(&self.ledger, "pk = :partition", ENTRIES_MAX).text(":partition", partition);
        let page = self.dynamo.query(query.strong().after(after)).await?;
        let entries: Result<Vec<AccountEntry>, _> = page.items.into_iter().map(from_item).collect();
        let next = match page.next {
            Some(next) => Some((shard, Some(next))),
            None if shard + 1 < LEDGER_SHARDS => Some((shard + 1, None)),
            None => None,
        };
        Ok(EntryPage {
            entries: entries?,
            next,
        })
    }

    /// What moved on an account in a day, UTC. Access pattern `payments.ledger.sum`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, has more entries than are summed, or leaves the bounds of money.
    pub async fn day_sum(&self, account: Account, currency: Currency, day: &str) -> Result<Money, StoreError> {
        let mut sum = Money::zero(currency);
        for shard in 0..LEDGER_SHARDS {
            let mut after = None;
            for _ in 0..SUM_PAGES_MAX {
                let partition = keys::account_day(account, currency, day, shard);
                let query = Query::new(&self.ledger, "pk = :partition", SUM_PAGE_MAX).text(":partition", partition);
                let page = self.dynamo.query(query.strong().after(after)).await?;
                for item in page.items {
                    let entry: AccountEntry = from_item(item)?;
                    sum = sum.plus(entry.amount).map_err(beyond)?;
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            if after.is_some() {
                return Err(incomplete("more entries of a day than are summed"));
            }
        }
        Ok(sum)
    }

    /// An account's newest closing up to `day`. Access pattern `payments.ledger.closing`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn closing(
        &self,
        account: Account,
        currency: Currency,
        day: &str,
    ) -> Result<Option<Closing>, StoreError> {
        let query = Query::new(&self.ledger, "pk = :account AND sk <= :day", 1)
            .text(":account", keys::closings(account, currency))
            .text(":day", day)
            .descending();
        let page = self.dynamo.query(query.strong()).await?;
        page.items.into_iter().next().map(from_item).transpose()
    }

    /// An account's balance at the end of `day`, or now when that is today: the newest closing and the entries since.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or the newest closing is more than [`OPEN_DAYS_MAX`] days old.
    pub async fn balance(&self, account: Account, currency: Currency, day: Timestamp) -> Result<Money, StoreError> {
        let closing = self.closing(account, currency, &day.day()).await?;
        let oldest = day.plus_seconds(-OPEN_DAYS_MAX * 86_400).day();
        if closing.as_ref().is_some_and(|closing| closing.day < oldest) {
            return Err(incomplete("the ledger was not closed for too many days"));
        }
        let mut balance = closing
            .as_ref()
            .map_or(Money::zero(currency), |closing| closing.balance);
        for back in (0..OPEN_DAYS_MAX).rev() {
            let open = day.plus_seconds(-back * 86_400).day();
            if closing.as_ref().is_some_and(|closing| closing.day >= open) {
                continue;
            }
            let moved = self.day_sum(account, currency, &open).await?;
            balance = balance.plus(moved).map_err(beyond)?;
        }
        Ok(balance)
    }

    /// Closes a day for an account, once: what is closed stays as it is. Only for days that no clock is in any more.
    /// Access pattern `payments.ledger.close`.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written.
    pub async fn close_day(&self, account: Account, currency: Currency, day: Timestamp) -> Result<Closing, StoreError> {
        if let Some(closing) = self.closing(account, currency, &day.day()).await?
            && closing.day == day.day()
        {
            return Ok(closing);
        }
        let closing = Closing {
            day: day.day(),
            balance: self.balance(account, currency, day).await?,
        };
        let key = dynamo::key(keys::closings(account, currency), closing.day.clone());
        let part = Part::insert(&self.ledger, to_item(&key, &closing)?);
        match self.dynamo.commit::<()>(vec![part]).await {
            Ok(()) | Err(CommitError::Refused(_)) => Ok(closing),
            Err(error) => error.first().map(|()| closing),
        }
    }
}
