//! Sources together: a stream feeds a queue through a function, and idleness sees the whole way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use template::model::{EventSource, QueueSource, StreamSource};

use super::fakes::{Rig, stack};
use super::ports::{Clock, Invoke, Outcome, Queues, SystemClock};
use super::stream::{embedded::EmbeddedStreams, open_in_memory};
use super::{Options, Ports, Sources, Waker};
use crate::queues::EmbeddedQueues;

/// Sends each stream record on to the queue, slowly; counts what arrives from the queue.
struct Relay {
    queues: Arc<dyn Queues>,
    arrived: AtomicUsize,
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
                    self.arrived.fetch_add(1, Ordering::SeqCst);
                }
            }
            Outcome::Answer(Value::Null)
        })
    }
}

fn queue() -> QueueSource {
    QueueSource {
        name: "Jobs".to_owned(),
        queue: "Jobs".to_owned(),
        batch_size: 1,
        window_s: 0,
        report_failures: true,
        maximum_concurrency: None,
        filters: Vec::new(),
        enabled: true,
    }
}

fn stream() -> StreamSource {
    StreamSource {
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
    }
}

#[tokio::test(start_paused = true)]
async fn idle_waits_for_work_that_moves_from_a_stream_to_a_queue() {
    let rig = Rig::new(|_, _| Outcome::TimedOut);
    let relay = Arc::new(Relay {
        queues: rig.queues.clone(),
        arrived: AtomicUsize::new(0),
    });
    let ports = Ports {
        invoke: relay.clone(),
        ..rig.ports.clone()
    };
    let (queue, stream) = (queue(), stream());
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
        assert_eq!(relay.arrived.load(Ordering::SeqCst), round * 7);
    }
    sources.drain().await;
}

#[tokio::test]
async fn a_write_reaches_the_function_behind_a_queue_over_the_embedded_engines() {
    let database = open_in_memory().unwrap();
    let create = json!({
        "TableName": "outbox",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
    });
    database.create_table(serde_json::from_value(create).unwrap()).unwrap();
    let sqs = sqs::Sqs::open(None, || SystemClock.now_ms()).unwrap();
    sqs.declare_queue("jobs", &BTreeMap::new()).await.unwrap();
    let queues: Arc<dyn Queues> = Arc::new(EmbeddedQueues(sqs, None));
    let relay = Arc::new(Relay {
        queues: Arc::clone(&queues),
        arrived: AtomicUsize::new(0),
    });
    let waker = Waker::default();
    let ports = Ports {
        invoke: relay.clone(),
        queues,
        streams: Arc::new(EmbeddedStreams::new(database.clone())),
        clock: Arc::new(SystemClock),
        waker: waker.clone(),
    };
    let stack = stack(vec![EventSource::Queue(queue()), EventSource::Stream(stream())]);
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
    for number in 1..=7 {
        let item = json!({"TableName": "outbox", "Item": {"pk": {"S": format!("item-{number}")}}});
        database.put_item(serde_json::from_value(item).unwrap()).unwrap();
        waker.wrote("outbox");
    }
    sources.idle().await.unwrap();
    assert_eq!(relay.arrived.load(Ordering::SeqCst), 7);
    sources.drain().await;
}
