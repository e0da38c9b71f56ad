//! One payment that came due to be asked about.

use dynamo::{StoreError, Timer};
use payments::{
    CaseId, CaseReason, Fact, FactKind, Finding, Intent, IntentState, Mode, NoticeSource, Poll, RESEND_WITHIN_S, Stale,
    Step,
    events::latest::Why,
    provider::{CallError, Payer, Providers},
};

use crate::{AGAIN_S, Error, Ports, again_at, sweep::Sweep};

/// What a question found.
enum Found {
    /// The payment's end: settlement books it.
    End,
    /// It is open.
    Open {
        /// The provider is working on it.
        processing: bool,
    },
}

/// Why a question brought nothing.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks about the payment of a timer, and sets the next.
#[tracing::instrument(name = "payment.poll", skip_all, fields(timer = entity))]
pub(crate) async fn fire<G: Providers>(ports: &Ports<G>, sweep: &Sweep, entity: &str) -> Result<(), Error> {
    let Ok(poll) = entity.parse::<Poll>() else {
        tracing::error!("payment.poll.unknown: a timer names no payment");
        return Ok(());
    };
    if !sweep.take() {
        return Err(Error::Full);
    }
    let Some(record) = ports.payments.payment_record(poll.order, poll.payment).await? else {
        tracing::error!("payment.poll.missing: a timer names a payment that is not there");
        return Ok(());
    };
    if !record.is_open() {
        return Ok(());
    }
    let intent = record.intent;
    if matches!(
        intent.state,
        IntentState::InReview { .. } | IntentState::Approved { .. }
    ) {
        // No provider was asked, so there is nothing to ask; its payer may come back.
        return next(ports, poll, &intent, false).await;
    }
    if sweep.is_out(intent.provider) {
        return again(ports, poll, &intent).await;
    }
    let asked = tokio::time::timeout(ports.ask_timeout, ask(ports, intent.clone())).await;
    let late = || Err(CallError::Unanswered("not in time".to_owned()).into());
    match asked.unwrap_or_else(|_| late()) {
        Ok(Found::End) => Ok(()),
        Ok(Found::Open { processing }) => next(ports, poll, &intent, processing).await,
        Err(Failed::Store(error)) => Err(error.into()),
        Err(Failed::Call(CallError::Unanswered(why))) => {
            tracing::warn!(provider = %intent.provider, why, "payment.poll.unanswered");
            sweep.note(intent.provider);
            again(ports, poll, &intent).await
        }
        Err(Failed::Call(error @ (CallError::Refused { .. } | CallError::Misfit(_) | CallError::Unsupported))) => {
            let metric = "payment.poll.refused";
            tracing::error!(metric, count = 1, provider = %intent.provider, %error, "payment.poll.refused");
            next(ports, poll, &intent, true).await
        }
    }
}

async fn ask<G: Providers>(ports: &Ports<G>, intent: Intent) -> Result<Found, Failed> {
    let intent = if intent.state == IntentState::Sending {
        resume(ports, intent).await?
    } else {
        intent
    };
    let reading = ports.providers.query(&intent).await?;
    let source = NoticeSource::Query;
    ports.payments.keep_reading(source, intent.provider, &reading).await?;
    let ends = |fact: &Fact| fact.closes_payment() || matches!(fact.kind, FactKind::Captured { .. });
    if reading.facts.iter().any(ends) {
        return Ok(Found::End);
    }
    let step = Step::Processing;
    let processing = reading
        .facts
        .iter()
        .any(|fact| fact.kind == FactKind::Progress { step });
    Ok(Found::Open { processing })
}

/// A payment whose start died: started again under its id, which makes no second one. Not where the payer has to be told
/// of, nor when it may not be paid any more, nor when the provider may have forgotten the id. That the provider refuses
/// says nothing: the payment may be there, and is asked about.
async fn resume<G: Providers>(ports: &Ports<G>, intent: Intent) -> Result<Intent, Failed> {
    let now = ports.ambient.now();
    let needs_payer = matches!(intent.mode, Mode::Jsapi | Mode::H5);
    let over = intent.pay_by.is_some_and(|pay_by| now >= pay_by);
    if needs_payer || over || now.seconds_since(intent.created_at) >= RESEND_WITHIN_S {
        return Ok(intent);
    }
    let sending = Intent {
        version: intent.version.saturating_add(1),
        ..intent.clone()
    };
    if let Some(Stale) = ports.payments.put_intent(&sending).await? {
        // Its payer is at it again.
        return Ok(intent);
    }
    match ports.providers.start(&sending, &Payer::default()).await {
        Ok(started) => {
            let open = Intent {
                state: IntentState::Open { started },
                version: sending.version.saturating_add(1),
                ..sending
            };
            let _: Option<Stale> = ports.payments.put_intent(&open).await?;
            tracing::info!(payment.id = %open.id, "payment.poll.resumed");
            Ok(open)
        }
        Err(CallError::Unanswered(why)) => Err(CallError::Unanswered(why).into()),
        Err(error @ (CallError::Refused { .. } | CallError::Misfit(_) | CallError::Unsupported)) => {
            tracing::warn!(payment.id = %sending.id, %error, "payment.poll.not_resumed");
            Ok(sending)
        }
    }
}

/// The next timer, of those whose time is still to come. After the last: a payment that nobody paid just ends; one whose
/// outcome is not known is a person's.
async fn next<G: Providers>(ports: &Ports<G>, poll: Poll, intent: &Intent, unknown: bool) -> Result<(), Error> {
    let now = ports.ambient.now();
    let mut later = poll.next();
    while let Some(poll) = later {
        let Some(timer) = poll.timer(intent) else { break };
        if timer.due_at <= now && poll.next().is_some() {
            later = poll.next();
            continue;
        }
        let due_at = timer.due_at.max(now.plus_seconds(AGAIN_S));
        return set(ports, &Timer { due_at, ..timer }).await;
    }
    if unknown {
        return silent(ports, intent).await;
    }
    tracing::info!(payment.id = %intent.id, "payment.poll.ended");
    Ok(())
}

/// The same once more, since nobody answered. It is given up when nobody answers for long after it was due.
async fn again<G: Providers>(ports: &Ports<G>, poll: Poll, intent: &Intent) -> Result<(), Error> {
    let Some(timer) = poll.timer(intent) else {
        return Ok(());
    };
    match again_at(timer.due_at, ports.ambient.now()) {
        Some(due_at) => set(ports, &Timer { due_at, ..timer }).await,
        None => silent(ports, intent).await,
    }
}

async fn set<G: Providers>(ports: &Ports<G>, timer: &Timer) -> Result<(), Error> {
    Ok(ports.payments.write(vec![ports.timers.set(timer)?]).await?)
}

/// The case of a payment that was asked about to the end.
async fn silent<G: Providers>(ports: &Ports<G>, intent: &Intent) -> Result<(), Error> {
    let started = match &intent.state {
        IntentState::Open { started } => Some(started.object.clone()),
        IntentState::InReview { .. }
        | IntentState::Approved { .. }
        | IntentState::Sending
        | IntentState::Refused { .. } => None,
    };
    let Some(of) = started.or_else(|| intent.id.to_string().parse().ok()) else {
        return Ok(());
    };
    let id = CaseId {
        day: intent.created_at.day(),
        provider: intent.provider,
        of,
        why: Why::Case(CaseReason::Silent),
    };
    let finding = Finding {
        order: Some(intent.order),
        here: Some(intent.amount),
        there: None,
    };
    ports.payments.open_finding(&id, finding).await?;
    tracing::error!(payment.id = %intent.id, "payment.poll.silent");
    Ok(())
}
