//! SQS event sources: receive, filter, invoke, delete what is done.
//!
//! Redrive is the queue's own doing: what is not deleted comes back after the visibility time-out, and after
//! `maxReceiveCount` receives the queue moves it away. A FIFO queue hands out no message of a group that is in flight,
//! so a group is never processed concurrently; `Groups` holds that even when a visibility time-out runs out too early.

mod check;
mod deliver;
mod event;
mod gather;
mod groups;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Shared;
use super::filter::Filters;
use groups::Groups;

pub(super) use check::{check, is_fifo};

/// Concurrent invocations of a source that declares no `MaximumConcurrency`. AWS goes up to 1,250; one machine gains
/// nothing beyond this.
pub const CONCURRENCY_DEFAULT: u32 = 10;

/// One event source mapping, checked.
pub(super) struct QueueMapping {
    /// `function/event`, for logs.
    pub(super) source: String,
    /// Logical id of the function.
    pub(super) function: String,
    /// Physical name of the queue.
    pub(super) queue: String,
    pub(super) queue_arn: String,
    pub(super) fifo: bool,
    pub(super) visibility: Duration,
    pub(super) batch_size: u32,
    pub(super) window: Duration,
    pub(super) report_failures: bool,
    pub(super) concurrency: u32,
    pub(super) filters: Filters,
}

/// A mapping at work.
pub(super) struct QueueSource {
    mapping: QueueMapping,
    shared: Arc<Shared>,
    groups: Groups,
}

impl QueueSource {
    pub(super) fn new(mapping: QueueMapping, shared: Arc<Shared>) -> Self {
        Self {
            mapping,
            shared,
            groups: Groups::default(),
        }
    }

    /// Receives and delivers until the sign to stop, then waits for the batches in hand.
    pub(super) async fn run(self: Arc<Self>) {
        let limit = usize::try_from(self.mapping.concurrency).unwrap_or(Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(limit));
        let mut running = JoinSet::new();
        while !self.shared.stop.given() {
            while running.try_join_next().is_some() {}
            let permit = tokio::select! {
                biased;
                () = self.shared.stop.wait() => break,
                permit = Arc::clone(&permits).acquire_owned() => permit,
            };
            let batch = self.gather().await;
            if !batch.is_empty() {
                let source = Arc::clone(&self);
                running.spawn(async move {
                    source.handle(batch).await;
                    drop(permit);
                });
            }
        }
        while running.join_next().await.is_some() {}
    }
}
