//! The development-only payment, as parts of the checkout's transaction.

use dynamo::{Part, StoreError};
use kernel::{Money, OrderId};

use super::{Notice, NoticeSource, Payments, Stale};
use crate::{
    Intent, IntentState, Mode, Provider, Started, payment_id,
    provider::instant::{InstantNotice, object},
};

impl Payments {
    /// The parts that pay an order as it is placed: an intent, a notice, and `payment.noticed`, so that the usual settlement
    /// marks the order paid. `refused` says that the order has one already, which a new order has not.
    /// Access pattern `payments.instant`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn instant<R: Clone>(&self, order: OrderId, amount: Money, refused: &R) -> Result<Vec<Part<R>>, StoreError> {
        let now = self.dynamo.ambient().now();
        let payment = payment_id(order, "instant");
        let object = object(payment).map_err(|error| StoreError::Rejected(error.to_string()))?;
        let body = serde_json::to_string(&InstantNotice { order, payment, amount })
            .map_err(|error| StoreError::Rejected(error.to_string()))?;
        let intent = Intent {
            id: payment,
            order,
            provider: Provider::Instant,
            mode: Mode::Instant,
            amount,
            livemode: false,
            fingerprint: String::new(),
            version: 1,
            pay_by: None,
            step_up: false,
            state: IntentState::Open {
                started: Started::of(object.clone()),
            },
            created_at: now,
        };
        let notice = Notice {
            provider: Provider::Instant,
            delivery: object,
            kind: "instant.paid".to_owned(),
            source: NoticeSource::Webhook,
            body,
            content: None,
            received_at: now,
        };
        let mut parts = vec![self.intent_part(&intent)?];
        parts.extend(self.notice_parts(&notice, Some(order))?);
        Ok(parts
            .into_iter()
            .map(|part| part.map(|Stale| refused.clone()))
            .collect())
    }
}
