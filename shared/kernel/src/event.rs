//! The envelope in which every event travels, from its outbox row through SQS to its consumers.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Ambient, EventId, Timestamp, id::Id};

/// One version of one event. Released shapes never change: a new shape is a new version, in a module of its own.
pub trait Event: Serialize + DeserializeOwned {
    /// Resource and past tense: `order.placed`.
    const NAME: &'static str;
    /// The version of this shape, from 1.
    const VERSION: u16;

    /// What orders the event: events of one key are handed on in order (the message group of a FIFO queue).
    fn key(&self) -> String;
}

/// An event with its name, its time and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The same over every redelivery: what consumers deduplicate by.
    pub id: EventId,
    /// `order.placed`.
    pub name: String,
    /// Version of the shape in `data`.
    pub version: u16,
    /// Message group: events of one key stay in order.
    pub key: String,
    /// When it became true.
    pub occurred_at: Timestamp,
    /// The request or event that caused it, for following one order through the logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The event.
    pub data: serde_json::Value,
}

/// Why an envelope did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It holds another event or another version.
    #[error("holds {found} version {version}, not {wanted}")]
    Other {
        /// Name found.
        found: String,
        /// Version found.
        version: u16,
        /// Name that was asked for.
        wanted: &'static str,
    },
    /// The data does not have the version's shape.
    #[error("data is not of the shape of its version")]
    Shape(#[source] serde_json::Error),
}

impl Envelope {
    /// Wraps `event` as having happened now.
    ///
    /// # Errors
    ///
    /// When the event does not serialise to JSON, which only a map with keys that are not text can cause.
    pub fn of<E: Event>(event: &E, ambient: &Ambient, correlation: Option<&str>) -> Result<Self, serde_json::Error> {
        Ok(Self {
            id: EventId::generate(ambient),
            name: E::NAME.to_owned(),
            version: E::VERSION,
            key: event.key(),
            occurred_at: ambient.now(),
            correlation: correlation.map(str::to_owned),
            data: serde_json::to_value(event)?,
        })
    }

    /// The event, when it is an `E`.
    pub fn open<E: Event>(&self) -> Result<E, OpenError> {
        if self.name != E::NAME || self.version != E::VERSION {
            return Err(OpenError::Other {
                found: self.name.clone(),
                version: self.version,
                wanted: E::NAME,
            });
        }
        E::deserialize(&self.data).map_err(OpenError::Shape)
    }
}
