//! Disputes: each by its order, and in the list of the day on which its evidence is due.

use dynamo::{
    CommitError, Consistency, Cursor, CursorError, Page, Part, Query, Record, StoreError, Timer, Timers, to_item,
};
use kernel::{OrderId, Timestamp};

use super::{CaseId, CaseReason, Finding, OrderMoney, Payments, Stale, keys};
use crate::{
    Dispute, EVIDENCE_TIMER, Folded, ObjectId, Provider,
    events::latest::{PaymentDisputeDue, Why},
};

/// Disputes of one page.
pub const DISPUTES_PAGE_MAX: u16 = 100;

impl Record for Dispute {
    const ENTITY: &'static str = "payment-dispute";
    const SHAPE: u16 = 1;
}

/// What a warning about evidence found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warned {
    /// Staff are told now.
    Now,
    /// They were told before, the dispute is over, or its due time moved: then another timer stands.
    Nothing,
}

impl OrderMoney {
    /// What becomes of the order's dispute records with what the facts say now; `due` is what a notice told of when
    /// evidence is due, for disputes of `told`.
    pub fn disputes_after(
        &self,
        folded: &Folded,
        told: &[&ObjectId],
        due: Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<Dispute> {
        let after = folded.disputes.iter().filter_map(|((provider, id), folded)| {
            let known = self
                .disputes
                .iter()
                .find(|known| known.provider == *provider && known.id == *id);
            let due = due.filter(|_| told.contains(&id));
            Dispute::after(known, (self.state.order, *provider, id), folded, due, now)
        });
        after.collect()
    }
}

impl Payments {
    /// The parts that keep a dispute as [`Dispute::after`] gave it, by its order and in its list, with its timer. Refused
    /// when somebody else was quicker. Access pattern `payments.dispute.keep`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn dispute_parts(
        &self,
        known: Option<&Dispute>,
        dispute: &Dispute,
        timers: &Timers,
    ) -> Result<Vec<Part<Stale>>, StoreError> {
        let mut parts = self.dispute_rows(known, dispute)?;
        if let Some(due_at) = dispute.warn_at(self.dynamo.ambient().now()) {
            parts.push(timers.set(&Timer {
                kind: EVIDENCE_TIMER,
                due_at,
                entity: format!("{}#{}#{}", dispute.order, dispute.provider, dispute.id),
            })?);
        }
        Ok(parts)
    }

    fn dispute_rows(&self, known: Option<&Dispute>, dispute: &Dispute) -> Result<Vec<Part<Stale>>, StoreError> {
        let key = keys::dispute(dispute.order, dispute.provider, &dispute.id);
        let item = to_item(&key, dispute)?;
        let part = match dispute.version {
            0 | 1 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version - 1),
        };
        let mut parts = vec![part.refused(Stale)];
        let days = [
            Some(dispute.listed_on.as_str()),
            known.map(|known| known.listed_on.as_str()),
        ];
        let mut listed: Vec<_> = days.into_iter().flatten().collect();
        listed.dedup();
        // The row of a day that it moved away from says where it went: nothing is deleted here.
        for day in listed {
            let key = keys::listed_dispute(day, dispute.provider, &dispute.id);
            parts.push(Part::put(&self.table, to_item(&key, dispute)?));
        }
        Ok(parts)
    }

    /// A page of the disputes whose evidence is due on a day, or that were told on it and have no due time; open and
    /// decided, [`DISPUTES_PAGE_MAX`] at most. Access pattern `payments.dispute.list`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn disputes_due(&self, day: &str, after: Option<Cursor>) -> Result<Page<Dispute>, StoreError> {
        let query = Query::new(&self.table, "pk = :day", DISPUTES_PAGE_MAX).text(":day", keys::disputes(day));
        let mut page: Page<Dispute> = self.dynamo.query(query.after(after)).await?.records()?;
        page.items.retain(|dispute| dispute.listed_on == day);
        Ok(page)
    }

    /// Reads back the cursor of a day's disputes.
    ///
    /// # Errors
    ///
    /// When it is not of that list.
    pub fn disputes_cursor(day: &str, text: &str) -> Result<Cursor, CursorError> {
        Cursor::decode(text, "pk", &keys::disputes(day))
    }

    /// One dispute. Access pattern `payments.dispute.get`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn dispute(
        &self,
        order: OrderId,
        provider: Provider,
        id: &ObjectId,
    ) -> Result<Option<Dispute>, StoreError> {
        let key = keys::dispute(order, provider, id);
        self.dynamo.get(&self.table, &key, Consistency::Strong).await
    }

    /// Tells staff, once, that evidence of a dispute is due soon: `payment.dispute_due`, and a case. `None`: somebody else
    /// changed the dispute at the same time; look again. Access pattern `payments.dispute.warn`.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written.
    pub async fn warn_of_evidence(&self, dispute: &Dispute) -> Result<Option<Warned>, StoreError> {
        let now = self.dynamo.ambient().now();
        let (Some(due_at), Some(warn_at)) = (dispute.evidence_due_at, dispute.warn_at(now)) else {
            return Ok(Some(Warned::Nothing));
        };
        if warn_at > now {
            return Ok(Some(Warned::Nothing));
        }
        let warned = Dispute {
            warned: true,
            version: dispute.version.saturating_add(1),
            ..dispute.clone()
        };
        let event = PaymentDisputeDue {
            order: dispute.order,
            provider: dispute.provider,
            payment: dispute.payment.clone(),
            dispute: dispute.id.clone(),
            amount: dispute.amount,
            due_at,
        };
        let case = CaseId {
            day: now.day(),
            provider: dispute.provider,
            of: dispute.id.clone(),
            why: Why::Case(CaseReason::EvidenceDue),
        };
        let finding = Finding {
            order: Some(dispute.order),
            ..Finding::default()
        };
        let mut parts = self.dispute_rows(Some(dispute), &warned)?;
        parts.push(self.event(&event, None)?);
        parts.extend(self.finding_parts(&case, finding)?);
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(Some(Warned::Now)),
            Err(CommitError::Refused(_)) => Ok(None),
            Err(error) => error.first().map(|Stale| None),
        }
    }
}
