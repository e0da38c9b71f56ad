//! Why the event sources of a template cannot be hosted.

use template::model::Place;

use super::checkpoints::CheckpointError;
use super::filter::FilterError;
use super::ports::StreamError;
use super::schedule::CronError;

/// A start-up error: it names the function's place and the event's name.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// What the template asks for is not possible.
    #[error("{place}: event {event}: {reason}")]
    Refused {
        /// Where the function is declared.
        place: String,
        /// Name of the event.
        event: String,
        /// Why.
        reason: Refusal,
    },
    /// The stream exists in the template but cannot be read.
    #[error("{place}: event {event}: the stream cannot be read")]
    Stream {
        /// Where the function is declared.
        place: String,
        /// Name of the event.
        event: String,
        /// The engine's error.
        #[source]
        source: StreamError,
    },
    /// The file of the checkpoints cannot be used.
    #[error("the stream checkpoints cannot be kept")]
    Checkpoints(#[from] CheckpointError),
}

/// Why one event source is refused. AWS refuses the same ones at deployment, or they would be lost in silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such queue in the templates.
    #[error("no queue with the logical id {0}")]
    NoQueue(String),
    /// No such table in the templates.
    #[error("no table with the logical id {0}")]
    NoTable(String),
    /// The table declares no stream.
    #[error("table {0} has no StreamSpecification")]
    NoStream(String),
    /// Batch size out of range.
    #[error("BatchSize {got} is not within 1 to {max}")]
    BatchSize {
        /// As declared.
        got: u32,
        /// The most that the source allows.
        max: u32,
    },
    /// More than 10 messages need a window.
    #[error("BatchSize above {0} needs a MaximumBatchingWindowInSeconds of at least 1")]
    BatchNeedsWindow(u32),
    /// Window out of range.
    #[error("MaximumBatchingWindowInSeconds {got} is above {max}")]
    Window {
        /// As declared.
        got: u32,
        /// The most.
        max: u32,
    },
    /// FIFO sources have no window.
    #[error("a FIFO queue allows no MaximumBatchingWindowInSeconds")]
    FifoWindow,
    /// Concurrency out of range.
    #[error("MaximumConcurrency {got} is not within {min} to {max}")]
    Concurrency {
        /// As declared.
        got: u32,
        /// The least.
        min: u32,
        /// The most.
        max: u32,
    },
    /// `ParallelizationFactor` out of range.
    #[error("ParallelizationFactor {0} is not within 1 to 10")]
    Parallelization(u32),
    /// The queue hides a message for less time than the function may run.
    #[error("queue {queue}: VisibilityTimeout {visibility_s} s is less than the function's Timeout {timeout_s} s")]
    Visibility {
        /// Logical id of the queue.
        queue: String,
        /// In seconds.
        visibility_s: u64,
        /// In seconds.
        timeout_s: u32,
    },
    /// Destinations and dead-letter queues of streams and schedules are standard queues.
    #[error("queue {0} is FIFO: an on-failure destination must be a standard queue")]
    FifoDestination(String),
    /// A filter pattern that Lambda would refuse.
    #[error("filter: {0}")]
    Filter(FilterError),
    /// A cron expression that is wrong or not supported here.
    #[error("schedule: {0}")]
    Cron(CronError),
    /// `rate(0 …)`.
    #[error("schedule: a rate of zero")]
    ZeroRate,
    /// `Input` is no JSON.
    #[error("schedule: Input is not JSON")]
    Input,
}

impl Refusal {
    pub(super) fn at(self, place: &Place, event: &str) -> SourceError {
        SourceError::Refused {
            place: place.0.clone(),
            event: event.to_owned(),
            reason: self,
        }
    }
}
