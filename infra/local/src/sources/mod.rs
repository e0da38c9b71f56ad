//! The event sources of the templates: SQS, DynamoDB streams and schedules, by Lambda's own rules.
//!
//! Each declared source becomes a task that polls, filters, batches and invokes. Everything is delivered at least once:
//! a queue's messages are deleted, and a stream's checkpoint moves, only after the function answered.

mod activity;
mod answer;
mod arn;
mod checkpoints;
mod error;
#[cfg(test)]
mod fakes;
pub mod filter;
mod idle;
pub mod ports;
pub mod queue;
pub mod schedule;
mod start;
pub mod stream;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use activity::{Activity, Stop};
use checkpoints::Checkpoints;
pub use checkpoints::{CheckpointError, FILE as CHECKPOINT_FILE};
pub use error::{Refusal, SourceError};
pub use idle::{IDLE_WAIT_MAX, StillBusy};
use ports::{Clock, Invoke, Outcome, Queues, Streams};
pub use start::check;
pub use stream::Waker;

/// How long [`Sources::drain`] waits for running invocations: API Gateway's and most functions' time-outs fit in.
pub const DRAIN_MAX: Duration = Duration::from_secs(30);

/// What the sources work on.
#[derive(Clone)]
pub struct Ports {
    /// Functions.
    pub invoke: Arc<dyn Invoke>,
    /// Queues.
    pub queues: Arc<dyn Queues>,
    /// Streams.
    pub streams: Arc<dyn Streams>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Rung by whoever writes to a table, so that its readers need not wait for their next poll.
    pub waker: Waker,
}

/// How the sources run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Directory of `sources.sqlite`; `None` keeps checkpoints in memory.
    pub data: Option<PathBuf>,
    /// Whether schedules fire by themselves; off, only [`Sources::fire`] fires them.
    pub schedules: bool,
}

/// What all sources of one platform share.
struct Shared {
    ports: Ports,
    checkpoints: Checkpoints,
    activity: Arc<Activity>,
    stop: Stop,
}

/// The running event sources. Dropping them stops them at once; [`Sources::drain`] lets invocations end.
pub struct Sources {
    shared: Arc<Shared>,
    trigger: watch::Sender<bool>,
    tasks: JoinSet<()>,
    /// Physical names of the queues with an enabled source.
    queues: Vec<String>,
    shards: Vec<Arc<stream::ShardSource>>,
    schedules: Vec<Arc<schedule::ScheduleSource>>,
}

/// The function has no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("function {0} has no schedule")]
pub struct NoSchedule(pub String);

impl Sources {
    /// Fires every schedule of a function (logical id) once, now, without retries or dead letter; disabled ones too.
    pub async fn fire(&self, function: &str) -> Result<Vec<Outcome>, NoSchedule> {
        let _running = self.shared.activity.begin();
        let mut outcomes = Vec::new();
        for schedule in self.schedules.iter().filter(|schedule| schedule.function() == function) {
            outcomes.push(self.shared.ports.invoke.invoke(function, schedule.event_now()).await);
        }
        if outcomes.is_empty() {
            Err(NoSchedule(function.to_owned()))
        } else {
            Ok(outcomes)
        }
    }

    /// Stops polling and waits for running invocations, at most [`DRAIN_MAX`]. What is cut off comes again: messages
    /// after their visibility time-out, stream records at the next start.
    pub async fn drain(mut self) {
        self.trigger.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN_MAX, all).await.is_err() {
            tracing::warn!(running = self.shared.activity.running(), "sources.drain.cut_off");
        }
    }
}
