//! Whole-service tests on a virtual clock.

mod durability;
mod fifo;
mod json;
mod moves;
mod polling;
mod property;
mod redrive;
mod sdk;
mod standard;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::{AttributeTexts, NewMessage, Receive, Received, Sqs};

/// 2026-01-01.
const START_MS: i64 = 1_767_225_600_000;

/// A service with a clock that only the test moves.
#[derive(Clone)]
struct Bench {
    sqs: Sqs,
    now_ms: Arc<AtomicI64>,
}

impl Bench {
    fn new() -> Self {
        Self::on(None, START_MS)
    }

    fn on(path: Option<&Path>, start_ms: i64) -> Self {
        let now_ms = Arc::new(AtomicI64::new(start_ms));
        let clock = Arc::clone(&now_ms);
        let sqs = Sqs::open(path, move || clock.load(Ordering::SeqCst)).unwrap();
        Self { sqs, now_ms }
    }

    fn now_ms(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    fn advance(&self, ms: i64) {
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
        self.sqs.clock_moved();
    }

    async fn create(&self, name: &str, pairs: &[(&str, &str)]) {
        let mut given = attributes(pairs);
        if name.strip_suffix(".fifo").is_some() {
            given.insert("FifoQueue".into(), "true".into());
        }
        self.sqs.create_queue(name, &given).await.unwrap();
    }

    async fn send(&self, queue: &str, body: &str) {
        self.sqs.send(queue, message(body)).await.unwrap();
    }

    async fn send_to(&self, queue: &str, group: &str, body: &str) {
        self.sqs.send(queue, grouped(group, body)).await.unwrap();
    }

    async fn receive(&self, queue: &str, max: usize) -> Vec<Received> {
        self.sqs
            .receive(
                queue,
                &Receive {
                    max,
                    wait_s: Some(0),
                    ..Receive::default()
                },
            )
            .await
            .unwrap()
    }

    async fn receive_bodies(&self, queue: &str, max: usize) -> Vec<String> {
        bodies(&self.receive(queue, max).await)
    }

    /// Starts a receive that waits up to 20 s, and lets it get as far as it can.
    async fn poll(&self, queue: &'static str) -> tokio::task::JoinHandle<Vec<String>> {
        let sqs = self.sqs.clone();
        let poll = tokio::spawn(async move {
            let wish = Receive {
                max: 10,
                wait_s: Some(20),
                ..Receive::default()
            };
            bodies(&sqs.receive(queue, &wish).await.unwrap())
        });
        settle().await;
        poll
    }
}

/// Lets every other task of the runtime run until it waits.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn attributes(pairs: &[(&str, &str)]) -> AttributeTexts {
    pairs
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

fn message(body: &str) -> NewMessage {
    NewMessage {
        body: body.into(),
        ..NewMessage::default()
    }
}

/// A message of a FIFO queue whose body is its deduplication id.
fn grouped(group: &str, body: &str) -> NewMessage {
    NewMessage {
        group_id: Some(group.into()),
        deduplication_id: Some(body.into()),
        ..message(body)
    }
}

fn bodies(received: &[Received]) -> Vec<String> {
    received.iter().map(|message| message.content.body.clone()).collect()
}
