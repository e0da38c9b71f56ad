//! Refund requests as they are sent: each state is written before the provider is asked, and after it answered.

use dynamo::{CommitError, Consistency, Part, StoreError, to_item};
use kernel::{Money, OrderId, RefundId};

use super::{Payments, Stale, keys};
use crate::{Intent, IntentState, OrderMoney, RefundProgress, RefundRequest};

/// A request with all that is needed to send it.
#[derive(Debug, Clone)]
pub struct RefundRecord {
    /// What was asked for.
    pub request: RefundRequest,
    /// The intent of the payment that it is of; `None` when there is none.
    pub intent: Option<Intent>,
    /// What the payment brought.
    pub captured: Money,
    /// How far it is: what the facts say, else the request.
    pub progress: RefundProgress,
}

impl Payments {
    /// A refund request with its payment; `None` when there is no such request. Access patterns `payments.refund.get` and
    /// `payments.order.read`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn refund_record(&self, order: OrderId, refund: RefundId) -> Result<Option<RefundRecord>, StoreError> {
        let key = keys::refund(order, refund);
        let Some(request) = self
            .dynamo
            .get::<RefundRequest>(&self.table, &key, Consistency::Strong)
            .await?
        else {
            return Ok(None);
        };
        let zero = Money::zero(request.amount.currency());
        let money = self.order_money(order, zero).await?;
        let payment = (request.provider, request.payment.clone());
        let captured = money.state.folded.payments.get(&payment);
        Ok(Some(RefundRecord {
            captured: captured.map_or(zero, |totals| totals.captured),
            progress: request.progress(&money.state.folded),
            intent: self.intent_of(&money, &request).await?,
            request,
        }))
    }

    /// The intent of a refund's payment: by its object, else by whom the object was found to belong to.
    async fn intent_of(&self, money: &OrderMoney, request: &RefundRequest) -> Result<Option<Intent>, StoreError> {
        let names = |intent: &&Intent| {
            let started = match &intent.state {
                IntentState::Open { started } => Some(&started.object),
                IntentState::InReview { .. }
                | IntentState::Approved { .. }
                | IntentState::Sending
                | IntentState::Refused { .. } => None,
            };
            intent.provider == request.provider
                && (started == Some(&request.payment) || intent.own_object().as_ref() == Some(&request.payment))
        };
        if let Some(intent) = money.intents.iter().find(names) {
            return Ok(Some(intent.clone()));
        }
        let link = self.link(request.provider, &request.payment).await?;
        let owner = link.owner.filter(|(order, _)| *order == request.order);
        let mut intents = money.intents.iter();
        Ok(owner.and_then(|(_, payment)| intents.find(|intent| intent.id == payment).cloned()))
    }

    /// Writes a request's next state over exactly the version before, with `with`, such as the timer that asks what became
    /// of it. `Some(Stale)`: somebody else wrote it in between. Access pattern `payments.refund.put`.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn put_refund(
        &self,
        request: &RefundRequest,
        with: Vec<Part<Stale>>,
    ) -> Result<Option<Stale>, StoreError> {
        let item = to_item(&keys::refund(request.order, request.id), request)?;
        let before = request.version.saturating_sub(1);
        let mut parts = vec![Part::replace(&self.table, item, before).refused(Stale)];
        parts.extend(with);
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(None),
            Err(CommitError::Refused(_)) => Ok(Some(Stale)),
            Err(error) => error.first().map(Some),
        }
    }
}
