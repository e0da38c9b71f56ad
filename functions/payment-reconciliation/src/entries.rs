//! Our entries on a provider's account of one day: each must have its row in a statement.

use futures::{StreamExt, TryStreamExt, stream};
use kernel::Currency;
use payments::{
    Account, AccountEntry, CaseReason, Compared, Difference, Expected, Payments, Provider, Subject,
    provider::Providers, statement_day,
};

use crate::{Error, Ports, WIDTH, row, run::Run, statement::begin};

/// Pages of one day that one run reads; the next run goes on.
const PAGES_MAX: usize = 10_000;

/// Where a run is: a currency by its place in the list, a shard, and the position in it.
struct At {
    currency: usize,
    shard: u32,
    after: Option<String>,
}

impl At {
    fn read(text: Option<&str>) -> Self {
        let start = Self {
            currency: 0,
            shard: 0,
            after: None,
        };
        let mut parts = text.unwrap_or_default().splitn(3, ':');
        let mut part = || parts.next().unwrap_or_default();
        let (Ok(currency), Ok(shard)) = (part().parse(), part().parse()) else {
            return start;
        };
        let after = Some(part().to_owned()).filter(|after| !after.is_empty());
        Self { currency, shard, after }
    }

    fn write(&self) -> String {
        let after = self.after.as_deref().unwrap_or_default();
        format!("{}:{}:{after}", self.currency, self.shard)
    }
}

/// Compares what is left of a day, UTC.
pub(crate) async fn compare<G: Providers>(
    ports: &Ports<G>,
    run: &Run,
    provider: Provider,
    day: &str,
) -> Result<(), Error> {
    let of = Compared::Entries(provider, day.to_owned());
    let mut progress = begin(ports, run, &of).await?;
    if progress.done {
        return Ok(());
    }
    let account = Account::ProviderClearing(provider);
    for _ in 0..PAGES_MAX {
        let mut at = At::read(progress.after.as_deref());
        let Some(currency) = ports.currencies.get(at.currency).copied() else {
            progress.done = true;
            progress.read = true;
            ports.payments.advance(&of, progress).await??;
            return Ok(());
        };
        let after = at
            .after
            .as_deref()
            .and_then(|after| Payments::entries_cursor(account, currency, (day, at.shard), after));
        let page = ports
            .payments
            .entries(account, currency, day, (at.shard, after))
            .await?;
        let read = u64::try_from(page.entries.len()).unwrap_or(u64::MAX);
        stream::iter(page.entries)
            .map(|entry| async move { one(ports, run, provider, &entry).await })
            .buffer_unordered(WIDTH)
            .try_collect::<()>()
            .await?;
        progress.rows = progress.rows.saturating_add(read);
        at = match page.next {
            Some((shard, after)) => At {
                shard,
                after: after.map(|after| after.encode()),
                ..at
            },
            None => At {
                currency: at.currency.saturating_add(1),
                shard: 0,
                after: None,
            },
        };
        progress.after = Some(at.write());
        progress = ports.payments.advance(&of, progress).await??;
    }
    Err(Error::Long)
}

/// One entry. What was booked today, the provider's today, is not in a statement yet: a later run looks at it.
async fn one<G: Providers>(ports: &Ports<G>, run: &Run, provider: Provider, entry: &AccountEntry) -> Result<(), Error> {
    let (Subject::Order(order), Some(expected)) = (&entry.subject, Expected::of(&entry.cause)) else {
        return Ok(());
    };
    if statement_day(provider, entry.posted_at) >= statement_day(provider, run.now()) {
        return Ok(());
    }
    run.entry();
    let rows = ports.payments.rows(provider, expected.payment()).await?;
    if expected.is_among(&rows) || is_elsewhere(ports, provider, entry, &expected).await? {
        return Ok(());
    }
    let difference = Difference {
        why: CaseReason::MissingThere,
        here: Some(entry.amount),
        there: None,
    };
    let day = entry.posted_at.day();
    row::report(
        ports,
        run,
        (provider, &day, expected.object()),
        Some(*order),
        difference,
    )
    .await
}

/// Before anybody is bothered the provider is asked. That it happened excuses its row only where that row belongs to a day
/// that nobody read, or that could not be read as a whole, which is a case of its own.
async fn is_elsewhere<G: Providers>(
    ports: &Ports<G>,
    provider: Provider,
    entry: &AccountEntry,
    expected: &Expected,
) -> Result<bool, Error> {
    let Some((order, payment)) = ports.payments.link(provider, expected.payment()).await?.owner else {
        return Ok(false);
    };
    let money = ports.payments.order_money(order, zero(entry.amount.currency())).await?;
    let refund = match expected {
        Expected::Refund { refund, .. } => Some(refund),
        Expected::Payment { .. } | Expected::Refunds { .. } => None,
    };
    let reading = row::ask(ports, &money, payment, refund).await?;
    let Some(reading) = reading.filter(|reading| expected.is_told(reading)) else {
        return Ok(false);
    };
    let at = reading.occurred_at.unwrap_or(entry.posted_at);
    let progress = ports.payments.was_read(provider, at).await?;
    Ok(!progress.read || progress.unreadable > 0)
}

const fn zero(currency: Currency) -> kernel::Money {
    kernel::Money::zero(currency)
}
