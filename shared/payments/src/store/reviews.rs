//! Tries to pay as risk rules let them: counted as they are written, or held with a case until staff speak.

use std::collections::HashMap;

use dynamo::{Consistency, Cursor, Page, Part, StoreError, from_item};
use kernel::{Actor, OrderId, PaymentId, Text, Timestamp};

use super::{BeyondLimit, CASE_NOTE_CHARS_MAX, Case, CaseId, CaseReason, Finding, Payments, Stale, keys};
use crate::{Intent, events::latest::Why, risk::Verdict};

/// Why a try was not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpened {
    /// Somebody else was quicker with the try, or with something beside it: read again and decide again.
    Stale,
    /// A limit that refuses was reached in the meantime.
    Beyond(BeyondLimit),
}

/// A try that waits for staff, and its case.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// The case.
    pub case: Case,
    /// The try.
    pub intent: Intent,
}

impl Payments {
    /// Writes a new intent as [`Payments::open_intent`] does, and counts it. Counted in the same transaction: a repeated
    /// request never counts twice. Access patterns `payments.intent.open` and `payments.risk.count`.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn open_counted(
        &self,
        intent: &Intent,
        with: Vec<Part<Stale>>,
        counted: Vec<Part<BeyondLimit>>,
    ) -> Result<Option<NotOpened>, StoreError> {
        let mut parts = self.open_parts(intent)?;
        parts.extend(with);
        self.write_counted(parts, counted).await
    }

    /// Writes a new intent that rules hold, with its case and `payment.held`, and counts it. Nobody is asked about it, and
    /// nothing of it is known to a provider. Access pattern `payments.risk.hold`.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn hold_intent(
        &self,
        intent: &Intent,
        counted: Vec<Part<BeyondLimit>>,
    ) -> Result<Option<NotOpened>, StoreError> {
        let finding = Finding {
            order: Some(intent.order),
            here: Some(intent.amount),
            there: None,
        };
        let mut parts = vec![self.intent_part(intent)?];
        parts.extend(self.finding_parts(&review_case(intent)?, finding)?);
        self.write_counted(parts, counted).await
    }

    async fn write_counted(
        &self,
        parts: Vec<Part<Stale>>,
        counted: Vec<Part<BeyondLimit>>,
    ) -> Result<Option<NotOpened>, StoreError> {
        let parts = parts.into_iter().map(|part| part.map(|Stale| NotOpened::Stale));
        let counted = counted.into_iter().map(|part| part.map(NotOpened::Beyond));
        // The intent's own parts come first: a request that somebody else wrote is theirs, whatever the counters say.
        match self.dynamo.commit(parts.chain(counted).collect()).await {
            Ok(()) => Ok(None),
            Err(error) => error.first().map(Some),
        }
    }

    /// The try after staff spoke, with the parts that write it and resolve its case; `None` when it does not wait for them.
    /// Access pattern `payments.risk.decide`.
    ///
    /// # Errors
    ///
    /// When the case cannot be read, or an item does not serialise.
    pub async fn review_parts(
        &self,
        intent: &Intent,
        verdict: Verdict,
        (by, at): (Actor, Timestamp),
        note: Option<Text<CASE_NOTE_CHARS_MAX>>,
    ) -> Result<Option<(Intent, Vec<Part<Stale>>)>, StoreError> {
        let Some(reviewed) = intent.reviewed(verdict, by.clone(), at) else {
            return Ok(None);
        };
        let mut parts = vec![self.intent_part(&reviewed)?];
        let case = self.case(&review_case(intent)?).await?;
        let resolved = case.and_then(|case| case.resolved(by, at, note));
        parts.extend(resolved.map(|case| self.resolve_part(&case)).transpose()?);
        Ok(Some((reviewed, parts)))
    }

    /// Those of a day's tries that wait for staff. A page is one of the day's cases, so it may hold few and not be the last.
    /// Access pattern `payments.risk.reviews`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn reviews(&self, day: &str, after: Option<Cursor>) -> Result<Page<Review>, StoreError> {
        let page = self.cases(day, after).await?;
        let held: Vec<(OrderId, PaymentId, Case)> = page.items.into_iter().filter_map(held).collect();
        let wanted: Vec<_> = held
            .iter()
            .map(|(order, payment, _)| keys::intent(*order, *payment))
            .collect();
        let found = self
            .dynamo
            .batch_get_items(&self.table, &wanted, Consistency::Strong)
            .await?;
        let mut intents = HashMap::new();
        for item in found {
            let intent: Intent = from_item(item)?;
            intents.insert(intent.id, intent);
        }
        let items = held.into_iter().filter_map(|(_, payment, case)| {
            let intent = intents.remove(&payment)?;
            intent.held_by().is_some().then_some(Review { case, intent })
        });
        Ok(Page {
            items: items.collect(),
            next: page.next,
        })
    }
}

/// The case of a try that is held: on the day on which it was written.
fn review_case(intent: &Intent) -> Result<CaseId, StoreError> {
    let of = intent.id.to_string().parse();
    Ok(CaseId {
        day: intent.created_at.day(),
        provider: intent.provider,
        of: of.map_err(|_| StoreError::Rejected("a payment's id is no object's".to_owned()))?,
        why: Why::Case(CaseReason::RiskReview),
    })
}

fn held(case: Case) -> Option<(OrderId, PaymentId, Case)> {
    if case.why != Why::Case(CaseReason::RiskReview) {
        return None;
    }
    Some((case.order?, case.of.as_str().parse().ok()?, case))
}

#[cfg(test)]
mod tests;
