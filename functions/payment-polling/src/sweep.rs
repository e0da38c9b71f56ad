//! What one sweep has done so far, and what it leaves for the next.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use payments::Provider;

/// Questions of one sweep.
const ASKED_MAX: u32 = 2_000;
/// Questions in vain after which a provider is left alone for the rest of a sweep.
const UNANSWERED_MAX: u32 = 8;

/// Shared by all timers of a sweep.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    asked: AtomicU32,
    unanswered: Mutex<BTreeMap<Provider, u32>>,
}

impl Sweep {
    /// Whether one more question may be asked.
    pub(crate) fn take(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) < ASKED_MAX
    }

    /// A provider did not answer.
    pub(crate) fn note(&self, provider: Provider) {
        let mut unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        let count = unanswered.entry(provider).or_default();
        *count = count.saturating_add(1);
    }

    /// Whether a provider answers too little to be asked more now.
    pub(crate) fn is_out(&self, provider: Provider) -> bool {
        let unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.get(&provider).is_some_and(|count| *count >= UNANSWERED_MAX)
    }

    pub(crate) fn unanswered(&self) -> u32 {
        let unanswered = self.unanswered.lock().unwrap_or_else(PoisonError::into_inner);
        unanswered.values().sum()
    }
}
