//! Sending a refund: the one protocol, for the function that consumes requests and for the one that asks later.
//!
//! The request row says `sending` before the provider is asked, at a new version, in one transaction with the timer that
//! looks after it. The request's id is the provider's idempotency key over every try. Whoever finds `sending` cannot know
//! whether the provider was asked: it takes the row over at the next version, asks what became of the refund, and only
//! when nobody heard of it sends again, under the same key. A result is kept by the version of its sender alone, so a
//! sender that was believed dead changes nothing any more. What the provider answers is kept as a notice first, and the
//! row says `sent` after: a crash in between asks once more.

use dynamo::{Part, StoreError, Timers};
use kernel::{OrderId, RefundId};

use crate::{
    CaseId, CaseReason, Fact, Finding, Intent, NoticeSource, ObjectId, Payments, Reading, RefundPoll, RefundProgress,
    RefundRecord, RefundRequest, RefundState, Stale,
    events::latest::Why,
    provider::{CallError, Providers, RefundOrder},
};

/// How often a request that somebody else wrote in between is looked at again.
const ROUNDS_MAX: usize = 3;

/// How a refund stands after it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundStanding {
    /// The provider has it; its outcome is not told.
    Open,
    /// There is nothing to do any more: it is told, was refused, or there is no such request.
    Over,
}

/// Why a refund could not be sent or asked about now.
#[derive(Debug, thiserror::Error)]
pub enum SendRefundError {
    /// The provider.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others wrote the request every time.
    #[error("others were quicker {ROUNDS_MAX} times")]
    Busy,
}

impl SendRefundError {
    /// Whether the same may succeed later.
    pub const fn retryable(&self) -> bool {
        match self {
            Self::Call(CallError::Unanswered(_)) | Self::Busy => true,
            Self::Store(error) => error.retryable(),
            Self::Call(CallError::Refused { .. } | CallError::Misfit(_) | CallError::Unsupported) => false,
        }
    }
}

/// What sending needs.
#[derive(Debug)]
pub struct RefundSender<'a, G> {
    /// The requests.
    pub payments: &'a Payments,
    /// When they are looked after.
    pub timers: &'a Timers,
    /// Who is asked.
    pub providers: &'a G,
}

