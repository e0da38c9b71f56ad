//! A small SQS: visibility, FIFO groups, long polling.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::sources::ports::{Depth, QueueError, Queues, Received};

const VISIBILITY: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

#[derive(Default)]
pub(in crate::sources) struct FakeQueues {
    queues: Mutex<BTreeMap<String, FakeQueue>>,
    sent: Notify,
    delete_answers_after: Mutex<Duration>,
}

#[derive(Default)]
struct FakeQueue {
    fifo: bool,
    messages: Vec<Message>,
    next: usize,
}

struct Message {
    number: usize,
    body: String,
    group: Option<String>,
    attributes: BTreeMap<String, String>,
    visible_at: Instant,
    receives: u32,
}

impl FakeQueue {
    fn take(&mut self, max: u32) -> Vec<Received> {
        let now = Instant::now();
        let blocked: BTreeSet<String> = self
            .messages
            .iter()
            .filter(|message| message.visible_at > now)
            .filter_map(|message| message.group.clone())
            .collect();
        let free = |message: &&mut Message| {
            message.visible_at <= now && message.group.as_ref().is_none_or(|group| !blocked.contains(group))
        };
        let taken = self
            .messages
            .iter_mut()
            .filter(free)
            .take(usize::try_from(max).unwrap());
        taken
            .map(|message| {
                message.visible_at = now + VISIBILITY;
                message.receives += 1;
                message.received()
            })
            .collect()
    }
}

impl Message {
    fn received(&self) -> Received {
        let mut system = BTreeMap::from([("ApproximateReceiveCount".to_owned(), self.receives.to_string())]);
        system.extend(self.group.clone().map(|group| ("MessageGroupId".to_owned(), group)));
        Received {
            id: format!("id-{}", self.body),
            receipt: format!("{}#{}", self.number, self.receives),
            body: self.body.clone(),
            system,
            ..Received::default()
        }
    }

    fn is(&self, receipt: &str) -> bool {
        receipt == format!("{}#{}", self.number, self.receives)
    }
}

impl FakeQueues {
    pub(super) fn declare(&self, name: &str, fifo: bool) {
        self.queues.lock().unwrap().insert(
            name.to_owned(),
            FakeQueue {
                fifo,
                ..FakeQueue::default()
            },
        );
    }

    /// Puts messages in; on a FIFO queue `group:rest` names the group.
    pub(in crate::sources) fn put(&self, queue: &str, bodies: &[&str]) {
        for body in bodies {
            self.put_with(queue, body, BTreeMap::new());
        }
    }

    fn put_with(&self, queue: &str, body: &str, attributes: BTreeMap<String, String>) {
        let mut queues = self.queues.lock().unwrap();
        let queue = queues.get_mut(queue).unwrap();
        let group = queue.fifo.then(|| body.split(':').next().unwrap().to_owned());
        queue.next += 1;
        queue.messages.push(Message {
            number: queue.next,
            body: body.to_owned(),
            group,
            attributes,
            visible_at: Instant::now(),
            receives: 0,
        });
        self.sent.notify_waiters();
    }

    /// Deletes have their effect at once and are answered so much later.
    pub(in crate::sources) fn answer_deletes_after(&self, after: Duration) {
        *self.delete_answers_after.lock().unwrap() = after;
    }

    /// Bodies that are still in the queue, with their receive counts.
    pub(in crate::sources) fn left(&self, queue: &str) -> Vec<(String, u32)> {
        let queues = self.queues.lock().unwrap();
        queues
            .get(queue)
            .unwrap()
            .messages
            .iter()
            .map(|message| (message.body.clone(), message.receives))
            .collect()
    }

    /// Attributes of the messages in the queue.
    pub(in crate::sources) fn attributes(&self, queue: &str) -> Vec<BTreeMap<String, String>> {
        let queues = self.queues.lock().unwrap();
        queues
            .get(queue)
            .unwrap()
            .messages
            .iter()
            .map(|message| message.attributes.clone())
            .collect()
    }
}

impl Queues for FakeQueues {
    fn receive<'a>(
        &'a self,
        queue: &'a str,
        max: u32,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Received>, QueueError>> {
        assert!((1..=10).contains(&max), "a receive takes 1 to 10");
        let end = Instant::now() + wait;
        Box::pin(async move {
            loop {
                let taken = self.queues.lock().unwrap().get_mut(queue).unwrap().take(max);
                let left = end.saturating_duration_since(Instant::now());
                if !taken.is_empty() || left.is_zero() {
                    return Ok(taken);
                }
                let _ = tokio::time::timeout(left.min(LOOK_AGAIN), self.sent.notified()).await;
            }
        })
    }

    fn delete<'a>(&'a self, queue: &'a str, receipts: Vec<String>) -> BoxFuture<'a, Result<(), QueueError>> {
        assert!(receipts.len() <= 10, "a batch takes up to 10");
        let mut queues = self.queues.lock().unwrap();
        let held = &mut queues.get_mut(queue).unwrap().messages;
        held.retain(|message| !receipts.iter().any(|receipt| message.is(receipt)));
        let after = *self.delete_answers_after.lock().unwrap();
        Box::pin(async move {
            tokio::time::sleep(after).await;
            Ok(())
        })
    }

    fn change_visibility<'a>(
        &'a self,
        queue: &'a str,
        receipt: &'a str,
        after: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        let mut queues = self.queues.lock().unwrap();
        let held = &mut queues.get_mut(queue).unwrap().messages;
        for message in held.iter_mut().filter(|message| message.is(receipt)) {
            message.visible_at = Instant::now() + after;
        }
        Box::pin(async { Ok(()) })
    }

    fn send<'a>(
        &'a self,
        queue: &'a str,
        body: String,
        attributes: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        self.put_with(queue, &body, attributes);
        Box::pin(async { Ok(()) })
    }

    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<Depth, QueueError>> {
        let queues = self.queues.lock().unwrap();
        let (visible, hidden): (Vec<_>, Vec<_>) = queues
            .get(queue)
            .unwrap()
            .messages
            .iter()
            .partition(|message| message.visible_at <= Instant::now());
        let depth = Depth {
            visible: u64::try_from(visible.len()).unwrap(),
            in_flight: u64::try_from(hidden.len()).unwrap(),
        };
        Box::pin(async move { Ok(depth) })
    }
}
