//! Lambda's rules for stream sources, over a fake stream in virtual time; and the embedded database for real.

use std::path::PathBuf;
use std::time::Duration;

use aws_lambda_events::event::dynamodb::Event;
use dynoxide::Database;
use serde_json::{Value, json};
use template::model::{EventSource, StreamSource as Declared};

use super::embedded::EmbeddedStreams;
use super::{Waker, event, open_in_memory};
use crate::sources::fakes::{Rig, stack};
use crate::sources::ports::{Outcome, Streams};
use crate::sources::{Refusal, SourceError, check};

fn outbox() -> Declared {
    Declared {
        name: "Changes".to_owned(),
        table: "Outbox".to_owned(),
        batch_size: 100,
        window_s: 0,
        from_start: true,
        report_failures: true,
        retries: Some(2),
        record_age_s: None,
        bisect: false,
        parallelization: 1,
        filters: Vec::new(),
        on_failure: Some("Dead".to_owned()),
        enabled: true,
    }
}

fn ok() -> Outcome {
    Outcome::Answer(Value::Null)
}

fn has(event: &Value, key: &str) -> bool {
    let records = event.get("Records").unwrap().as_array().unwrap();
    records
        .iter()
        .any(|record| record.pointer("/dynamodb/Keys/pk/S") == Some(&json!(key)))
}

/// Fails every batch that holds the key.
fn poison(key: &'static str) -> impl Fn(&Value, usize) -> Outcome {
    move |event, _| if has(event, key) { Outcome::TimedOut } else { ok() }
}

fn keys(rig: &Rig) -> Vec<Vec<String>> {
    rig.functions.seen("/dynamodb/Keys/pk/S")
}

fn dead(rig: &Rig) -> Vec<Value> {
    rig.queues
        .left("dead")
        .iter()
        .map(|(body, _)| serde_json::from_str(body).unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn records_come_in_order_in_batches_of_the_declared_size() {
    let rig = Rig::new(|_, _| ok());
    rig.streams.write("outbox", &["a", "b", "c"]);
    let sources = rig
        .start(EventSource::Stream(Declared {
            batch_size: 2,
            ..outbox()
        }))
        .await;
    sources.idle().await.unwrap();
    rig.streams.write("outbox", &["d"]);
    assert!(!sources.is_idle().await);
    sources.idle().await.unwrap();
    assert_eq!(keys(&rig), [vec!["a", "b"], vec!["c"], vec!["d"]]);
}

#[tokio::test(start_paused = true)]
async fn latest_sees_only_what_is_written_after_the_start() {
    let rig = Rig::new(|_, _| ok());
    rig.streams.write("outbox", &["a"]);
    let sources = rig
        .start(EventSource::Stream(Declared {
            from_start: false,
            ..outbox()
        }))
        .await;
    rig.streams.write("outbox", &["b"]);
    sources.idle().await.unwrap();
    assert_eq!(keys(&rig), [["b"]]);
}

#[tokio::test(start_paused = true)]
async fn what_no_filter_admits_is_skipped_and_not_read_again() {
    let rig = Rig::new(|_, _| ok());
    rig.streams.write("outbox", &["a", "b"]);
    let filters = vec![json!({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"pk": {"S": ["b"]}}}})];
    let sources = rig.start(EventSource::Stream(Declared { filters, ..outbox() })).await;
    sources.idle().await.unwrap();
    assert_eq!(keys(&rig), [["b"]]);
}

#[tokio::test(start_paused = true)]
async fn retries_start_at_the_lowest_reported_sequence_number() {
    let rig = Rig::new(|_, number| {
        let id = |number: usize| json!({ "itemIdentifier": format!("{number:021}") });
        if number == 0 {
            Outcome::Answer(json!({ "batchItemFailures": [id(3), id(2)] }))
        } else {
            ok()
        }
    });
    rig.streams.write("outbox", &["a", "b", "c"]);
    let sources = rig.start(EventSource::Stream(outbox())).await;
    sources.idle().await.unwrap();
    assert_eq!(keys(&rig), [vec!["a", "b", "c"], vec!["b", "c"]]);
}

