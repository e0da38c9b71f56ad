//! Cards that paid: counted once per payment object, without a trace of which card it was but its counter.

use dynamo::{Consistency, Part, Record, StoreError, to_item};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Payments, Stale, keys};
use crate::{ObjectId, Provider, risk::Attempt};

#[derive(Serialize, Deserialize)]
struct CardSeen {
    at: Timestamp,
}

impl Record for CardSeen {
    const ENTITY: &'static str = "payment-card-seen";
    const SHAPE: u16 = 1;
}

impl Payments {
    /// Whether the card of a payment object was counted. Access pattern `payments.risk.card`.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn card_seen(&self, provider: Provider, object: &ObjectId) -> Result<bool, StoreError> {
        let key = keys::card_seen(provider, object);
        let seen = self.dynamo.get_item(&self.table, &key, Consistency::Strong).await?;
        Ok(seen.is_some())
    }

    /// The parts that count the card of a payment object. Refused when it was counted; never by a limit, since its money is
    /// there. Access pattern `payments.risk.card`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn card_parts(
        &self,
        provider: Provider,
        object: &ObjectId,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Vec<Part<Stale>>, StoreError> {
        let item = to_item(&keys::card_seen(provider, object), &CardSeen { at: now })?;
        let mut parts = vec![Part::insert(&self.table, item).refused(Stale)];
        let counted = self.counters(attempt, now).into_iter();
        parts.extend(counted.map(|(_, part)| part.map(|_| Stale)));
        Ok(parts)
    }
}
