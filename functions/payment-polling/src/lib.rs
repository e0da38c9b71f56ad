//! Asks providers what became of payments and refunds that nobody told the end of.
//!
//! Each minute the timers that have come due are swept: of payments 1, 5 and 30 minutes and 24 hours after they were asked
//! for, of refunds the same and after 3 and 7 days. What a provider says is kept as a notice, and settlement books it once,
//! whoever told it first. A payment that is still `sending`, since its start died, is started again under the same id.
//!
//! Running twice, late or at the same time is harmless: the same finding is one notice, and what ended is not asked about.
//! Half is harmless: the next timer is set before the one that fired is removed. A provider that does not answer is asked
//! again a minute later, ten minutes later once it is old, and given up for a person after three days; after some calls in
//! vain it is left alone for the rest of a sweep, and others are asked beside it, so it holds up nobody.

mod payment;
mod refund;
mod sweep;
mod wire;

use std::time::Duration;

use dynamo::{StoreError, Swept, Timers};
use kernel::{Ambient, Timestamp};
use payments::{POLL_TIMER, Payments, REFUND_POLL_TIMER, provider::Providers};
use serde::Serialize;
use sweep::Sweep;
pub use wire::wire;

/// Timers of a bucket that fire at once.
const WIDTH: usize = 16;
/// How long one provider may take over one payment, with all its tries; a refund is asked about and sent in as long.
pub const ASK_TIMEOUT: Duration = Duration::from_secs(12);
/// How soon what was not answered is asked again, in seconds.
const AGAIN_S: i64 = 60;
/// How soon, once it has been asked for this long.
const AGAIN_LATER_S: i64 = 600;
/// From when on it is asked less often, in seconds.
const LATER_AFTER_S: i64 = 1_800;
/// When it is given up for a person, in seconds: 3 days. The daily reconciliation still finds it.
const GIVE_UP_AFTER_S: i64 = 3 * 86_400;

/// What the function needs.
#[derive(Debug, Clone)]
pub struct Ports<G> {
    /// Intents, requests, and what is found.
    pub payments: Payments,
    /// Due times.
    pub timers: Timers,
    /// Who is asked.
    pub providers: G,
    /// Clock and chance.
    pub ambient: Ambient,
    /// How long one provider may take over one payment or refund: [`ASK_TIMEOUT`].
    pub ask_timeout: Duration,
}

/// What one sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Timers that fired: their payment or refund was asked about, or needed nothing.
    pub fired: u32,
    /// Timers that fire again in the next sweep.
    pub failed: u32,
    /// Seconds from the oldest due time to now.
    pub lag_s: i64,
    /// Providers' answers that were waited for in vain.
    pub unanswered: u32,
}

/// Why a timer stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// This sweep has asked enough.
    #[error("the sweep has asked enough")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks about what is due.
///
/// # Errors
///
/// When the timers cannot be read; what was found is kept.
pub async fn handle<G: Providers>(ports: &Ports<G>) -> Result<Answer, StoreError> {
    let sweep = Sweep::default();
    let (timers, now) = (&ports.timers, ports.ambient.now());
    let of_payment = |due: dynamo::Due| {
        let (sweep, entity) = (&sweep, due.entity);
        async move { kept(payment::fire(ports, sweep, &entity).await) }
    };
    let of_refund = |due: dynamo::Due| {
        let (sweep, entity) = (&sweep, due.entity);
        async move { kept(refund::fire(ports, sweep, &entity).await) }
    };
    let (payments, refunds) = tokio::join!(
        timers.sweep_wide(POLL_TIMER, WIDTH, of_payment),
        timers.sweep_wide(REFUND_POLL_TIMER, WIDTH, of_refund),
    );
    let answer = answer(&payments?, &refunds?, &sweep);
    tracing::info!(
        fired = answer.fired,
        failed = answer.failed,
        lag_s = answer.lag_s,
        unanswered = answer.unanswered,
        at = %now,
        "payment.polling.swept"
    );
    Ok(answer)
}

fn answer(payments: &Swept, refunds: &Swept, sweep: &Sweep) -> Answer {
    Answer {
        fired: payments.fired.saturating_add(refunds.fired),
        failed: payments.failed.saturating_add(refunds.failed),
        lag_s: payments.lag_s.max(refunds.lag_s),
        unanswered: sweep.unanswered(),
    }
}

/// A timer stays only for what the next sweep can do better: one that stayed for ever would hold up those behind it.
fn kept(fired: Result<(), Error>) -> Result<(), Error> {
    match fired {
        Err(Error::Store(error)) if !error.retryable() => {
            let metric = "payment.polling.broken";
            tracing::error!(metric, count = 1, %error, "payment.polling.broken: left to the reconciliation");
            Ok(())
        }
        fired => fired,
    }
}

/// When something that was first asked about at `since` is asked again; `None`: never, a person looks after it.
fn again_at(since: Timestamp, now: Timestamp) -> Option<Timestamp> {
    match now.seconds_since(since) {
        age if age >= GIVE_UP_AFTER_S => None,
        age if age >= LATER_AFTER_S => Some(now.plus_seconds(AGAIN_LATER_S)),
        _ => Some(now.plus_seconds(AGAIN_S)),
    }
}

#[cfg(test)]
mod tests;
