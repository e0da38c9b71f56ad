//! What is written down before a request is answered: the changes of one operation, in order.

use std::sync::Arc;

use crate::memory::{FirstSend, SendKey};
use crate::message::Message;
use crate::queue::Queue;

/// One change.
#[derive(Debug)]
pub(crate) enum Write {
    /// Nothing changes, but what was written before must be safe (the answer repeats an earlier one).
    Barrier,
    /// A queue is created or its settings change.
    Queue {
        serial: i64,
        name: String,
        attributes: String,
        tags: String,
        created_ms: i64,
        modified_ms: i64,
    },
    /// A queue goes, with its messages and memory.
    DropQueue { serial: i64 },
    /// A message arrives, with where its delivery stands.
    Message { queue: i64, message: Message },
    /// A message is received, or its visibility changes.
    Delivery(Delivery),
    /// A message goes.
    DropMessage { serial: i64 },
    /// All messages of a queue go.
    Purge { queue: i64 },
    /// A deduplication id is taken.
    Send { queue: i64, key: SendKey, first: FirstSend },
    /// Deduplication ids that were taken at `until_ms` or before are free again.
    ForgetSends { queue: i64, until_ms: i64 },
}

/// The part of a message that changes with each receive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delivery {
    pub(crate) serial: i64,
    pub(crate) receives: u32,
    pub(crate) first_received_ms: Option<i64>,
    pub(crate) received_ms: i64,
    pub(crate) visible_ms: i64,
}

impl Delivery {
    pub(crate) fn of(message: &Message, received_ms: i64) -> Self {
        Self {
            serial: message.serial,
            receives: message.receives,
            first_received_ms: message.first_received_ms,
            received_ms,
            visible_ms: message.visible_ms(),
        }
    }
}

impl Write {
    /// A queue's row as it now is.
    pub(crate) fn queue(queue: &Queue) -> Self {
        Self::Queue {
            serial: queue.serial,
            name: queue.name.to_string(),
            attributes: serde_json::json!(queue.settings.texts()).to_string(),
            tags: serde_json::json!(queue.tags).to_string(),
            created_ms: queue.created_ms,
            modified_ms: queue.modified_ms,
        }
    }
}

/// The changes of one operation.
pub(crate) type Journal = Vec<Write>;

/// Shared texts are cheap to clone into the journal.
pub(crate) type Text = Arc<str>;
