//! One run: its day, the days that it looks at, and what it counts.

use std::sync::atomic::{AtomicU32, Ordering};

use kernel::Timestamp;

use crate::{Answer, DAY_S, Error, LOOK_BACK_DAYS};

/// Shared by everything that a run compares.
#[derive(Debug)]
pub(crate) struct Run {
    now: Timestamp,
    day: String,
    rows: AtomicU32,
    entries: AtomicU32,
    differences: AtomicU32,
    failed: AtomicU32,
}

impl Run {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            now,
            day: now.day(),
            rows: AtomicU32::new(0),
            entries: AtomicU32::new(0),
            differences: AtomicU32::new(0),
            failed: AtomicU32::new(0),
        }
    }

    /// When it began.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// Its day, UTC: runs of the same day go on where one was cut off.
    pub(crate) fn day(&self) -> &str {
        &self.day
    }

    /// A time in each day that it looks at, oldest first.
    pub(crate) fn days(&self) -> impl Iterator<Item = Timestamp> {
        let now = self.now;
        (1..=LOOK_BACK_DAYS)
            .rev()
            .map(move |back| now.plus_seconds(-back * DAY_S))
    }

    pub(crate) fn row(&self) {
        self.rows.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn entry(&self) {
        self.entries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn difference(&self) {
        self.differences.fetch_add(1, Ordering::Relaxed);
    }

    /// Logs and counts what stopped.
    pub(crate) fn failed(&self, of: &str, error: &Error) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let metric = "payment.reconcile.failed";
        tracing::error!(metric, count = 1, of, %error, "payment.reconcile.failed: the next run goes on");
    }

    pub(crate) fn answer(&self) -> Answer {
        let read = |count: &AtomicU32| count.load(Ordering::Relaxed);
        Answer {
            rows: read(&self.rows),
            entries: read(&self.entries),
            differences: read(&self.differences),
            failed: read(&self.failed),
        }
    }
}
