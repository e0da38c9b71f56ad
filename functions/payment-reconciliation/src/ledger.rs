//! The ledger itself: days that are over are closed for every account, and add up to nothing.

use kernel::{Currency, Money, Timestamp};
use payments::{Account, CaseReason, Compared, Difference, ObjectId, Provider, provider::Providers};

use crate::{Error, Ports, row, run::Run, statement::begin};

/// How long after its end a day is closed, in seconds: no clock is in it any more, and nothing that began in it still runs.
const CLOSE_AFTER_S: i64 = 3_600;

/// Closes the days that are over, oldest first, and checks each.
pub(crate) async fn close<G: Providers>(ports: &Ports<G>, run: &Run, accounts: &[Account]) -> Result<(), Error> {
    let today = run.now().plus_seconds(-CLOSE_AFTER_S).day();
    for at in run.days().filter(|at| at.day() < today) {
        let of = Compared::Ledger(at.day());
        if ports.payments.progress(&of).await?.read {
            continue;
        }
        let mut progress = begin(ports, run, &of).await?;
        for currency in &ports.currencies {
            one(ports, run, accounts, *currency, at).await?;
        }
        progress.done = true;
        progress.read = true;
        ports.payments.advance(&of, progress).await??;
    }
    Ok(())
}

/// One day in one currency. Closings add up over all days, so what they come to says that some day is wrong, and only then
/// this day's own entries are added up.
async fn one<G: Providers>(
    ports: &Ports<G>,
    run: &Run,
    accounts: &[Account],
    currency: Currency,
    at: Timestamp,
) -> Result<(), Error> {
    let mut closings = Money::zero(currency);
    for account in accounts {
        let closing = ports.payments.close_day(*account, currency, at).await?;
        closings = closings.plus(closing.balance)?;
    }
    if closings.amount() == 0 {
        return Ok(());
    }
    let mut entries = Money::zero(currency);
    for account in accounts {
        entries = entries.plus(ports.payments.day_sum(*account, currency, &at.day()).await?)?;
    }
    if entries.amount() == 0 {
        return Ok(());
    }
    let (metric, day) = ("payment.ledger.unbalanced", at.day());
    tracing::error!(metric, count = 1, day, %currency, off = entries.amount(), "payment.ledger.unbalanced");
    let Ok(of) = format!("ledger-{currency}").parse::<ObjectId>() else {
        return Ok(());
    };
    let difference = Difference {
        why: CaseReason::LedgerUnbalanced,
        here: Some(entries),
        there: None,
    };
    // Nobody's in particular: listed under the provider that moves no money.
    row::report(ports, run, (Provider::Instant, &day, &of), None, difference).await
}
