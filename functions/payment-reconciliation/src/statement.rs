//! A provider's statement of one day, page by page.

use futures::{StreamExt, TryStreamExt, stream};
use kernel::Money;
use payments::{
    CaseReason, Compared, Difference, ObjectId, Progress, Provider,
    provider::{CallError, Providers, StatementPage},
    statement_day,
};

use crate::{DAY_S, Error, LOOK_BACK_DAYS, Ports, WIDTH, row, run::Run};

/// Pages of one day that one run reads; the next run goes on.
const PAGES_MAX: usize = 1_000;

/// Compares what is left of a day. A page is compared before it is noted, so a run that ends in it compares it again.
pub(crate) async fn compare<G: Providers>(
    ports: &Ports<G>,
    run: &Run,
    provider: Provider,
    day: &str,
) -> Result<(), Error> {
    let of = Compared::Statement(provider, day.to_owned());
    let mut progress = begin(ports, run, &of).await?;
    if progress.done {
        return Ok(());
    }
    for _ in 0..PAGES_MAX {
        let after = progress.after.as_deref();
        let page = match ports.providers.statement(provider, day, after).await {
            Err(CallError::Unsupported) => return Ok(()),
            page => page?,
        };
        let rows = page.rows.iter().cloned();
        stream::iter(rows.map(|row| async move { row::compare(ports, run, provider, day, &row).await }))
            .buffer_unordered(WIDTH)
            .try_collect::<()>()
            .await?;
        progress = add(progress, &page);
        if page.next.is_none() {
            end(ports, run, provider, day, &progress).await?;
            progress.done = true;
            progress.read = true;
        }
        progress.after = page.next;
        progress = ports.payments.advance(&of, progress).await??;
        if progress.done {
            tracing::info!(%provider, day, rows = progress.rows, "payment.reconcile.statement");
            return Ok(());
        }
    }
    Err(Error::Long)
}

/// As far as this run is with it. That a run began is kept, so that a day that is never read to its end is known.
pub(crate) async fn begin<G>(ports: &Ports<G>, run: &Run, of: &Compared) -> Result<Progress, Error> {
    let found = ports.payments.progress(of).await?;
    if found.run == run.day() {
        return Ok(found);
    }
    Ok(ports.payments.advance(of, found.of_run(run.day())).await??)
}

fn add(mut progress: Progress, page: &StatementPage) -> Progress {
    for row in &page.rows {
        let fees = progress.fees.entry(row.fee.currency().code().to_owned()).or_default();
        *fees = fees.saturating_add(row.fee.amount());
    }
    let rows = u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
    progress.rows = progress.rows.saturating_add(rows);
    progress.unreadable = progress.unreadable.saturating_add(page.unreadable);
    progress
}

/// What the whole day comes to: its fees, and the case of what could not be read.
async fn end<G: Providers>(
    ports: &Ports<G>,
    run: &Run,
    provider: Provider,
    day: &str,
    progress: &Progress,
) -> Result<(), Error> {
    for (currency, fees) in &progress.fees {
        let Ok(currency) = currency.parse() else { continue };
        let fees = Money::new(*fees, currency)?;
        ports.payments.post_fees(provider, day, fees).await?;
    }
    if progress.unreadable > 0 {
        tracing::warn!(%provider, day, rows = progress.unreadable, "payment.reconcile.unreadable");
        unreadable(ports, run, provider, day).await?;
    }
    Ok(())
}

/// A day that fell out of the window without ever having been read to its end is a case as well.
pub(crate) async fn given_up<G: Providers>(ports: &Ports<G>, run: &Run, provider: Provider) -> Result<(), Error> {
    let day = statement_day(provider, run.now().plus_seconds(-(LOOK_BACK_DAYS + 1) * DAY_S));
    let progress = ports
        .payments
        .progress(&Compared::Statement(provider, day.clone()))
        .await?;
    if progress.version > 0 && !progress.read {
        unreadable(ports, run, provider, &day).await?;
    }
    Ok(())
}

async fn unreadable<G: Providers>(ports: &Ports<G>, run: &Run, provider: Provider, day: &str) -> Result<(), Error> {
    let Ok(of) = format!("statement-{day}").parse::<ObjectId>() else {
        return Ok(());
    };
    let difference = Difference {
        why: CaseReason::StatementUnreadable,
        here: None,
        there: None,
    };
    row::report(ports, run, (provider, day, &of), None, difference).await
}
