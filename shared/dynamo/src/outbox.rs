//! Outbox rows: events that commit with the state they tell of.

use kernel::Envelope;
use serde::{Deserialize, Serialize};

use crate::{Part, Record, StoreError, key, to_item};

/// How long a row is kept after it was relayed or not: 14 days, in seconds. TTL removes it.
const KEPT_S: i64 = 14 * 86_400;

/// Where outbox rows are written. Access pattern: `outbox.append`.
#[derive(Debug, Clone)]
pub struct Outbox {
    table: String,
}

/// A row, as the relay reads it from the stream.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutboxRow {
    /// The event's name, for stream filters.
    pub name: String,
    /// The envelope as JSON text: what is sent to queues as it is.
    pub envelope: String,
    /// Seconds since the epoch.
    pub expires_at: i64,
}

impl Record for OutboxRow {
    const ENTITY: &'static str = "outbox";
    const SHAPE: u16 = 1;
}

impl Outbox {
    /// On the outbox table.
    pub fn new(table: &str) -> Self {
        Self {
            table: table.to_owned(),
        }
    }

    /// The part that appends `envelope`. It cannot be refused: event ids are new each time.
    ///
    /// # Errors
    ///
    /// `Corrupt` when the envelope does not serialise.
    pub fn append<R>(&self, envelope: &Envelope) -> Result<Part<R>, StoreError> {
        let key = key(envelope.id.to_string(), "event");
        let text = serde_json::to_string(envelope).map_err(|error| StoreError::Corrupt {
            pk: key.pk.clone(),
            sk: key.sk.clone(),
            attribute: error.to_string(),
        })?;
        let row = OutboxRow {
            name: envelope.name.clone(),
            envelope: text,
            expires_at: envelope.occurred_at.plus_seconds(KEPT_S).seconds(),
        };
        Ok(Part::insert(&self.table, to_item(&key, &row)?))
    }
}
