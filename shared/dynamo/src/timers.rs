//! Due-time timers in minute buckets.
//!
//! A timer is a hint: the record it names holds the truth (`due_at`, state, version), and a firing is one conditional
//! update of that record. So a timer that fires early, late, twice or never again does no harm, and an overlap of the
//! sweep costs a refused write at worst.

use std::future::Future;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::{StreamExt, stream};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CommitError, Consistency, Dynamo, Key, Part, Query, Record, StoreError, from_item, key, to_item};

/// Shards of each minute: keeps a busy minute of one kind below one partition's write limit.
pub const TIMER_SHARDS: u32 = 4;
/// Minutes that one sweep looks at, at most; a sweep that was away longer catches up over several runs.
pub const SWEEP_MINUTES_MAX: i64 = 180;
/// Timers of one shard and minute that one sweep fires, at most; the rest fires in the next.
const BUCKET_DUE_MAX: u16 = 200;
/// Minutes before the watermark that are looked at again, for writers whose clocks are behind.
const OVERLAP_MINUTES: i64 = 2;
/// Where a kind's first sweep begins: this many minutes ago.
const FIRST_LOOK_BACK_MINUTES: i64 = 60;
/// How long a timer is kept after its due time, in seconds, when no sweep removed it.
const KEPT_S: i64 = 30 * 86_400;

/// A due time for a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// What is due: `order-expiry`. A constant of the owning context, without `#`.
    pub kind: &'static str,
    /// When.
    pub due_at: Timestamp,
    /// Id of the record.
    pub entity: String,
}

/// A timer that has come due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// When it was due.
    pub due_at: Timestamp,
    /// Id of the record.
    pub entity: String,
    at: Key,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Timers fired.
    pub fired: u32,
    /// Timers whose firing failed; they fire again in the next sweep.
    pub failed: u32,
    /// Seconds from the oldest due time fired in this sweep to now.
    pub lag_s: i64,
}

/// Access patterns: `timer.set`, `timer.clear`, `timer.watermark`, `timer.due`, `timer.advance`.
#[derive(Debug, Clone)]
pub struct Timers {
    dynamo: Dynamo,
    table: String,
}

#[derive(Serialize, Deserialize)]
struct TimerItem {
    entity_id: String,
    due_ms: i64,
    expires_at: i64,
}

impl Record for TimerItem {
    const ENTITY: &'static str = "timer";
    const SHAPE: u16 = 1;
}

#[derive(Serialize, Deserialize)]
struct Watermark {
    minute: i64,
}

impl Record for Watermark {
    const ENTITY: &'static str = "watermark";
    const SHAPE: u16 = 1;
}

fn shard(entity: &str) -> u32 {
    // FNV-1a: stable over versions, unlike the standard hasher.
    entity.bytes().fold(2_166_136_261_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
    }) % TIMER_SHARDS
}

fn bucket(kind: &str, minute: i64, shard: u32) -> String {
    format!("{kind}#{minute}#{shard}")
}

impl Timer {
    fn key(&self) -> Key {
        let bucket = bucket(self.kind, self.due_at.minute(), shard(&self.entity));
        key(bucket, format!("{:016}#{}", self.due_at.millis(), self.entity))
    }
}

impl Timers {
    /// On the timers table.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// The part that sets a timer. Setting it twice is harmless. A due time that lies in the past fires in the next
    /// sweep only within the sweep's overlap: set it to now.
    ///
    /// # Errors
    ///
    /// `Corrupt` when the item does not serialise.
    pub fn set<R>(&self, timer: &Timer) -> Result<Part<R>, StoreError> {
        let item = TimerItem {
            entity_id: timer.entity.clone(),
            due_ms: timer.due_at.millis(),
            expires_at: timer.due_at.plus_seconds(KEPT_S).seconds(),
        };
        Ok(Part::put(&self.table, to_item(&timer.key(), &item)?))
    }

    /// The part that clears a timer. Optional: a timer left behind fires into a refused update.
    pub fn clear<R>(&self, timer: &Timer) -> Part<R> {
        Part::delete(&self.table, timer.key())
    }

