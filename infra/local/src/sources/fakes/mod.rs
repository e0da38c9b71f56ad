//! In-memory ports for the tests of the sources, in virtual time.

mod functions;
mod queues;
mod streams;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use template::model::{EventSource, Function, Place, Queue, Stack, Table};
use tokio::time::Instant;

pub(super) use functions::Functions;
pub(super) use queues::FakeQueues;
pub(super) use streams::FakeStreams;

use super::ports::{Clock, Outcome};
use super::{Options, Ports, Sources, Waker};

/// 2026-11-21T10:00:00Z, where virtual time starts.
pub(super) const START_S: i64 = 1_795_255_200;

/// Wall clock that follows tokio's, paused or not.
pub(super) struct FakeClock(Instant);

impl Clock for FakeClock {
    fn now_ms(&self) -> i64 {
        START_S * 1_000 + i64::try_from(self.0.elapsed().as_millis()).unwrap()
    }
}

/// One function `Worker`, a standard queue `Jobs`, a FIFO queue `Facts`, a standard queue `Dead`, a table `Outbox`.
pub(super) struct Rig {
    pub(super) functions: Arc<Functions>,
    pub(super) queues: Arc<FakeQueues>,
    pub(super) streams: Arc<FakeStreams>,
    pub(super) ports: Ports,
}

impl Rig {
    /// The function answers as told, from the event and the number of calls before.
    pub(super) fn new(answer: impl Fn(&Value, usize) -> Outcome + Send + Sync + 'static) -> Self {
        let functions = Arc::new(Functions::new(answer));
        let queues = Arc::new(FakeQueues::default());
        queues.declare("jobs", false);
        queues.declare("facts.fifo", true);
        queues.declare("dead", false);
        let streams = Arc::new(FakeStreams::default());
        let ports = Ports {
            invoke: functions.clone(),
            queues: queues.clone(),
            streams: streams.clone(),
            clock: Arc::new(FakeClock(Instant::now())),
            waker: Waker::default(),
        };
        Self {
            functions,
            queues,
            streams,
            ports,
        }
    }

    pub(super) async fn start(&self, source: EventSource) -> Sources {
        self.start_in(source, None, true).await
    }

    pub(super) async fn start_in(&self, source: EventSource, data: Option<PathBuf>, schedules: bool) -> Sources {
        Sources::start(&stack(vec![source]), self.ports.clone(), Options { data, schedules })
            .await
            .unwrap()
    }
}

fn queue(logical_id: &str, name: &str) -> (String, Queue) {
    let queue = Queue {
        logical_id: logical_id.to_owned(),
        place: Place("t.yaml".to_owned()),
        name: name.to_owned(),
        arn: format!("arn:aws:sqs:us-east-1:000000000000:{name}"),
        url: String::new(),
        attributes: BTreeMap::from([
            ("VisibilityTimeout".to_owned(), "30".to_owned()),
            ("FifoQueue".to_owned(), (logical_id == "Facts").to_string()),
        ]),
    };
    (logical_id.to_owned(), queue)
}

pub(super) fn stack(sources: Vec<EventSource>) -> Stack {
    let function = Function {
        logical_id: "Worker".to_owned(),
        place: Place("infra/t.yaml: Resources.Worker".to_owned()),
        binary: "worker".to_owned(),
        name: "worker".to_owned(),
        memory_mb: 128,
        timeout_s: 5,
        reserved_concurrency: None,
        environment: BTreeMap::new(),
        sources,
        statements: Vec::new(),
    };
    let table = Table {
        logical_id: "Outbox".to_owned(),
        place: Place::default(),
        name: "outbox".to_owned(),
        arn: "arn:aws:dynamodb:us-east-1:000000000000:table/outbox".to_owned(),
        stream_arn: Some("arn:aws:dynamodb:us-east-1:000000000000:table/outbox/stream/1".to_owned()),
        create: Value::Null,
        ttl_attribute: None,
    };
    let plain = Table {
        logical_id: "Plain".to_owned(),
        name: "plain".to_owned(),
        stream_arn: None,
        ..table.clone()
    };
    Stack {
        functions: BTreeMap::from([("Worker".to_owned(), function)]),
        tables: BTreeMap::from([("Outbox".to_owned(), table), ("Plain".to_owned(), plain)]),
        queues: BTreeMap::from([
            queue("Jobs", "jobs"),
            queue("Facts", "facts.fifo"),
            queue("Dead", "dead"),
        ]),
        ..Stack::default()
    }
}
