//! The service as its callers hold it: a cheap clone over one engine, one clock and one journal.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;

use crate::delivery::{Found, Receive, check_visibility};
use crate::engine::{Engine, Place};
use crate::error::{Error, OpenError};
use crate::limits::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX};
use crate::message::{self, NewMessage, Received, Sent};
use crate::move_task::Step;
use crate::queue::Statistics;
use crate::settings::AttributeTexts;
use crate::store;
use crate::writer::{Ticket, Writer};

/// The embedded queue service. Clones share everything; the journal closes with the last of them.
#[derive(Clone)]
pub struct Sqs {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Mutex<Engine>,
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
    /// Rung when a virtual clock has moved.
    tick: Notify,
    endpoint: RwLock<String>,
    /// Absent in memory.
    writer: Option<Writer>,
}

impl fmt::Debug for Sqs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqs").finish_non_exhaustive()
    }
}

impl Sqs {
    /// Opens the service on a file, or in memory, in the default [`Place`]. The clock answers milliseconds since 1970.
    pub fn open(path: Option<&Path>, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Result<Self, OpenError> {
        Self::open_at(path, Place::default(), clock)
    }

    /// Opens the service in a given region and account.
    pub fn open_at(
        path: Option<&Path>,
        place: Place,
        clock: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let (engine, writer) = match path {
            Some(path) => {
                let db = store::open(path)?;
                (store::load(&db, place, clock())?, Some(Writer::start(db)?))
            }
            None => (Engine::new(place), None),
        };
        let endpoint = RwLock::new("http://127.0.0.1".to_owned());
        let inner = Inner {
            engine: Mutex::new(engine),
            clock: Box::new(clock),
            tick: Notify::new(),
            endpoint,
            writer,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Tells the base of queue URLs, such as `http://127.0.0.1:4566`. URLs are understood under any base.
    pub fn set_endpoint(&self, base: &str) {
        let mut endpoint = self.inner.endpoint.write().unwrap_or_else(PoisonError::into_inner);
        base.trim_end_matches('/').clone_into(&mut endpoint);
    }

    /// The URL of a queue, whether it exists or not.
    pub fn queue_url(&self, name: &str) -> String {
        let base = self
            .inner
            .endpoint
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let account = self.read(|engine, _| engine.place.account.clone());
        format!("{base}/{account}/{name}")
    }

    /// The ARN of a queue, whether it exists or not.
    pub fn queue_arn(&self, name: &str) -> String {
        self.read(|engine, _| engine.place.arn(name))
    }

    /// The names of all queues, in order.
    pub fn queues(&self) -> Vec<String> {
        self.read(|engine, _| engine.queues.keys().cloned().collect())
    }

    /// Creates a queue; creating it again with the same attributes is fine, with others it is an error.
    pub async fn create_queue(&self, name: &str, attributes: &AttributeTexts) -> Result<(), Error> {
        self.run(|engine, now_ms| engine.create(name, attributes, BTreeMap::new(), now_ms))
            .await
    }

    /// Creates a queue, or gives the existing one exactly these attributes and keeps its messages: what a template
    /// says holds, whatever an older one said. A dead-letter queue must be declared before its sources.
    pub async fn declare_queue(&self, name: &str, attributes: &AttributeTexts) -> Result<(), Error> {
        self.run(|engine, now_ms| engine.declare(name, attributes, now_ms))
            .await
    }

    /// Deletes a queue with its messages.
    pub async fn delete_queue(&self, name: &str) -> Result<(), Error> {
        self.run(|engine, now_ms| engine.delete(name, now_ms)).await
    }

    /// Sends one message; it is durable when this answers.
    pub async fn send(&self, queue: &str, message: NewMessage) -> Result<Sent, Error> {
        self.run(|engine, now_ms| engine.send(queue, message, now_ms)).await
    }

    /// Sends up to 10 messages, in order; each succeeds or fails alone.
    pub async fn send_batch(&self, queue: &str, messages: Vec<NewMessage>) -> Result<Vec<Result<Sent, Error>>, Error> {
        check_batch(messages.len())?;
        let bytes = messages.iter().map(message::size).fold(0, usize::saturating_add);
        if bytes > BATCH_BYTES_MAX {
            return Err(Error::BatchRequestTooLong(bytes));
        }
        self.run(|engine, now_ms| {
            engine.at(queue, now_ms)?;
            Ok(messages
                .into_iter()
                .map(|message| engine.send(queue, message, now_ms))
                .collect())
        })
        .await
    }

    /// Receives messages, waiting for the first one as long as the request or the queue says. A waiting receive wakes
    /// at once when a message arrives, comes back or ends its delay.
    pub async fn receive(&self, queue: &str, wish: &Receive) -> Result<Vec<Received>, Error> {
        wish.check()?;
        let (bell, wait_s) = self.read(|engine, now_ms| {
            let wait_s = wish
                .wait_s
                .map_or_else(|| engine.at(queue, now_ms).map(|(q, _)| q.settings.wait_s), Ok)?;
            Ok::<_, Error>((engine.bell(queue)?, wait_s))
        })?;
        let deadline_ms = (self.inner.clock)().saturating_add(wait_s.saturating_mul(1_000));
        loop {
            let (mut rung, mut ticked) = (pin!(bell.notified()), pin!(self.inner.tick.notified()));
            // Listen before looking, so that nothing that happens in between is missed.
            rung.as_mut().enable();
            ticked.as_mut().enable();
            let Found {
                messages,
                next_timer_ms,
            } = self.run(|engine, now_ms| engine.receive(queue, wish, now_ms)).await?;
            let now_ms = (self.inner.clock)();
            if !messages.is_empty() || now_ms >= deadline_ms {
                return Ok(messages);
            }
            let until_ms = next_timer_ms.map_or(deadline_ms, |timer_ms| timer_ms.min(deadline_ms));
            tokio::select! {
                () = rung => {}
                () = ticked => {}
                () = tokio::time::sleep(duration_ms(until_ms.saturating_sub(now_ms))) => {}
            }
        }
    }

    /// Deletes a received message. Deleting it again is fine.
    pub async fn delete(&self, queue: &str, handle: &str) -> Result<(), Error> {
        self.run(|engine, now_ms| {
            let (queue, journal) = engine.at(queue, now_ms)?;
            queue.delete(handle, journal)
        })
        .await
    }

    /// Deletes up to 10 received messages; each succeeds or fails alone.
    pub async fn delete_batch(&self, queue: &str, handles: &[String]) -> Result<Vec<Result<(), Error>>, Error> {
        check_batch(handles.len())?;
        self.run(|engine, now_ms| {
            let (queue, journal) = engine.at(queue, now_ms)?;
            Ok(handles.iter().map(|handle| queue.delete(handle, journal)).collect())
        })
        .await
    }

    /// Hides a received message for `seconds` (0 to 43,200) from now on; 0 gives it back.
    pub async fn change_visibility(&self, queue: &str, handle: &str, seconds: i64) -> Result<(), Error> {
        check_visibility(Some(seconds))?;
        self.run(|engine, now_ms| {
            let (queue, journal) = engine.at(queue, now_ms)?;
            queue.change_visibility(handle, seconds, now_ms, journal)
        })
        .await
    }

    /// Drops all messages of a queue, at most once a minute.
    pub async fn purge(&self, queue: &str) -> Result<(), Error> {
        self.run(|engine, now_ms| {
            let (queue, journal) = engine.at(queue, now_ms)?;
            queue.purge(now_ms, journal)
        })
        .await
    }

    /// Gives every message in flight back, in all queues: for a platform that starts and knows that nobody holds one.
    pub async fn release_in_flight(&self) -> Result<(), Error> {
        self.run(|engine, now_ms| {
            for queue in engine.queues.values_mut() {
                queue.advance(now_ms, &mut engine.journal);
                queue.release(now_ms, &mut engine.journal);
            }
            Ok(())
        })
        .await
    }

    /// A queue's counters.
    pub fn statistics(&self, queue: &str) -> Result<Statistics, Error> {
        self.read(|engine, now_ms| Ok(engine.at(queue, now_ms)?.0.statistics(now_ms)))
    }

    /// Tells waiting receives and move tasks that a virtual clock has moved. A real clock needs no telling.
    pub fn clock_moved(&self) {
        self.inner.tick.notify_waiters();
    }

    /// Makes the journal fail, by a change that it must refuse.
    #[cfg(test)]
    pub(crate) async fn break_journal(&self) {
        let row = |serial| crate::journal::Write::Queue {
            serial,
            name: "twice".into(),
            attributes: String::new(),
            tags: String::new(),
            created_ms: 0,
            modified_ms: 0,
        };
        let refused = self.run(|engine, _| {
            engine.journal.extend([row(i64::MAX - 1), row(i64::MAX)]);
            Ok(())
        });
        assert_eq!(refused.await, Err(Error::Internal));
    }

    /// Runs one operation and waits until its changes are safe.
    pub(crate) async fn run<T>(&self, work: impl FnOnce(&mut Engine, i64) -> Result<T, Error>) -> Result<T, Error> {
        let (result, ticket) = self.locked(work);
        ticket.wait().await?;
        result
    }

    /// Runs an operation whose changes, if any, need not be safe before it answers (such as expired messages).
    pub(crate) fn read<T>(&self, work: impl FnOnce(&mut Engine, i64) -> T) -> T {
        self.locked(work).0
    }

    fn locked<T>(&self, work: impl FnOnce(&mut Engine, i64) -> T) -> (T, Ticket) {
        let mut engine = self.inner.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = (self.inner.clock)();
        let result = work(&mut engine, now_ms);
        let journal = std::mem::take(&mut engine.journal);
        // Submitted under the lock, so that the journal has the engine's order.
        let ticket = match &self.inner.writer {
            Some(writer) if !journal.is_empty() => writer.submit(journal),
            Some(_) | None => Ticket::Safe,
        };
        (result, ticket)
    }

    /// Moves messages until the task ends. The task goes on by itself: nobody waits for this.
    pub(crate) async fn drive_move(self, handle: String) {
        loop {
            match self.run(|engine, now_ms| Ok(engine.step_move(&handle, now_ms))).await {
                Ok(Step::Again) => tokio::task::yield_now().await,
                Ok(Step::WaitUntil(until_ms)) => {
                    let mut ticked = pin!(self.inner.tick.notified());
                    ticked.as_mut().enable();
                    let rest_ms = until_ms.saturating_sub((self.inner.clock)());
                    tokio::select! {
                        () = ticked => {}
                        () = tokio::time::sleep(duration_ms(rest_ms)) => {}
                    }
                }
                Ok(Step::Finished) | Err(_) => return,
            }
        }
    }
}

fn duration_ms(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

pub(crate) fn check_batch(entries: usize) -> Result<(), Error> {
    match entries {
        0 => Err(Error::EmptyBatchRequest),
        n if n > BATCH_ENTRIES_MAX => Err(Error::TooManyEntriesInBatchRequest(n)),
        _ => Ok(()),
    }
}
