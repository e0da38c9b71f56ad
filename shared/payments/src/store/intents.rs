//! Intent rows: written before the provider is asked.

use dynamo::{CommitError, Part, Record, StoreError, to_item};

use super::{Link, Payments, Stale, keys};
use crate::Intent;

/// How many tries to pay one order may have. More is a script, not a payer.
pub const INTENTS_MAX: usize = 20;

impl Record for Intent {
    const ENTITY: &'static str = "payment-intent";
    const SHAPE: u16 = 1;
}

impl Payments {
    /// Writes a later state of an intent, over exactly the version before. `Some(Stale)`: somebody else wrote it in
    /// between. Access pattern `payments.intent.put`.
    pub async fn put_intent(&self, intent: &Intent) -> Result<Option<Stale>, StoreError> {
        match self.dynamo.commit(vec![self.intent_part(intent)?]).await {
            Ok(()) => Ok(None),
            Err(CommitError::Refused(_)) => Ok(Some(Stale)),
            Err(error) => error.first().map(Some),
        }
    }

    /// Writes a new intent with all that has to be there before the provider is asked: whose its object is, where the
    /// object is ours to name, and `with`, such as the timer of the first query. `Some(Stale)`: somebody else wrote it, or
    /// a part of `with` was refused. Access pattern `payments.intent.open`.
    pub async fn open_intent(&self, intent: &Intent, with: Vec<Part<Stale>>) -> Result<Option<Stale>, StoreError> {
        let mut parts = self.open_parts(intent)?;
        parts.extend(with);
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(None),
            Err(CommitError::Refused(_)) => Ok(Some(Stale)),
            Err(error) => error.first().map(Some),
        }
    }

    pub(super) fn open_parts(&self, intent: &Intent) -> Result<Vec<Part<Stale>>, StoreError> {
        let mut parts = vec![self.intent_part(intent)?];
        if let Some(object) = intent.own_object() {
            let owner = (intent.order, intent.id);
            parts.extend(self.link_parts(intent.provider, &object, &Link::default(), owner)?);
        }
        Ok(parts)
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