    /// Fires all timers of `kind` that are due, oldest minute first, and moves the watermark behind the minutes that
    /// are done. A timer whose `fire` fails stays, and the watermark stays before it.
    ///
    /// Safe to run twice at once or to die half-way: firing is conditional, and the watermark only speaks of minutes
    /// whose timers are gone.
    ///
    /// # Errors
    ///
    /// When the watermark or a bucket cannot be read or written; what was fired stays fired.
    pub async fn sweep<F, Fut, E>(&self, kind: &'static str, fire: F) -> Result<Swept, StoreError>
    where
        F: FnMut(Due) -> Fut,
        Fut: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        self.sweep_wide(kind, 1, fire).await
    }

    /// As [`Timers::sweep`], with up to `width` timers of a bucket firing at once: for firings that wait for others.
    ///
    /// # Errors
    ///
    /// As [`Timers::sweep`].
    pub async fn sweep_wide<F, Fut, E>(
        &self,
        kind: &'static str,
        width: usize,
        mut fire: F,
    ) -> Result<Swept, StoreError>
    where
        F: FnMut(Due) -> Fut,
        Fut: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        let now = self.dynamo.ambient().now();
        let mark = self.watermark(kind).await?;
        let first = mark.map_or(now.minute() - FIRST_LOOK_BACK_MINUTES, |minute| {
            minute - OVERLAP_MINUTES
        });
        let last = now.minute().min(first.saturating_add(SWEEP_MINUTES_MAX));
        let mut swept = Swept::default();
        let mut done = first;
        let mut clean = true;
        for minute in first..=last {
            for shard in 0..TIMER_SHARDS {
                let (due, complete) = self.due(&bucket(kind, minute, shard), now).await?;
                clean &= complete;
                for timer in &due {
                    swept.lag_s = swept.lag_s.max(now.seconds_since(timer.due_at));
                }
                let firings = due.into_iter().map(|timer| {
                    let key = timer.at.clone();
                    let firing = fire(timer);
                    async move { (key, firing.await) }
                });
                let mut fired = stream::iter(firings).buffer_unordered(width.max(1));
                while let Some((key, outcome)) = fired.next().await {
                    if let Err(error) = outcome {
                        tracing::warn!(timer.kind = kind, timer.key = %key.sk, %error, "timer.fire.failed");
                        swept.failed += 1;
                        clean = false;
                        continue;
                    }
                    swept.fired += 1;
                    self.remove(key).await?;
                }
            }
            if clean && minute < now.minute() {
                done = minute;
            }
        }
        if mark.is_none_or(|minute| done > minute) {
            self.advance(kind, done).await?;
        }
        Ok(swept)
    }

    async fn due(&self, bucket: &str, now: Timestamp) -> Result<(Vec<Due>, bool), StoreError> {
        let query = Query::new(&self.table, "pk = :bucket AND sk < :now", BUCKET_DUE_MAX)
            .text(":bucket", bucket)
            .text(":now", format!("{:016}#", now.millis().saturating_add(1)))
            .strong();
        let page = self.dynamo.query(query).await?;
        let complete = page.next.is_none();
        let mut due = Vec::with_capacity(page.items.len());
        for item in page.items {
            let at = Key::of(&item);
            let timer: TimerItem = from_item(item)?;
            due.push(Due {
                due_at: Timestamp::from_millis(timer.due_ms),
                entity: timer.entity_id,
                at,
            });
        }
        Ok((due, complete))
    }

    async fn remove(&self, key: Key) -> Result<(), StoreError> {
        self.dynamo
            .commit::<()>(vec![Part::delete(&self.table, key)])
            .await
            .or_else(CommitError::first)
    }

    fn watermark_key(kind: &str) -> Key {
        key(format!("watermark#{kind}"), "watermark")
    }

    async fn watermark(&self, kind: &str) -> Result<Option<i64>, StoreError> {
        let found: Option<Watermark> = self
            .dynamo
            .get(&self.table, &Self::watermark_key(kind), Consistency::Strong)
            .await?;
        Ok(found.map(|watermark| watermark.minute))
    }

    /// Moves the watermark forward only: a slower sweep that ends later does not move it back.
    async fn advance(&self, kind: &str, minute: i64) -> Result<(), StoreError> {
        let item = to_item(&Self::watermark_key(kind), &Watermark { minute })?;
        let mut part = Part::put(&self.table, item)
            .when("attribute_not_exists(pk) OR #minute < :minute")
            .name("#minute", "minute")
            .refused(());
        part.values
            .insert(":minute".to_owned(), AttributeValue::N(minute.to_string()));
        self.dynamo.commit(vec![part]).await.or_else(CommitError::first)
    }
}