#[tokio::test(start_paused = true)]
async fn without_the_flag_the_list_is_ignored() {
    let rig = Rig::new(|_, _| Outcome::Answer(json!({"batchItemFailures": [{"itemIdentifier": "nonsense"}]})));
    rig.streams.write("outbox", &["a"]);
    let sources = rig
        .start(EventSource::Stream(Declared {
            report_failures: false,
            ..outbox()
        }))
        .await;
    sources.idle().await.unwrap();
    assert_eq!(keys(&rig), [["a"]]);
}

#[tokio::test(start_paused = true)]
async fn a_poison_record_goes_to_the_destination_and_the_shard_goes_on() {
    let rig = Rig::new(poison("c"));
    rig.streams.write("outbox", &["a", "b", "c", "d"]);
    let sources = rig
        .start(EventSource::Stream(Declared {
            bisect: true,
            ..outbox()
        }))
        .await;
    sources.idle().await.unwrap();
    // Whole, halves, then the poison record alone: one try and two retries.
    let expected = [
        vec!["a", "b", "c", "d"],
        vec!["a", "b"],
        vec!["c", "d"],
        vec!["c"],
        vec!["c"],
        vec!["c"],
        vec!["d"],
    ];
    assert_eq!(keys(&rig), expected);
    let dead = dead(&rig);
    let [message] = dead.as_slice() else {
        unreachable!("{dead:?}")
    };
    let sequence = format!("{:021}", 3);
    assert_eq!(
        message.get("DDBStreamBatchInfo").unwrap(),
        &json!({
            "shardId": "shard-0",
            "startSequenceNumber": sequence,
            "endSequenceNumber": sequence,
            "approximateArrivalOfFirstRecord": "2026-11-21T10:00:00Z",
            "approximateArrivalOfLastRecord": "2026-11-21T10:00:00Z",
            "batchSize": 1,
            "streamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/outbox/stream/1",
        })
    );
    let context = message.get("requestContext").unwrap();
    assert_eq!(context.get("condition"), Some(&json!("RetryAttemptsExhausted")));
    assert_eq!(context.get("approximateInvokeCount"), Some(&json!(5)));
    let arn = json!("arn:aws:lambda:us-east-1:000000000000:function:worker");
    assert_eq!(context.get("functionArn"), Some(&arn));
    assert_eq!(
        message.pointer("/responseContext/functionError"),
        Some(&json!("Unhandled"))
    );
    assert_eq!(message.get("version"), Some(&json!("1.0")));
}

#[tokio::test(start_paused = true)]
async fn without_bisect_the_whole_batch_goes_to_the_destination() {
    let rig = Rig::new(poison("a"));
    rig.streams.write("outbox", &["a", "b"]);
    let sources = rig
        .start(EventSource::Stream(Declared {
            retries: Some(0),
            ..outbox()
        }))
        .await;
    sources.idle().await.unwrap();
    rig.streams.write("outbox", &["c"]);
    sources.idle().await.unwrap();
    assert_eq!(keys(&rig), [vec!["a", "b"], vec!["c"]]);
    assert_eq!(dead(&rig)[0].pointer("/DDBStreamBatchInfo/batchSize"), Some(&json!(2)));
}

#[tokio::test(start_paused = true)]
async fn records_beyond_the_age_limit_go_to_the_destination() {
    let rig = Rig::new(|_, _| Outcome::TimedOut);
    rig.streams.write("outbox", &["a"]);
    let declared = Declared {
        retries: None,
        record_age_s: Some(60),
        ..outbox()
    };
    let sources = rig.start(EventSource::Stream(declared)).await;
    tokio::time::sleep(Duration::from_secs(90)).await;
    sources.idle().await.unwrap();
    assert_eq!(
        dead(&rig)[0].pointer("/requestContext/condition"),
        Some(&json!("RecordAgeExceeded"))
    );
}

#[tokio::test(start_paused = true)]
async fn throttled_invocations_use_up_no_retries() {
    let rig = Rig::new(|_, number| if number < 20 { Outcome::Throttled } else { ok() });
    rig.streams.write("outbox", &["a"]);
    let sources = rig
        .start(EventSource::Stream(Declared {
            retries: Some(0),
            ..outbox()
        }))
        .await;
    tokio::time::sleep(Duration::from_mins(5)).await;
    sources.idle().await.unwrap();
    assert_eq!(rig.functions.events().len(), 21);
    assert!(dead(&rig).is_empty());
}

