//! One refund that came due to be asked about.

use payments::{
    CaseReason, RefundPoll, RefundSender, RefundStanding, RefundState, SendRefundError,
    provider::{CallError, Providers},
};

use crate::{AGAIN_S, Error, Ports, again_at, sweep::Sweep};

/// Asks about the refund of a timer, or sends it where its sender died, and sets the next timer.
#[tracing::instrument(name = "payment.refund.poll", skip_all, fields(timer = entity))]
pub(crate) async fn fire<G: Providers>(ports: &Ports<G>, sweep: &Sweep, entity: &str) -> Result<(), Error> {
    let Ok(poll) = entity.parse::<RefundPoll>() else {
        tracing::error!("payment.refund.poll.unknown: a timer names no refund");
        return Ok(());
    };
    if !sweep.take() {
        return Err(Error::Full);
    }
    let Some(record) = ports.payments.refund_record(poll.order, poll.refund).await? else {
        tracing::error!("payment.refund.poll.missing: a timer names a refund that is not there");
        return Ok(());
    };
    let provider = record.request.provider;
    if sweep.is_out(provider) {
        return again(ports, poll).await;
    }
    let sender = sender(ports);
    let asked = tokio::time::timeout(ports.ask_timeout, sender.follow(poll.order, poll.refund)).await;
    let late = || Err(CallError::Unanswered("not in time".to_owned()).into());
    match asked.unwrap_or_else(|_| late()) {
        Ok(RefundStanding::Over) => Ok(()),
        Ok(RefundStanding::Open) => next(ports, poll).await,
        Err(SendRefundError::Store(error)) => Err(error.into()),
        Err(SendRefundError::Busy) => again(ports, poll).await,
        Err(SendRefundError::Call(CallError::Unanswered(why))) => {
            tracing::warn!(%provider, why, "payment.refund.poll.unanswered");
            sweep.note(provider);
            again(ports, poll).await
        }
        Err(SendRefundError::Call(
            error @ (CallError::Refused { .. } | CallError::Misfit(_) | CallError::Unsupported),
        )) => {
            let metric = "payment.refund.poll.refused";
            tracing::error!(metric, count = 1, %provider, %error, "payment.refund.poll.refused");
            next(ports, poll).await
        }
    }
}

const fn sender<G>(ports: &Ports<G>) -> RefundSender<'_, G> {
    RefundSender {
        payments: &ports.payments,
        timers: &ports.timers,
        providers: &ports.providers,
    }
}

async fn next<G: Providers>(ports: &Ports<G>, poll: RefundPoll) -> Result<(), Error> {
    let now = ports.ambient.now();
    match poll.next(now) {
        Some(next) => set(ports, next, next.due_at().max(now.plus_seconds(AGAIN_S))).await,
        None => stuck(ports, poll).await,
    }
}

/// The same once more, since nobody answered. It is given up when nobody answers for long after it was due.
async fn again<G: Providers>(ports: &Ports<G>, poll: RefundPoll) -> Result<(), Error> {
    match again_at(poll.due_at(), ports.ambient.now()) {
        Some(due_at) => set(ports, poll, due_at).await,
        None => stuck(ports, poll).await,
    }
}

async fn set<G: Providers>(ports: &Ports<G>, poll: RefundPoll, due_at: kernel::Timestamp) -> Result<(), Error> {
    let part = ports.timers.set(&poll.timer(due_at))?;
    Ok(ports.payments.write(vec![part]).await?)
}

/// The case of a refund that was asked about to the end.
async fn stuck<G: Providers>(ports: &Ports<G>, poll: RefundPoll) -> Result<(), Error> {
    let Some(record) = ports.payments.refund_record(poll.order, poll.refund).await? else {
        return Ok(());
    };
    if matches!(record.request.state, RefundState::Refused { .. }) {
        return Ok(());
    }
    sender(ports).case(&record.request, CaseReason::RefundStuck).await?;
    tracing::error!(refund.id = %poll.refund, "payment.refund.poll.stuck");
    Ok(())
}
