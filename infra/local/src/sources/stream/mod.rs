//! DynamoDB stream event sources: one reader per shard, in order, from a durable checkpoint.
//!
//! A change should reach its function within 50 ms: readers poll often while records come, seldom while none do, and a
//! [`Waker`] called after a write cuts the wait short.

mod check;
mod destination;
mod drive;
pub mod embedded;
mod event;
mod index;
mod lane;
mod poll;
#[cfg(test)]
mod tests;
mod waker;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::Shared;
use super::checkpoints::{Position, Reader};
use super::filter::Filters;

pub(super) use check::{check, destination_queue};
pub use index::{OpenError, open_in_memory};
pub use waker::Waker;

/// One event source mapping, checked.
pub(super) struct StreamMapping {
    /// `function/event`, for logs and checkpoints.
    pub(super) source: String,
    /// Logical id of the function.
    pub(super) function: String,
    pub(super) function_arn: String,
    /// Physical name of the table.
    pub(super) table: String,
    /// ARN that events carry.
    pub(super) stream_arn: String,
    pub(super) batch_size: usize,
    pub(super) window: Duration,
    pub(super) from_start: bool,
    pub(super) report_failures: bool,
    pub(super) rules: lane::Rules,
    pub(super) lanes: usize,
    pub(super) filters: Filters,
    /// Physical name of the on-failure queue.
    pub(super) on_failure: Option<String>,
}

/// A mapping at work on one shard.
pub(super) struct ShardSource {
    mapping: Arc<StreamMapping>,
    reader: Reader,
    position: Mutex<Position>,
    wake: Arc<Notify>,
    shared: Arc<Shared>,
}

impl ShardSource {
    pub(super) fn new(
        mapping: Arc<StreamMapping>,
        reader: Reader,
        position: Position,
        wake: Arc<Notify>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            mapping,
            reader,
            position: Mutex::new(position),
            wake,
            shared,
        }
    }

    fn position(&self) -> Position {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Moves the checkpoint: everything up to `sequence` is done.
    fn advance(&self, sequence: &str) {
        let position = Position::After(sequence.to_owned());
        if let Err(error) = self.shared.checkpoints.put(&self.reader, &position) {
            // Work goes on; a restart delivers from the older checkpoint again.
            tracing::error!(source = %self.mapping.source, %error, "sources.stream.checkpoint_failed");
        }
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = position;
    }
}
