//! The daily comparison: how far a day is, the rows that statements had, what differed, and fees.

use std::collections::BTreeMap;

use dynamo::{CommitError, Consistency, Cursor, Part, Query, Record, StoreError, from_item, to_item};
use kernel::{Currency, Money, OrderId, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Case, CaseId, CaseState, Finding, Kept, Payments, Stale, keys};
use crate::{
    Account, Entry, LedgerError, ObjectId, Posting, Provider, Subject,
    events::latest::PaymentReconciliationDifference,
    provider::{StatementRow, StatementState},
};

/// How long a statement's row is remembered, in seconds: 40 days. An entry of ours that was booked late still finds it.
const ROW_KEPT_S: i64 = 40 * 86_400;
/// Rows of one payment that are read: itself and its refunds.
const ROWS_OF_PAYMENT_MAX: u16 = 100;
/// How often fees are looked at again, when somebody else posts them at the same time.
const FEE_ROUNDS_MAX: usize = 3;

/// What a comparison is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// A provider's statement of a day of its own.
    Statement(Provider, String),
    /// Our entries on a provider's account of a day, UTC.
    Entries(Provider, String),
    /// All accounts of a day, UTC.
    Ledger(String),
}

/// How far a comparison is, so that one that was cut off goes on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The day of the run that it belongs to, `2026-11-22`.
    pub run: String,
    /// Whether that run is through with it.
    pub done: bool,
    /// Whether any run ever was.
    pub read: bool,
    /// Where that run goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Rows or entries that were compared.
    pub rows: u64,
    /// Rows that could not be read.
    pub unreadable: u32,
    /// Fees by currency, in minor units.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fees: BTreeMap<String, i64>,
    /// 0: not kept yet.
    pub version: u64,
}

impl Record for Progress {
    const ENTITY: &'static str = "reconciliation-progress";
    const SHAPE: u16 = 1;
}

impl Progress {
    /// As a run finds it: its own, or a new beginning.
    #[must_use]
    pub fn of_run(self, run: &str) -> Self {
        if self.run == run {
            return self;
        }
        Self {
            run: run.to_owned(),
            read: self.read,
            version: self.version,
            ..Self::default()
        }
    }
}

#[derive(Serialize, Deserialize)]
struct RowItem {
    payment: ObjectId,
    refund: Option<ObjectId>,
    amount: Money,
    state: StatementState,
    expires_at: i64,
}

impl Record for RowItem {
    const ENTITY: &'static str = "statement-row";
    const SHAPE: u16 = 1;
}