impl<G: Providers> RefundSender<'_, G> {
    /// Sends a refund, unless that is done: one that the provider has is left alone.
    ///
    /// # Errors
    ///
    /// See [`SendRefundError`]. Sending again is always safe.
    pub async fn send(&self, order: OrderId, refund: RefundId) -> Result<RefundStanding, SendRefundError> {
        self.step(order, refund, false).await
    }

    /// Sends a refund that was not sent, and asks about one that the provider has.
    ///
    /// # Errors
    ///
    /// See [`SendRefundError`]. Asking again is always safe.
    pub async fn follow(&self, order: OrderId, refund: RefundId) -> Result<RefundStanding, SendRefundError> {
        self.step(order, refund, true).await
    }

    async fn step(&self, order: OrderId, refund: RefundId, ask: bool) -> Result<RefundStanding, SendRefundError> {
        for _ in 0..ROUNDS_MAX {
            let Some(record) = self.payments.refund_record(order, refund).await? else {
                tracing::error!(order.id = %order, refund.id = %refund, "payment.refund.missing");
                return Ok(RefundStanding::Over);
            };
            let again = match (record.progress, &record.request.state) {
                (_, RefundState::Refused { .. }) => return Ok(RefundStanding::Over),
                (RefundProgress::Settled | RefundProgress::Failed | RefundProgress::NeedsPerson, RefundState::Sent) => {
                    return Ok(RefundStanding::Over);
                }
                (_, RefundState::Sent) if ask => return self.ask(&record).await,
                (_, RefundState::Sent) => return Ok(RefundStanding::Open),
                (RefundProgress::Requested | RefundProgress::Sending, RefundState::Requested) => false,
                (RefundProgress::Requested | RefundProgress::Sending, RefundState::Sending) => true,
                // Facts tell of it, so the provider has it: the answer was lost on the way.
                (_, RefundState::Requested | RefundState::Sending) => {
                    let sent = sent(&record.request, record.request.object());
                    match self.payments.put_refund(&sent, Vec::new()).await? {
                        None => return Ok(standing(record.progress)),
                        Some(Stale) => continue,
                    }
                }
            };
            let Some(intent) = &record.intent else {
                return self.refuse(&record.request, "no_payment").await;
            };
            let Some(taken) = self.take(&record.request).await? else {
                continue;
            };
            return self.call(&record, &taken, intent, again).await;
        }
        Err(SendRefundError::Busy)
    }

    /// Writes that the provider is being asked; `None` when somebody else was quicker.
    async fn take(&self, request: &RefundRequest) -> Result<Option<RefundRequest>, StoreError> {
        let mut with: Vec<Part<Stale>> = Vec::new();
        if request.state == RefundState::Requested {
            let poll = RefundPoll::first(request.order, request.id, self.payments.ambient().now());
            with.push(self.timers.set(&poll.timer(poll.due_at()))?);
        }
        let taken = RefundRequest {
            state: RefundState::Sending,
            version: request.version.saturating_add(1),
            ..request.clone()
        };
        let lost = self.payments.put_refund(&taken, with).await?;
        Ok(lost.is_none().then_some(taken))
    }

    async fn call(
        &self,
        record: &RefundRecord,
        taken: &RefundRequest,
        intent: &Intent,
        again: bool,
    ) -> Result<RefundStanding, SendRefundError> {
        let order = RefundOrder {
            request: taken,
            intent,
            captured: record.captured,
        };
        match self.answer(order, again).await {
            Ok(reading) => {
                self.keep(taken, &reading).await?;
                let sent = sent(taken, named(&reading));
                // Somebody else took it over: they keep what they find, and it is the same refund.
                let _: Option<Stale> = self.payments.put_refund(&sent, Vec::new()).await?;
                tracing::info!(refund.id = %taken.id, order.id = %taken.order, "payment.refund.sent");
                Ok(told(&reading))
            }
            Err(CallError::Refused { status, code }) => {
                tracing::error!(refund.id = %taken.id, status, code, "payment.refund.refused");
                self.refuse(taken, &code).await
            }
            Err(CallError::Unsupported) => self.refuse(taken, "unsupported").await,
            Err(error @ CallError::Misfit(_)) => {
                self.case(taken, CaseReason::RefundStuck).await?;
                Err(error.into())
            }
            Err(error @ CallError::Unanswered(_)) => Err(error.into()),
        }
    }

    /// The provider's answer: of the refund that is there, else of the refund that is asked for now.
    async fn answer(&self, order: RefundOrder<'_>, again: bool) -> Result<Reading, CallError> {
        if again {
            match self.providers.query_refund(order).await {
                Ok(reading) if !reading.facts.is_empty() => return Ok(reading),
                Ok(_) | Err(CallError::Unsupported) => {}
                // That the question is refused says nothing of the refund.
                Err(CallError::Refused { status, code }) => {
                    return Err(CallError::Unanswered(format!(
                        "the question was refused: {status} {code}"
                    )));
                }
                Err(error @ (CallError::Unanswered(_) | CallError::Misfit(_))) => return Err(error),
            }
        }
        let reading = self.providers.refund(order).await?;
        if reading.facts.is_empty() {
            return Err(CallError::Misfit("facts"));
        }
        Ok(reading)
    }

    /// Asks what became of a refund that the provider has.
    async fn ask(&self, record: &RefundRecord) -> Result<RefundStanding, SendRefundError> {
        let Some(intent) = &record.intent else {
            return Ok(RefundStanding::Over);
        };
        let order = RefundOrder {
            request: &record.request,
            intent,
            captured: record.captured,
        };
        let reading = self.providers.query_refund(order).await?;
        self.keep(&record.request, &reading).await?;
        Ok(told(&reading))
    }

    async fn keep(&self, request: &RefundRequest, reading: &Reading) -> Result<(), StoreError> {
        let source = NoticeSource::Refund;
        self.payments
            .keep_reading(source, request.provider, reading)
            .await
            .map(drop)
    }

    /// The case comes first: a crash in between asks again, and is refused again.
    async fn refuse(&self, request: &RefundRequest, code: &str) -> Result<RefundStanding, SendRefundError> {
        self.case(request, CaseReason::RefundRefused).await?;
        let refused = RefundRequest {
            state: RefundState::Refused { code: code.to_owned() },
            version: request.version.saturating_add(1),
            ..request.clone()
        };
        let _: Option<Stale> = self.payments.put_refund(&refused, Vec::new()).await?;
        Ok(RefundStanding::Over)
    }

    /// Opens the refund's case, once for each reason.
    ///
    /// # Errors
    ///
    /// When it cannot be stored.
    pub async fn case(&self, request: &RefundRequest, reason: CaseReason) -> Result<(), StoreError> {
        let Some(of) = request.object() else {
            return Ok(());
        };
        let id = CaseId {
            day: request.requested_at.day(),
            provider: request.provider,
            of,
            why: Why::Case(reason),
        };
        let finding = Finding {
            order: Some(request.order),
            here: Some(request.amount),
            there: None,
        };
        self.payments.open_finding(&id, finding).await.map(drop)
    }
}

/// The request as the provider has it.
fn sent(request: &RefundRequest, named: Option<ObjectId>) -> RefundRequest {
    RefundRequest {
        state: RefundState::Sent,
        provider_refund: named.or_else(|| request.provider_refund.clone()),
        version: request.version.saturating_add(1),
        ..request.clone()
    }
}

/// The refund that a reading tells of.
fn named(reading: &Reading) -> Option<ObjectId> {
    reading.facts.iter().find_map(Fact::refund).cloned()
}

fn told(reading: &Reading) -> RefundStanding {
    if reading.facts.iter().any(Fact::ends_refund) {
        RefundStanding::Over
    } else {
        RefundStanding::Open
    }
}

const fn standing(progress: RefundProgress) -> RefundStanding {
    match progress {
        RefundProgress::Requested | RefundProgress::Sending | RefundProgress::Sent => RefundStanding::Open,
        RefundProgress::Settled | RefundProgress::Failed | RefundProgress::NeedsPerson => RefundStanding::Over,
    }
}
