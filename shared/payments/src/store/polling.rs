//! A payment with what was told of it: what a poll looks at.

use std::collections::BTreeSet;

use dynamo::{CommitError, Consistency, Part, StoreError};
use kernel::{Money, OrderId, PaymentId};

use super::{Payments, keys};
use crate::{Fact, FactKind, Intent, IntentState, Mode, ObjectId};

/// A payment with the facts of its own objects.
#[derive(Debug, Clone)]
pub struct PaymentRecord {
    /// Our record of it.
    pub intent: Intent,
    /// What was told of it.
    pub facts: Vec<Fact>,
}

impl PaymentRecord {
    /// Whether there is something to ask: nothing was captured, and nothing ended it.
    pub fn is_open(&self) -> bool {
        let asked = matches!(self.intent.state, IntentState::Sending | IntentState::Open { .. });
        asked && !self.facts.iter().any(ends)
    }
}

/// Whether a fact leaves nothing to ask about a payment.
pub(crate) fn ends(fact: &Fact) -> bool {
    fact.closes_payment() || matches!(fact.kind, FactKind::Captured { .. })
}

impl Payments {
    /// A payment with what was told of it; `None` when there is no such intent. Access patterns `payments.intent.get` and
    /// `payments.order.read`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn payment_record(
        &self,
        order: OrderId,
        payment: PaymentId,
    ) -> Result<Option<PaymentRecord>, StoreError> {
        let Some(intent) = self.intent(order, payment).await? else {
            return Ok(None);
        };
        let zero = Money::zero(intent.amount.currency());
        let told = self.order_money(order, zero).await?.facts;
        let objects = self.objects_of(&intent, &told).await?;
        let facts = told
            .into_iter()
            .filter(|fact| fact.provider == intent.provider && objects.contains(&fact.payment))
            .collect();
        Ok(Some(PaymentRecord { intent, facts }))
    }

    /// One intent. Access pattern `payments.intent.get`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn intent(&self, order: OrderId, payment: PaymentId) -> Result<Option<Intent>, StoreError> {
        let key = keys::intent(order, payment);
        self.dynamo.get(&self.table, &key, Consistency::Strong).await
    }

    /// The provider's objects of an intent. Those of a hosted page are told later, and known by their links.
    async fn objects_of(&self, intent: &Intent, told: &[Fact]) -> Result<BTreeSet<ObjectId>, StoreError> {
        let started = match &intent.state {
            IntentState::Open { started } => Some(started.object.clone()),
            IntentState::InReview { .. }
            | IntentState::Approved { .. }
            | IntentState::Sending
            | IntentState::Refused { .. } => None,
        };
        let mut objects: BTreeSet<ObjectId> = intent.own_object().into_iter().chain(started).collect();
        if intent.mode == Mode::CheckoutSession {
            let told: BTreeSet<&ObjectId> = told.iter().map(|fact| &fact.payment).collect();
            for object in told {
                let link = self.link(intent.provider, object).await?;
                if link.owner == Some((intent.order, intent.id)) {
                    objects.insert(object.clone());
                }
            }
        }
        Ok(objects)
    }

    /// Commits parts that this context's stores gave.
    #[cfg(feature = "crash")]
    pub(crate) async fn commit(&self, parts: Vec<Part<super::Stale>>) -> Result<(), CommitError<super::Stale>> {
        self.dynamo.commit(parts).await
    }

    /// Commits parts that cannot be refused, such as a timer.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub async fn write(&self, parts: Vec<Part<()>>) -> Result<(), StoreError> {
        self.dynamo.commit(parts).await.or_else(CommitError::first)
    }
}