impl Payments {
    /// How far a comparison is. Access pattern `payments.reconcile.progress`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn progress(&self, of: &Compared) -> Result<Progress, StoreError> {
        let key = keys::progress(of);
        let found = self.dynamo.get(&self.table, &key, Consistency::Strong).await?;
        Ok(found.unwrap_or_default())
    }

    /// Keeps how far a comparison is, over exactly the version that was read. `Err(Stale)` inside: another run is at it.
    /// Access pattern `payments.reconcile.advance`.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn advance(&self, of: &Compared, progress: Progress) -> Result<Result<Progress, Stale>, StoreError> {
        let before = progress.version;
        let progress = Progress {
            version: before.saturating_add(1),
            ..progress
        };
        let item = to_item(&keys::progress(of), &progress)?;
        let part = match before {
            0 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version),
        };
        match self.dynamo.commit(vec![part.refused(Stale)]).await {
            Ok(()) => Ok(Ok(progress)),
            Err(CommitError::Refused(_)) => Ok(Err(Stale)),
            Err(error) => error.first().map(Err),
        }
    }

    /// Remembers a row of a statement; a later one of the same payment or refund takes its place.
    /// Access pattern `payments.reconcile.row`.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn keep_row(&self, provider: Provider, row: &StatementRow) -> Result<(), StoreError> {
        let item = RowItem {
            payment: row.payment.clone(),
            refund: row.refund.clone(),
            amount: row.amount,
            state: row.state,
            expires_at: self.dynamo.ambient().now().plus_seconds(ROW_KEPT_S).seconds(),
        };
        let item = to_item(&keys::statement_row(provider, row), &item)?;
        self.write(vec![Part::put(&self.table, item)]).await
    }

    /// The rows that statements had for a payment: itself and its refunds. Access pattern `payments.reconcile.rows`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn rows(&self, provider: Provider, payment: &ObjectId) -> Result<Vec<StatementRow>, StoreError> {
        let partition = keys::statement_rows(provider, payment);
        let query = Query::new(&self.table, "pk = :payment", ROWS_OF_PAYMENT_MAX).text(":payment", partition);
        let page = self.dynamo.query(query.strong()).await?;
        let rows = page.items.into_iter().map(|item| {
            let item: RowItem = from_item(item)?;
            Ok(StatementRow {
                fee: Money::zero(item.amount.currency()),
                payment: item.payment,
                refund: item.refund,
                amount: item.amount,
                state: item.state,
                order: None::<OrderId>,
                intent: None::<PaymentId>,
            })
        });
        rows.collect()
    }

    /// Opens the case of a difference, with `payment.reconciliation_difference`. One that is there already, open or
    /// resolved, stays as it is: however often a difference is found, it is told once.
    /// Access pattern `payments.reconcile.difference`.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub async fn open_difference(&self, id: &CaseId, finding: Finding) -> Result<Kept, StoreError> {
        let told = PaymentReconciliationDifference {
            day: id.day.clone(),
            provider: id.provider,
            of: id.of.clone(),
            order: finding.order,
            why: id.why,
            here: finding.here,
            there: finding.there,
        };
        let case = Case {
            day: id.day.clone(),
            provider: id.provider,
            of: id.of.clone(),
            order: finding.order,
            why: id.why,
            here: finding.here,
            there: finding.there,
            opened_at: self.dynamo.ambient().now(),
            state: CaseState::Open,
            version: 1,
        };
        let parts: Vec<Part<Stale>> = vec![
            Part::insert(&self.table, to_item(&keys::case(id), &case)?).refused(Stale),
            self.event(&told, Some(id.of.as_str()))?,
        ];
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(Kept::New),
            Err(CommitError::Refused(_)) => Ok(Kept::Duplicate),
            Err(error) => error.first().map(|Stale| Kept::Duplicate),
        }
    }

    /// Books the fees of a provider's day: what they come to now less what was booked of them, so that a day is booked once
    /// however often it is read. `None`: they were booked. Access patterns `payments.ledger.subject` and
    /// `payments.ledger.post`.
    ///
    /// # Errors
    ///
    /// When the store fails, or the amounts leave their bounds.
    pub async fn post_fees(&self, provider: Provider, day: &str, fees: Money) -> Result<Option<Posting>, StoreError> {
        let subject = Subject::Statement(provider, day.to_owned());
        let rejected = |error: LedgerError| StoreError::Rejected(error.to_string());
        for _ in 0..FEE_ROUNDS_MAX {
            let posted = self.postings(&subject).await?;
            let entries = posted.iter().flat_map(|posted| posted.posting.entries());
            let booked: Vec<Money> = entries
                .filter(|entry| entry.account == Account::Fees && entry.amount.currency() == fees.currency())
                .map(|entry| entry.amount)
                .collect();
            let sum = Money::sum(fees.currency(), booked.iter().copied());
            let more = sum.and_then(|sum| fees.minus(sum));
            let more = more.map_err(|error| rejected(error.into()))?;
            if more.amount() == 0 {
                return Ok(None);
            }
            let entry = |account, amount| Entry { account, amount };
            let entries = vec![
                entry(Account::Fees, more),
                entry(Account::ProviderClearing(provider), more.negated()),
            ];
            let cause = format!("fees#{}#{}", fees.currency(), booked.len());
            let now = self.dynamo.ambient().now();
            let posting = Posting::new(subject.clone(), cause, entries, now).map_err(rejected)?;
            match self.dynamo.commit(self.posting_parts(&posting, None)?).await {
                Ok(()) => return Ok(Some(posting)),
                Err(CommitError::Refused(_)) => {}
                Err(error) => return error.first().map(|Stale| None),
            }
        }
        Err(StoreError::Throttled)
    }

    /// Reads back a position in an account's entries of a day.
    pub fn entries_cursor(
        account: Account,
        currency: Currency,
        (day, shard): (&str, u32),
        text: &str,
    ) -> Option<Cursor> {
        let partition = keys::account_day(account, currency, day, shard);
        Cursor::decode(text, "pk", &partition).ok()
    }

    /// Whether any run ever read the statement that a time belongs to.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn was_read(&self, provider: Provider, at: Timestamp) -> Result<Progress, StoreError> {
        let day = crate::statement_day(provider, at);
        self.progress(&Compared::Statement(provider, day)).await
    }
}
