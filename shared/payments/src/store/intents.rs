//! Intent rows: written before the provider is asked.

use dynamo::{CommitError, Part, Record, StoreError, to_item};

use super::{Payments, Stale, keys};
use crate::Intent;

/// How many tries to pay one order may have. More is a script, not a payer.
pub const INTENTS_MAX: usize = 20;

impl Record for Intent {
    const ENTITY: &'static str = "payment-intent";
    const SHAPE: u16 = 1;
}

impl Payments {
    /// Writes an intent: a new one at version 1, a later state over exactly the version before. `Some(Stale)`: somebody
    /// else wrote it in between. Access pattern `payments.intent.put`.
    pub async fn put_intent(&self, intent: &Intent) -> Result<Option<Stale>, StoreError> {
        match self.dynamo.commit(vec![self.intent_part(intent)?]).await {
            Ok(()) => Ok(None),
            Err(CommitError::Refused(_)) => Ok(Some(Stale)),
            Err(error) => error.first().map(Some),
        }
    }

    pub(super) fn intent_part(&self, intent: &Intent) -> Result<Part<Stale>, StoreError> {
        let item = to_item(&keys::intent(intent.order, intent.id), intent)?;
        let part = match intent.version {
            0 | 1 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version - 1),
        };
        Ok(part.refused(Stale))
    }
}
