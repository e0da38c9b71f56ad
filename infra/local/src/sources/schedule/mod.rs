//! Schedules, as EventBridge Scheduler runs them: at least once per due time while the platform runs.
//!
//! What fell due while it was down is not made up, here or on AWS after a disabled schedule: a handler sweeps from its
//! own watermark. Rates are counted from 1970, so that a weekly one fires even if the platform restarts every day.

mod check;
mod cron;
mod event;
mod fire;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Shared;
use super::activity::Stop;
use super::ports::Clock;

pub(super) use check::check;
pub use cron::{Cron, CronError};

/// Runs of one schedule at a time. Later ones wait.
const RUNS_MAX: usize = 4;
/// Longest sleep before the clock is read again: a suspended machine wakes up late by no more than this.
const SLICE: Duration = Duration::from_secs(30);
/// Due times further back than this (after a suspension) are skipped: no storm of missed minutes.
const CATCH_UP_S_MAX: i64 = 300;

/// One schedule, checked.
pub(super) struct ScheduleMapping {
    /// `function/event`, for logs.
    pub(super) source: String,
    /// Logical id of the function.
    pub(super) function: String,
    pub(super) function_arn: String,
    pub(super) arn: String,
    pub(super) when: When,
    /// `Input`, checked to be JSON.
    pub(super) input: Option<String>,
    pub(super) retries: u32,
    /// Physical name of the dead-letter queue.
    pub(super) dead_letter: Option<String>,
}

/// When a schedule is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum When {
    /// Every so many seconds, never zero.
    Every(i64),
    Cron(Box<Cron>),
}

impl When {
    /// The first due time after `after_s`.
    fn next_after(&self, after_s: i64) -> Option<i64> {
        match self {
            Self::Every(period_s) => after_s
                .checked_div_euclid(*period_s)?
                .checked_add(1)?
                .checked_mul(*period_s),
            Self::Cron(cron) => cron.next_after(after_s),
        }
    }
}

/// A schedule at work.
pub(super) struct ScheduleSource {
    mapping: ScheduleMapping,
    shared: Arc<Shared>,
}

impl ScheduleSource {
    pub(super) fn new(mapping: ScheduleMapping, shared: Arc<Shared>) -> Self {
        Self { mapping, shared }
    }

    /// Logical id of its function.
    pub(super) fn function(&self) -> &str {
        &self.mapping.function
    }

    /// The event for a firing by hand, now.
    pub(super) fn event_now(&self) -> Value {
        event::event(&self.mapping, self.shared.ports.clock.now_ms().div_euclid(1_000), 1)
    }

    /// Fires at each due time until the sign to stop, then waits for the runs in hand.
    pub(super) async fn run(self: Arc<Self>) {
        let permits = Arc::new(Semaphore::new(RUNS_MAX));
        let mut running = JoinSet::new();
        let clock = &self.shared.ports.clock;
        let mut due = self.mapping.when.next_after(now_s(clock.as_ref()));
        while let Some(due_s) = due {
            if !sleep_until(due_s, clock.as_ref(), &self.shared.stop).await {
                break;
            }
            while running.try_join_next().is_some() {}
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                break;
            };
            let source = Arc::clone(&self);
            running.spawn(async move {
                source.fire(due_s).await;
                drop(permit);
            });
            due = self.mapping.when.next_after(self.resume_from(due_s));
        }
        while running.join_next().await.is_some() {}
    }

    /// From where to look for the next due time after one: normally that one.
    fn resume_from(&self, due_s: i64) -> i64 {
        let now_s = now_s(self.shared.ports.clock.as_ref());
        if now_s.saturating_sub(due_s) <= CATCH_UP_S_MAX {
            return due_s;
        }
        tracing::warn!(source = %self.mapping.source, behind_s = now_s.saturating_sub(due_s), "sources.schedule.skipped");
        now_s
    }
}

fn now_s(clock: &dyn Clock) -> i64 {
    clock.now_ms().div_euclid(1_000)
}

/// False when the sign to stop came first.
async fn sleep_until(due_s: i64, clock: &dyn Clock, stop: &Stop) -> bool {
    loop {
        let left_ms = due_s.saturating_mul(1_000).saturating_sub(clock.now_ms());
        let Ok(left_ms @ 1..) = u64::try_from(left_ms) else {
            return !stop.given();
        };
        if stop.sleep(Duration::from_millis(left_ms).min(SLICE)).await {
            return false;
        }
    }
}
