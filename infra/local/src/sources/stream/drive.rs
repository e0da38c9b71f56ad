//! Drives a lane: invokes its front piece until all is settled.

use std::time::Duration;

use super::destination::{Condition, body};
use super::lane::{Lane, Next, Piece};
use super::{ShardSource, event};
use crate::sources::activity::Backoff;
use crate::sources::answer::{Verdict, judge};

/// First and longest pause before a retry.
const RETRY_LEAST: Duration = Duration::from_millis(100);
const RETRY_MOST: Duration = Duration::from_secs(10);

impl ShardSource {
    /// True when the lane is settled, false when the sign to stop came first. With `checkpoints`, each settled piece
    /// moves the checkpoint: only right when this lane holds all that is unsettled.
    pub(super) async fn drive(&self, mut lane: Lane, checkpoints: bool) -> bool {
        let mut backoff = Backoff::new(RETRY_LEAST, RETRY_MOST);
        loop {
            if let Some(old) = lane.expired(self.mapping.rules, self.shared.ports.clock.now_ms()) {
                if !self.give_up(&old, Condition::RecordAgeExceeded, checkpoints).await {
                    return false;
                }
                continue;
            }
            let Some(piece) = lane.front() else { return true };
            if self.shared.stop.given() {
                return false;
            }
            let verdict = self.invoke(piece).await;
            let settled = lane.settle(&verdict, self.mapping.rules);
            if let Some(done) = &settled.done {
                backoff.reset();
                if checkpoints {
                    self.advance(done);
                }
            }
            match settled.next {
                Next::GoOn => {}
                Next::Pause(_) => {
                    self.shared.stop.sleep(backoff.step()).await;
                }
                Next::GiveUp(piece) => {
                    backoff.reset();
                    if !self
                        .give_up(&piece, Condition::RetryAttemptsExhausted, checkpoints)
                        .await
                    {
                        return false;
                    }
                }
            }
        }
    }

    async fn invoke(&self, piece: &Piece) -> Verdict {
        let mapping = &self.mapping;
        let event = event::event(&mapping.stream_arn, &piece.records);
        let outcome = self.shared.ports.invoke.invoke(&mapping.function, event).await;
        let sequences = piece.records.iter().map(|record| record.sequence.as_str());
        let verdict = judge(&outcome, mapping.report_failures, sequences);
        if let Verdict::Failed(reason) = &verdict {
            let records = piece.records.len();
            tracing::warn!(source = %mapping.source, records, %reason, "sources.stream.batch_failed");
        }
        verdict
    }

    /// Records the position of what is given up in the on-failure queue, then lets the shard go on. Tries until the
    /// queue has it; false when the sign to stop came first.
    async fn give_up(&self, piece: &Piece, condition: Condition, checkpoints: bool) -> bool {
        let mapping = &self.mapping;
        let mut backoff = Backoff::new(RETRY_LEAST, RETRY_MOST);
        if let Some(queue) = &mapping.on_failure {
            let body = body(
                mapping,
                &self.reader.shard,
                piece,
                condition,
                self.shared.ports.clock.now_ms(),
            );
            while let Err(error) = self
                .shared
                .ports
                .queues
                .send(queue, body.to_string(), std::collections::BTreeMap::new())
                .await
            {
                tracing::error!(source = %mapping.source, %error, "sources.stream.destination_failed");
                if self.shared.stop.sleep(backoff.step()).await {
                    return false;
                }
            }
        }
        let last = piece
            .records
            .last()
            .map(|record| record.sequence.as_str())
            .unwrap_or_default();
        tracing::error!(
            source = %mapping.source,
            condition = condition.name(),
            records = piece.records.len(),
            last_sequence = last,
            kept = mapping.on_failure.is_some(),
            "sources.stream.given_up"
        );
        if checkpoints {
            self.advance(last);
        }
        true
    }
}
