//! From a received batch to deletes.

use std::time::Duration;

use tokio::time::Instant;

use super::gather::RECEIVE_MAX;
use super::{QueueSource, event};
use crate::sources::activity::Backoff;
use crate::sources::answer::{Verdict, judge};
use crate::sources::ports::Received;

/// Bytes of one invocation's payload: Lambda's limit for synchronous calls.
const PAYLOAD_BYTES_MAX: usize = 6 * 1_024 * 1_024;
/// Tries of a delete. After that the message comes again, as after any lost delete.
const DELETE_TRIES_MAX: u32 = 3;
/// First and longest wait after a refused invocation.
const THROTTLED_LEAST: Duration = Duration::from_millis(100);
const THROTTLED_MOST: Duration = Duration::from_secs(5);

impl QueueSource {
    /// Filters, invokes and deletes one batch.
    pub(super) async fn handle(&self, batch: Vec<Received>) {
        let _running = self.shared.activity.begin();
        let received = Instant::now();
        let batch = self.filter(batch).await;
        let (claim, batch, busy) = self.groups.claim(batch);
        if !busy.is_empty() {
            // Their visibility ran out while an earlier message of the group is still in hand: they come again.
            tracing::warn!(source = %self.mapping.source, messages = busy.len(), "sources.queue.group_busy");
        }
        let mut last = Vec::new();
        for part in by_size(batch) {
            let done = self.deliver(&part, received).await;
            if !self.mapping.fifo {
                self.delete(done).await;
                continue;
            }
            let all_done = done.len() == part.len();
            last.extend(done);
            if !all_done {
                // Later parts may hold later messages of the failed group: they come again, in order.
                break;
            }
        }
        // Given up before the delete: from then on the group's next message is handed out, maybe before the delete's
        // answer is here, and a group that is still claimed would leave it in flight until its visibility runs out.
        drop(claim);
        self.delete(last).await;
    }

    /// Deletes what no filter admits, as Lambda does, and returns the rest.
    async fn filter(&self, batch: Vec<Received>) -> Vec<Received> {
        if self.mapping.filters.is_empty() {
            return batch;
        }
        let admitted = |message: &Received| {
            self.mapping
                .filters
                .admit(&event::filtered_view(&self.mapping.queue_arn, message))
        };
        let (wanted, unwanted): (Vec<_>, Vec<_>) = batch.into_iter().partition(admitted);
        self.delete(unwanted.into_iter().map(|message| message.receipt).collect())
            .await;
        wanted
    }

    /// Invokes the function with one batch; gives the receipts of what is done.
    async fn deliver(&self, batch: &[Received], received: Instant) -> Vec<String> {
        let mut backoff = Backoff::new(THROTTLED_LEAST, THROTTLED_MOST);
        let verdict = loop {
            match self.invoke(batch).await {
                Verdict::Throttled => {
                    let wait = backoff.step();
                    // Never hand out a message whose visibility may be over: someone else may have it by then.
                    if received.elapsed().saturating_add(wait) > self.mapping.visibility / 2
                        || self.shared.stop.sleep(wait).await
                    {
                        self.give_back(batch).await;
                        return Vec::new();
                    }
                }
                decided @ (Verdict::Done | Verdict::Partly(_) | Verdict::Failed(_)) => break decided,
            }
        };
        let failed = |message: &Received| match &verdict {
            Verdict::Done => false,
            Verdict::Partly(ids) => ids.contains(&message.id),
            Verdict::Failed(_) | Verdict::Throttled => true,
        };
        if let Verdict::Failed(reason) = &verdict {
            tracing::warn!(source = %self.mapping.source, messages = batch.len(), %reason, "sources.queue.batch_failed");
        }
        let done = batch.iter().filter(|message| !failed(message));
        done.map(|message| message.receipt.clone()).collect()
    }

    async fn invoke(&self, batch: &[Received]) -> Verdict {
        let event = event::event(&self.mapping.queue_arn, batch.iter());
        let outcome = self.shared.ports.invoke.invoke(&self.mapping.function, event).await;
        judge(
            &outcome,
            self.mapping.report_failures,
            batch.iter().map(|message| message.id.as_str()),
        )
    }

    async fn delete(&self, receipts: Vec<String>) {
        let size = usize::try_from(RECEIVE_MAX).unwrap_or(1);
        for chunk in receipts.chunks(size) {
            for attempt in 1..=DELETE_TRIES_MAX {
                match self
                    .shared
                    .ports
                    .queues
                    .delete(&self.mapping.queue, chunk.to_vec())
                    .await
                {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::error!(source = %self.mapping.source, attempt, %error, "sources.queue.delete_failed");
                    }
                }
            }
        }
    }
}

/// Splits a batch where it would outgrow one invocation, in order.
fn by_size(batch: Vec<Received>) -> Vec<Vec<Received>> {
    let mut parts: Vec<Vec<Received>> = Vec::new();
    let mut bytes = 0_usize;
    for message in batch {
        bytes = bytes.saturating_add(event::size(&message));
        match parts.last_mut() {
            Some(part) if bytes <= PAYLOAD_BYTES_MAX => part.push(message),
            Some(_) | None => {
                bytes = event::size(&message);
                parts.push(vec![message]);
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_split_where_it_would_outgrow_one_invocation() {
        let message = |bytes: usize| Received {
            body: "x".repeat(bytes),
            ..Received::default()
        };
        let half = PAYLOAD_BYTES_MAX / 2;
        let sizes: Vec<usize> = by_size(vec![message(half), message(10), message(half), message(10)])
            .iter()
            .map(Vec::len)
            .collect();
        assert_eq!(sizes, [2, 2]);
        assert!(by_size(Vec::new()).is_empty());
    }
}
