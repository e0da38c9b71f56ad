//! Sources together: a stream feeds a queue through a function, and idleness sees the whole way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use template::model::{EventSource, QueueSource, StreamSource};

use super::fakes::{FakeQueues, Rig, stack};
use super::ports::{Invoke, Outcome, Queues};
use super::{Options, Ports, Sources};

/// Sends each stream record on to the queue, slowly; counts what arrives from the queue.
struct Relay {
    queues: Arc<FakeQueues>,
    arrived: std::sync::atomic::AtomicUsize,
}

impl Invoke for Relay {
    fn invoke<'a>(&'a self, _function: &'a str, event: Value) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let records = event.get("Records").unwrap().as_array().unwrap().clone();
            for record in records {
                if let Some(Value::String(key)) = record.pointer("/dynamodb/Keys/pk/S") {
                    self.queues.send("jobs", key.clone(), BTreeMap::new()).await.unwrap();
                } else {
                    self.arrived.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                }
            }
            Outcome::Answer(Value::Null)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn idle_waits_for_work_that_moves_from_a_stream_to_a_queue() {
    let rig = Rig::new(|_, _| Outcome::TimedOut);
    let relay = Arc::new(Relay {
        queues: rig.queues.clone(),
        arrived: std::sync::atomic::AtomicUsize::new(0),
    });
    let ports = Ports {
        invoke: relay.clone(),
        ..rig.ports.clone()
    };
    let queue = QueueSource {
        name: "Jobs".to_owned(),
        queue: "Jobs".to_owned(),
        batch_size: 1,
        window_s: 0,
        report_failures: true,
        maximum_concurrency: None,
        filters: Vec::new(),
        enabled: true,
    };
    let stream = StreamSource {
        name: "Changes".to_owned(),
        table: "Outbox".to_owned(),
        batch_size: 3,
        window_s: 0,
        from_start: true,
        report_failures: true,
        retries: None,
        record_age_s: None,
        bisect: true,
        parallelization: 1,
        filters: Vec::new(),
        on_failure: None,
        enabled: true,
    };
    let stack = stack(vec![EventSource::Queue(queue), EventSource::Stream(stream)]);
    let sources = Sources::start(
        &stack,
        ports,
        Options {
            data: None,
            schedules: true,
        },
    )
    .await
    .unwrap();
    for round in 1..=5 {
        rig.streams.write("outbox", &["a", "b", "c", "d", "e", "f", "g"]);
        sources.idle().await.unwrap();
        assert_eq!(relay.arrived.load(std::sync::atomic::Ordering::SeqCst), round * 7);
    }
    sources.drain().await;
}