#[tokio::test(start_paused = true)]
async fn lanes_keep_the_order_of_each_item_and_run_together() {
    let rig = Rig::new(|_, _| ok());
    rig.functions.take(Duration::from_secs(1));
    let items = ["a", "b", "c", "d", "e", "f", "a", "b", "c"];
    rig.streams.write("outbox", &items);
    let sources = rig
        .start(EventSource::Stream(Declared {
            parallelization: 4,
            ..outbox()
        }))
        .await;
    sources.idle().await.unwrap();
    let seen = keys(&rig).concat();
    assert_eq!(seen.len(), items.len());
    assert!(rig.functions.most_running() > 1);
}

/// A directory that is removed at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tradepost-sources-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_dies_in_a_batch_delivers_that_batch_again_and_nothing_before_it() {
    let scratch = Scratch::new("resume");
    let rig = Rig::new(|_, _| ok());
    rig.streams.write("outbox", &["a", "b"]);
    let first = rig
        .start_in(EventSource::Stream(outbox()), Some(scratch.0.clone()), true)
        .await;
    first.idle().await.unwrap();
    rig.functions.take(Duration::from_hours(1));
    rig.streams.write("outbox", &["c"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(rig.functions.running(), 1);
    drop(first);

    rig.functions.take(Duration::ZERO);
    rig.streams.write("outbox", &["d"]);
    let second = rig
        .start_in(EventSource::Stream(outbox()), Some(scratch.0.clone()), true)
        .await;
    second.idle().await.unwrap();
    assert_eq!(keys(&rig), [vec!["a", "b"], vec!["c"], vec!["c", "d"]]);
}

#[tokio::test(start_paused = true)]
async fn latest_keeps_its_place_over_a_restart() {
    let scratch = Scratch::new("latest");
    let rig = Rig::new(|_, _| ok());
    rig.streams.write("outbox", &["a"]);
    let declared = Declared {
        from_start: false,
        ..outbox()
    };
    drop(
        rig.start_in(EventSource::Stream(declared.clone()), Some(scratch.0.clone()), true)
            .await,
    );
    rig.streams.write("outbox", &["b"]);
    let second = rig
        .start_in(EventSource::Stream(declared), Some(scratch.0.clone()), true)
        .await;
    second.idle().await.unwrap();
    assert_eq!(keys(&rig), [["b"]]);
}

#[tokio::test]
async fn a_write_wakes_every_reader_of_its_table() {
    let waker = Waker::default();
    let (one, two) = (waker.register("outbox"), waker.register("outbox"));
    waker.wrote("another");
    waker.wrote("outbox");
    one.notified().await;
    two.notified().await;
}

#[test]
fn a_mapping_that_aws_would_refuse_is_refused() {
    let refusals = [
        (
            Declared {
                table: "Nope".to_owned(),
                ..outbox()
            },
            Refusal::NoTable("Nope".to_owned()),
        ),
        (
            Declared {
                table: "Plain".to_owned(),
                ..outbox()
            },
            Refusal::NoStream("Plain".to_owned()),
        ),
        (
            Declared {
                batch_size: 0,
                ..outbox()
            },
            Refusal::BatchSize { got: 0, max: 10_000 },
        ),
        (
            Declared {
                parallelization: 11,
                ..outbox()
            },
            Refusal::Parallelization(11),
        ),
        (
            Declared {
                on_failure: Some("Nope".to_owned()),
                ..outbox()
            },
            Refusal::NoQueue("Nope".to_owned()),
        ),
        (
            Declared {
                on_failure: Some("Facts".to_owned()),
                ..outbox()
            },
            Refusal::FifoDestination("Facts".to_owned()),
        ),
    ];
    for (declared, expected) in refusals {
        let error = check(&stack(vec![EventSource::Stream(declared)])).unwrap_err();
        let SourceError::Refused { reason, .. } = error else {
            unreachable!("{error}")
        };
        assert_eq!(reason, expected);
    }
}

fn database() -> Database {
    let database = open_in_memory().unwrap();
    let create = json!({
        "TableName": "outbox",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    });
    database.create_table(serde_json::from_value(create).unwrap()).unwrap();
    database
}

fn put(database: &Database, key: &str, price: u32) {
    let item = json!({"TableName": "outbox", "Item": {"pk": {"S": key}, "price": {"N": price.to_string()}}});
    database.put_item(serde_json::from_value(item).unwrap()).unwrap();
}

#[tokio::test]
async fn records_of_the_embedded_database_read_as_the_runtimes_own_type() {
    let database = database();
    put(&database, "a", 1);
    put(&database, "a", 2);
    let streams = EmbeddedStreams::new(database);
    let info = streams.describe("outbox").await.unwrap();
    let shard = info.shards.first().unwrap();
    let records = streams.read("outbox", shard, None, 10).await.unwrap();
    let arn = "arn:aws:dynamodb:us-east-1:000000000000:table/outbox/stream/1";
    let json = event::event(arn, &records);
    let second = json.pointer("/Records/1").unwrap();
    assert_eq!(second.get("eventName"), Some(&json!("MODIFY")));
    assert_eq!(second.get("awsRegion"), Some(&json!("us-east-1")));
    assert_eq!(second.get("eventSourceARN"), Some(&json!(arn)));
    assert_eq!(second.pointer("/dynamodb/OldImage/price/N"), Some(&json!("1")));
    assert_eq!(second.pointer("/dynamodb/NewImage/price/N"), Some(&json!("2")));
    assert_eq!(
        second.pointer("/dynamodb/StreamViewType"),
        Some(&json!("NEW_AND_OLD_IMAGES"))
    );
    assert!(
        second
            .pointer("/dynamodb/ApproximateCreationDateTime")
            .unwrap()
            .is_i64()
    );
    assert!(second.pointer("/dynamodb/SizeBytes").unwrap().is_i64());
    assert!(second.get("userIdentity").is_none());
    let event: Event = serde_json::from_value(json).unwrap();
    assert_eq!(event.records.len(), 2);
}

#[tokio::test]
async fn the_embedded_database_is_read_from_any_position() {
    let database = database();
    let streams = EmbeddedStreams::new(database.clone());
    let info = streams.describe("outbox").await.unwrap();
    let shard = info.shards.first().unwrap().clone();
    assert_eq!(streams.newest("outbox", &shard).await.unwrap(), None);
    put(&database, "a", 1);
    let newest = streams.newest("outbox", &shard).await.unwrap();
    assert!(newest.is_some());
    put(&database, "b", 1);
    put(&database, "c", 1);
    let later = streams.read("outbox", &shard, newest.clone(), 1).await.unwrap();
    let [record] = later.as_slice() else {
        unreachable!("one record")
    };
    assert_eq!(record.json.pointer("/dynamodb/Keys/pk/S"), Some(&json!("b")));
    assert!(Some(&record.sequence) > newest.as_ref());
    assert!(streams.describe("nope").await.is_err());
}

#[tokio::test]
async fn two_databases_in_memory_share_nothing() {
    let (one, two) = (database(), database());
    put(&one, "a", 1);
    let streams = EmbeddedStreams::new(two);
    let info = streams.describe("outbox").await.unwrap();
    assert_eq!(
        streams.newest("outbox", info.shards.first().unwrap()).await.unwrap(),
        None
    );
}

#[test]
fn numbering_and_reading_stream_records_walk_an_index_in_a_file() {
    let scratch = Scratch::new("index");
    let path = scratch.0.join("dynamodb.sqlite");
    let database = Database::new(path.to_str().unwrap()).unwrap();
    let _streams = EmbeddedStreams::new(database);
    let file = rusqlite::Connection::open(&path).unwrap();
    let number = "CAST(sequence_number AS INTEGER)";
    for query in [
        format!("SELECT COALESCE(MAX({number}), 0) + 1 FROM _stream_records WHERE table_name = 't'"),
        format!(
            "SELECT event_name FROM _stream_records WHERE table_name = 't' AND shard_id = 's' AND {number} > 5
             ORDER BY {number} ASC LIMIT 9"
        ),
    ] {
        let plan: String = file
            .query_row(&format!("EXPLAIN QUERY PLAN {query}"), [], |row| row.get("detail"))
            .unwrap();
        assert!(
            plan.contains("SEARCH") && plan.contains("tradepost_stream_order"),
            "{query}: {plan}"
        );
    }
}
