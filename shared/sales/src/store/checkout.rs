//! Sessions as kept. Access patterns: `checkout.get`, `checkout.insert`, `checkout.save` of `docs/data-model/checkout.md`.

use dynamo::{Consistency, Dynamo, Item, Key, Part, Record, StoreError, key, to_item};
use kernel::CheckoutId;
use serde::{Deserialize, Serialize};

use crate::checkout::Session;

/// How long a session is kept after it was last open, in seconds: 30 days. TTL removes it.
const KEPT_S: i64 = 30 * 86_400;

/// Keeps sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    dynamo: Dynamo,
    table: String,
}

#[derive(Serialize, Deserialize)]
struct SessionItem {
    version: u64,
    expires_at: i64,
    session: Session,
}

impl Record for SessionItem {
    const ENTITY: &'static str = "checkout";
    const SHAPE: u16 = 1;
}

fn session_key(id: CheckoutId) -> Key {
    key(id.to_string(), "checkout")
}

fn item(session: &Session) -> Result<Item, StoreError> {
    let expires_at = session.open_until.plus_seconds(KEPT_S).seconds();
    let record = SessionItem {
        version: session.version,
        expires_at,
        session: session.clone(),
    };
    to_item(&session_key(session.id), &record)
}

impl Sessions {
    /// On the sales table.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// The session, as of the last commit; its time may be over. One strong read.
    ///
    /// # Errors
    ///
    /// When the store fails, or the item is not what its key promises.
    pub async fn get(&self, id: CheckoutId) -> Result<Option<Session>, StoreError> {
        let found: Option<SessionItem> = self
            .dynamo
            .get(&self.table, &session_key(id), Consistency::Strong)
            .await?;
        let Some(SessionItem { version, session, .. }) = found else {
            return Ok(None);
        };
        if version != session.version || session.id != id {
            let key = session_key(id);
            return Err(StoreError::Corrupt {
                pk: key.pk,
                sk: key.sk,
                attribute: "version or id".to_owned(),
            });
        }
        Ok(Some(session))
    }

    /// The part that keeps a new session. It cannot be refused: checkout ids are new each time.
    ///
    /// # Errors
    ///
    /// `Corrupt` when it does not serialise.
    pub fn insert<R>(&self, session: &Session) -> Result<Part<R>, StoreError> {
        Ok(Part::insert(&self.table, item(session)?))
    }

    /// The part that keeps a changed session. Refused with `refused` when it was changed meanwhile.
    ///
    /// # Errors
    ///
    /// `Corrupt` when it does not serialise.
    pub fn save<R>(&self, session: &Session, refused: R) -> Result<Part<R>, StoreError> {
        Ok(Part::replace(&self.table, item(session)?, session.version.saturating_sub(1)).refused(refused))
    }
}
