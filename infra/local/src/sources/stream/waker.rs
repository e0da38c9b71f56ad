//! Tells readers that a table was just written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Wakes the readers of a table's stream. Cheap to clone; missing calls only cost latency.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Mutex<BTreeMap<String, Vec<Arc<Notify>>>>>);

impl Waker {
    /// Call after a successful write to the table (physical name). Tables without readers are ignored.
    pub fn wrote(&self, table: &str) {
        let readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for reader in readers.get(table).into_iter().flatten() {
            reader.notify_one();
        }
    }

    /// A reader's own bell.
    pub(in crate::sources) fn register(&self, table: &str) -> Arc<Notify> {
        let bell = Arc::new(Notify::new());
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readers.entry(table.to_owned()).or_default().push(Arc::clone(&bell));
        bell
    }
}
