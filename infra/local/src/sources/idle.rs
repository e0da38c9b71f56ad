//! Whether anything is left to do: what tests wait for between two steps.

use std::time::Duration;

use tokio::time::Instant;

use super::Sources;

/// How long [`Sources::idle`] waits.
pub const IDLE_WAIT_MAX: Duration = Duration::from_mins(1);
/// Wait between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Something is still going on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StillBusy {
    /// Batches or firings in hand.
    #[error("{0} invocations are running")]
    Running(usize),
    /// A source queue is not empty.
    #[error("queue {queue} holds {visible} visible and {in_flight} received messages")]
    Queue {
        /// Physical name.
        queue: String,
        /// Receivable messages.
        visible: u64,
        /// Messages in flight, those waiting for their visibility time-out included.
        in_flight: u64,
    },
    /// A stream has records that its reader has not handled.
    #[error("stream source {0} has unread records")]
    Stream(String),
    /// Work began or ended while looking, or a queue or stream could not be asked.
    #[error("{0}")]
    Unsure(String),
}

impl Sources {
    /// True when no message is visible or in flight in any source queue, no stream record is unread, and nothing runs.
    /// Delayed messages and schedules do not count.
    pub async fn is_idle(&self) -> bool {
        self.busy().await.is_none()
    }

    /// Waits until [`Sources::is_idle`], at most [`IDLE_WAIT_MAX`]; the error names what is still going on.
    pub async fn idle(&self) -> Result<(), StillBusy> {
        let end = Instant::now() + IDLE_WAIT_MAX;
        while let Some(busy) = self.busy().await {
            if Instant::now() >= end {
                return Err(busy);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// One look. Work can move between queues and streams only through an invocation, so a look during which none ran
    /// or began saw everything.
    async fn busy(&self) -> Option<StillBusy> {
        let activity = &self.shared.activity;
        let before = activity.begun();
        if activity.running() > 0 {
            return Some(StillBusy::Running(activity.running()));
        }
        for queue in &self.queues {
            match self.shared.ports.queues.depth(queue).await {
                Ok(depth) if depth.visible == 0 && depth.in_flight == 0 => {}
                Ok(depth) => {
                    let (visible, in_flight) = (depth.visible, depth.in_flight);
                    return Some(StillBusy::Queue {
                        queue: queue.clone(),
                        visible,
                        in_flight,
                    });
                }
                Err(error) => return Some(StillBusy::Unsure(error.to_string())),
            }
        }
        for shard in &self.shards {
            match shard.caught_up().await {
                Ok(true) => {}
                Ok(false) => return Some(StillBusy::Stream(shard.source().to_owned())),
                Err(error) => return Some(StillBusy::Unsure(error.to_string())),
            }
        }
        (activity.begun() != before || activity.running() > 0)
            .then(|| StillBusy::Unsure("work began while looking".to_owned()))
    }
}
