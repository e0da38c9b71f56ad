//! What a FIFO queue remembers for five minutes: deduplication ids and receive attempts.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::limits::{ATTEMPTS_MAX, DEDUPLICATION_MS};

/// A deduplication id, within its message group if the queue deduplicates by group.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SendKey {
    pub(crate) group: Option<Arc<str>>,
    pub(crate) id: String,
}

/// The first send of a deduplication id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FirstSend {
    pub(crate) message_id: String,
    pub(crate) serial: i64,
    pub(crate) sent_ms: i64,
}

/// The sends of the last five minutes.
#[derive(Debug, Default)]
pub(crate) struct Sends {
    by_key: HashMap<SendKey, FirstSend>,
    in_order: VecDeque<(i64, SendKey)>,
}

impl Sends {
    pub(crate) fn find(&self, key: &SendKey) -> Option<&FirstSend> {
        self.by_key.get(key)
    }

    pub(crate) fn remember(&mut self, key: SendKey, first: FirstSend) {
        self.in_order.push_back((first.sent_ms, key.clone()));
        self.by_key.insert(key, first);
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Forgets what is five minutes old; answers the time before which nothing is left, if anything was forgotten.
    pub(crate) fn forget(&mut self, now_ms: i64) -> Option<i64> {
        let horizon = now_ms.saturating_sub(DEDUPLICATION_MS);
        let mut forgotten = None;
        while let Some((_, key)) = self.in_order.pop_front_if(|(sent_ms, _)| *sent_ms <= horizon) {
            self.by_key.remove(&key);
            forgotten = Some(horizon);
        }
        forgotten
    }
}

/// The messages that one receive attempt was given, as serial and receive number.
pub(crate) type Given = Vec<(i64, u32)>;

/// The receive attempts of the last five minutes. They are not kept over a restart: a retry then waits for the
/// visibility timeout, as it would without an attempt id.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    by_id: HashMap<String, Given>,
    in_order: VecDeque<(i64, String)>,
}

impl Attempts {
    pub(crate) fn find(&self, id: &str) -> Option<&Given> {
        self.by_id.get(id)
    }

    pub(crate) fn remember(&mut self, id: &str, given: Given, now_ms: i64) {
        if self.in_order.len() >= ATTEMPTS_MAX
            && let Some((_, oldest)) = self.in_order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        self.in_order.push_back((now_ms, id.to_owned()));
        self.by_id.insert(id.to_owned(), given);
    }

    pub(crate) fn forget(&mut self, now_ms: i64) {
        let horizon = now_ms.saturating_sub(DEDUPLICATION_MS);
        while let Some((_, id)) = self.in_order.pop_front_if(|(at_ms, _)| *at_ms <= horizon) {
            self.by_id.remove(&id);
        }
    }
}
