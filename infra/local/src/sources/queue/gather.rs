//! Making a batch out of receives.

use std::time::Duration;

use tokio::time::Instant;

use super::QueueSource;
use crate::sources::ports::Received;

/// Messages per receive: SQS's limit.
pub(super) const RECEIVE_MAX: u32 = 10;
/// Long poll of one receive: the longest that SQS allows.
const WAIT: Duration = Duration::from_secs(20);
/// Pause after a failed receive.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);

impl QueueSource {
    /// One batch: what the first receive gives, and with a window what comes until it is over or the batch is full.
    /// Empty when nothing came or the platform stops.
    pub(super) async fn gather(&self) -> Vec<Received> {
        let mut batch = self.receive(self.mapping.batch_size.min(RECEIVE_MAX), WAIT).await;
        if batch.is_empty() || self.mapping.window.is_zero() {
            return batch;
        }
        let end = Instant::now() + self.mapping.window;
        loop {
            let room = self
                .mapping
                .batch_size
                .saturating_sub(u32::try_from(batch.len()).unwrap_or(u32::MAX));
            let left = end.saturating_duration_since(Instant::now());
            if room == 0 || left.is_zero() {
                return batch;
            }
            // SQS waits whole seconds: the last fraction is slept through, so that no receive spins.
            let wait = if left < Duration::from_secs(1) {
                self.shared.stop.sleep(left).await;
                Duration::ZERO
            } else {
                left.min(WAIT)
            };
            batch.extend(self.receive(room.min(RECEIVE_MAX), wait).await);
            if self.shared.stop.given() {
                self.give_back(&batch).await;
                return Vec::new();
            }
        }
    }

    async fn receive(&self, max: u32, wait: Duration) -> Vec<Received> {
        let queue = &self.mapping.queue;
        tokio::select! {
            biased;
            () = self.shared.stop.wait() => Vec::new(),
            received = self.shared.ports.queues.receive(queue, max, wait) => match received {
                Ok(received) => received,
                Err(error) => {
                    tracing::error!(source = %self.mapping.source, %error, "sources.queue.receive_failed");
                    self.shared.stop.sleep(PAUSE_AFTER_ERROR).await;
                    Vec::new()
                }
            },
        }
    }

    /// Makes messages receivable at once that no function has seen.
    pub(super) async fn give_back(&self, messages: &[Received]) {
        for message in messages {
            let queues = &self.shared.ports.queues;
            if let Err(error) = queues
                .change_visibility(&self.mapping.queue, &message.receipt, Duration::ZERO)
                .await
            {
                // It comes back by itself after its visibility time-out.
                tracing::warn!(source = %self.mapping.source, message.id = %message.id, %error, "sources.queue.not_given_back");
            }
        }
    }
}
