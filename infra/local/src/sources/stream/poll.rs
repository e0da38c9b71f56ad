//! The reader of one shard.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::lane::Lane;
use super::{ShardSource, event};
use crate::sources::activity::Backoff;
use crate::sources::ports::{StreamError, StreamRecord};

/// Wait for the next record while they come.
const POLL_BUSY: Duration = Duration::from_millis(20);
/// Wait for the next record when none came for a while.
const POLL_IDLE: Duration = Duration::from_millis(200);
/// First and longest wait after a failed read.
const ERROR_LEAST: Duration = Duration::from_millis(200);
const ERROR_MOST: Duration = Duration::from_secs(5);
/// Records of one read: `GetRecords`' limit.
const READ_MAX: usize = 1_000;

impl ShardSource {
    /// Reads and delivers until the sign to stop.
    pub(in crate::sources) async fn run(self: Arc<Self>) {
        let mut quiet = Backoff::new(POLL_BUSY, POLL_IDLE);
        let mut errors = Backoff::new(ERROR_LEAST, ERROR_MOST);
        while !self.shared.stop.given() {
            match self.gather().await {
                Ok(batch) if batch.is_empty() => {
                    if self.wait(quiet.step()).await {
                        quiet.reset();
                    }
                }
                Ok(batch) => {
                    self.process(batch).await;
                    quiet.reset();
                    errors.reset();
                }
                Err(error) => {
                    tracing::error!(source = %self.mapping.source, %error, "sources.stream.read_failed");
                    self.shared.stop.sleep(errors.step()).await;
                }
            }
        }
    }

    /// Whether no record waits to be read.
    pub(in crate::sources) async fn caught_up(&self) -> Result<bool, StreamError> {
        let after = self.position().sequence().map(str::to_owned);
        self.read(after, 1).await.map(|records| records.is_empty())
    }

    /// `function/event`.
    pub(in crate::sources) fn source(&self) -> &str {
        &self.mapping.source
    }

    /// True when the bell rang.
    async fn wait(&self, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.shared.stop.wait() => false,
            () = self.wake.notified() => true,
            () = tokio::time::sleep(time) => false,
        }
    }

    /// One batch: what is there, and with a window what comes until it is over or the batch is full.
    async fn gather(&self) -> Result<Vec<StreamRecord>, StreamError> {
        let full = self.mapping.batch_size.saturating_mul(self.mapping.lanes);
        let mut after = self.position().sequence().map(str::to_owned);
        let mut batch = self.read(after.clone(), full).await?;
        if batch.is_empty() || self.mapping.window.is_zero() {
            return Ok(batch);
        }
        let end = Instant::now() + self.mapping.window;
        while batch.len() < full && !self.shared.stop.given() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.wait(POLL_IDLE.min(left)).await;
            after = batch.last().map(|record| record.sequence.clone()).or(after);
            batch.extend(self.read(after.clone(), full.saturating_sub(batch.len())).await?);
        }
        Ok(batch)
    }

    async fn read(&self, after: Option<String>, limit: usize) -> Result<Vec<StreamRecord>, StreamError> {
        self.shared
            .ports
            .streams
            .read(&self.mapping.table, &self.reader.shard, after, limit.min(READ_MAX))
            .await
    }

    /// Delivers one batch and moves the checkpoint. Cut short by the sign to stop, it leaves the rest for the next start.
    async fn process(&self, batch: Vec<StreamRecord>) {
        let _running = self.shared.activity.begin();
        let Some(last) = batch.last().map(|record| record.sequence.clone()) else {
            return;
        };
        let admitted = |entry: &StreamRecord| {
            self.mapping.filters.is_empty()
                || self
                    .mapping
                    .filters
                    .admit(&event::record(&self.mapping.stream_arn, entry))
        };
        let wanted: Vec<StreamRecord> = batch.into_iter().filter(admitted).collect();
        let finished = if self.mapping.lanes == 1 {
            self.drive(Lane::new(wanted), true).await
        } else {
            let lanes = by_key(wanted, self.mapping.lanes);
            let driven = lanes.into_iter().map(|records| self.drive(Lane::new(records), false));
            futures::future::join_all(driven)
                .await
                .into_iter()
                .all(|finished| finished)
        };
        if finished {
            self.advance(&last);
        }
    }
}

/// Deals records to lanes by their item's key, so that the records of one item keep their order.
fn by_key(records: Vec<StreamRecord>, lanes: usize) -> Vec<Vec<StreamRecord>> {
    let mut dealt: Vec<Vec<StreamRecord>> = vec![Vec::new(); lanes];
    let count = u64::try_from(lanes).unwrap_or(1).max(1);
    for record in records {
        let mut hasher = DefaultHasher::new();
        record
            .json
            .pointer("/dynamodb/Keys")
            .map(ToString::to_string)
            .hash(&mut hasher);
        let lane = usize::try_from(hasher.finish() % count).unwrap_or(0);
        if let Some(records) = dealt.get_mut(lane) {
            records.push(record);
        }
    }
    dealt
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_records_of_one_item_share_a_lane_in_order() {
        let record = |number: usize| StreamRecord {
            sequence: number.to_string(),
            created_s: 0,
            json: json!({"dynamodb": {"Keys": {"pk": {"S": format!("item-{}", number % 7)}}}}),
        };
        let lanes = by_key((0..70).map(record).collect(), 4);
        assert_eq!(lanes.iter().map(Vec::len).sum::<usize>(), 70);
        assert!(lanes.iter().filter(|lane| !lane.is_empty()).count() > 1);
        for item in 0..7 {
            let key = format!("item-{item}");
            let holding: Vec<Vec<usize>> = lanes
                .iter()
                .map(|lane| {
                    let of_item = lane
                        .iter()
                        .filter(|record| record.json.pointer("/dynamodb/Keys/pk/S") == Some(&json!(key)));
                    of_item
                        .filter_map(|record| record.sequence.parse().ok())
                        .collect::<Vec<usize>>()
                })
                .filter(|lane| !lane.is_empty())
                .collect();
            assert_eq!(holding, [(0..10).map(|round| round * 7 + item).collect::<Vec<_>>()]);
        }
    }
}
