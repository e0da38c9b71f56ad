//! Compares the books with the providers' statements each day, and closes the days of the ledger.
//!
//! For each provider and each of the last days: every row of the statement has a fact of ours that says the same; every
//! entry of ours on the provider's account has a row; fees are booked. What differs is a case with
//! `payment.reconciliation_difference`, once however often it is found; what is missing here is asked for, and booked as any
//! other notice. Then the ledger itself: the days that are over are closed for every account, and must add up to nothing.
//!
//! Running twice is harmless: rows, cases, notices, fees and closings all have keys of their own. Half: how far a day is, is
//! kept page by page, and the next run of the same day goes on there; the schedule has several. At the same time: one of two
//! runs loses the race for a page and stops. Late: a day is read again for three days. A provider that is down fails alone.

mod entries;
mod ledger;
mod row;
mod run;
mod statement;
mod wire;

use futures::future::join_all;
use kernel::{Ambient, Currency};
use payments::{
    Account, Payments, Provider, Stale,
    provider::{CallError, Providers},
};
use run::Run;
use serde::Serialize;
pub use wire::wire;

/// Days that a run looks back: providers deliver notices for as long.
pub const LOOK_BACK_DAYS: i64 = 3;
/// A day.
pub(crate) const DAY_S: i64 = 86_400;
/// Rows or entries that are compared at once.
pub(crate) const WIDTH: usize = 8;

/// What the function needs.
#[derive(Debug, Clone)]
pub struct Ports<G> {
    /// The books.
    pub payments: Payments,
    /// Who has statements.
    pub providers: G,
    /// Whose statements are read.
    pub enabled: Vec<Provider>,
    /// The ledger's currencies.
    pub currencies: Vec<Currency>,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Answer {
    /// Rows of statements that were compared.
    pub rows: u32,
    /// Entries of ours that were compared.
    pub entries: u32,
    /// Differences that were not known before.
    pub differences: u32,
    /// Providers or days that could not be compared to the end: the next run goes on.
    pub failed: u32,
}

/// Why a comparison stopped; the next run goes on where it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The provider.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The store.
    #[error(transparent)]
    Store(#[from] dynamo::StoreError),
    /// Another run is at the same page.
    #[error("another run is at it")]
    Raced,
    /// More pages than one run reads.
    #[error("more pages than one run reads")]
    Long,
    /// Amounts beyond all bounds.
    #[error("amounts do not add up")]
    Money(#[from] kernel::MoneyError),
}

impl From<Stale> for Error {
    fn from(_: Stale) -> Self {
        Self::Raced
    }
}

/// Compares everything that is enabled. What fails is logged, counted, and left to the next run.
#[tracing::instrument(name = "payment.reconcile", skip_all)]
pub async fn handle<G: Providers>(ports: &Ports<G>) -> Answer {
    let run = Run::new(ports.ambient.now());
    join_all(ports.enabled.iter().map(|provider| compare(ports, &run, *provider))).await;
    let accounts: Vec<Account> = Account::all().collect();
    if let Err(error) = ledger::close(ports, &run, &accounts).await {
        run.failed("ledger", &error);
    }
    let answer = run.answer();
    let Answer {
        rows,
        entries,
        differences,
        failed,
    } = answer;
    tracing::info!(rows, entries, differences, failed, "payment.reconciled");
    answer
}

/// One provider: first all its statements, since an entry may have its row in any of them; then our entries.
async fn compare<G: Providers>(ports: &Ports<G>, run: &Run, provider: Provider) {
    let mut read = true;
    for at in run.days() {
        let day = payments::statement_day(provider, at);
        if let Err(error) = statement::compare(ports, run, provider, &day).await {
            run.failed(provider.as_str(), &error);
            read = false;
        }
    }
    if let Err(error) = statement::given_up(ports, run, provider).await {
        run.failed(provider.as_str(), &error);
    }
    if !read {
        return;
    }
    for at in run.days() {
        if let Err(error) = entries::compare(ports, run, provider, &at.day()).await {
            run.failed(provider.as_str(), &error);
        }
    }
}

#[cfg(test)]
mod tests;
