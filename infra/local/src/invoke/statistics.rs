//! What is counted per function.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::Outcome;

/// Counts of one function since the platform started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// Invocations that ran, however they ended.
    pub invocations: u64,
    /// Those that ended in an error, a panic or a time-out.
    pub errors: u64,
    /// Those that ended in a time-out.
    pub timeouts: u64,
    /// Invocations refused for concurrency; not among `invocations`.
    pub throttles: u64,
    /// Sum of durations in microseconds.
    pub duration_us: u64,
    /// Longest duration in microseconds.
    pub longest_us: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    invocations: AtomicU64,
    errors: AtomicU64,
    timeouts: AtomicU64,
    throttles: AtomicU64,
    duration_us: AtomicU64,
    longest_us: AtomicU64,
}

impl Counters {
    pub(super) fn throttled(&self) {
        self.throttles.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn finished(&self, outcome: &Outcome, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.invocations.fetch_add(1, Ordering::Relaxed);
        self.duration_us.fetch_add(took_us, Ordering::Relaxed);
        self.longest_us.fetch_max(took_us, Ordering::Relaxed);
        match outcome {
            Outcome::Answer(_) | Outcome::Throttled => {}
            Outcome::Failed { .. } => {
                self.errors.fetch_add(1, Ordering::Relaxed);
            }
            Outcome::TimedOut => {
                self.errors.fetch_add(1, Ordering::Relaxed);
                self.timeouts.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn read(&self) -> Statistics {
        Statistics {
            invocations: self.invocations.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            timeouts: self.timeouts.load(Ordering::Relaxed),
            throttles: self.throttles.load(Ordering::Relaxed),
            duration_us: self.duration_us.load(Ordering::Relaxed),
            longest_us: self.longest_us.load(Ordering::Relaxed),
        }
    }
}
