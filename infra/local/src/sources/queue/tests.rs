//! Lambda's rules for SQS sources, over a fake queue in virtual time.

use std::time::Duration;

use serde_json::{Value, json};
use template::model::{EventSource, QueueSource as Declared};

use crate::sources::fakes::{Rig, stack};
use crate::sources::ports::Outcome;
use crate::sources::{Refusal, SourceError, check};

fn jobs() -> Declared {
    Declared {
        name: "Jobs".to_owned(),
        queue: "Jobs".to_owned(),
        batch_size: 10,
        window_s: 0,
        report_failures: true,
        maximum_concurrency: None,
        filters: Vec::new(),
        enabled: true,
    }
}

fn facts() -> Declared {
    Declared {
        name: "Facts".to_owned(),
        queue: "Facts".to_owned(),
        ..jobs()
    }
}

fn ok() -> Outcome {
    Outcome::Answer(Value::Null)
}

fn failing(ids: &[&str]) -> Outcome {
    let items: Vec<Value> = ids.iter().map(|id| json!({ "itemIdentifier": id })).collect();
    Outcome::Answer(json!({ "batchItemFailures": items }))
}

/// The first call answers so, all others succeed.
fn first(outcome: Outcome) -> impl Fn(&Value, usize) -> Outcome {
    move |_, number| if number == 0 { outcome.clone() } else { ok() }
}

fn bodies(rig: &Rig) -> Vec<Vec<String>> {
    rig.functions.seen("/body")
}

#[tokio::test(start_paused = true)]
async fn a_handled_batch_is_deleted_whole() {
    let rig = Rig::new(|_, _| ok());
    rig.queues.put("jobs", &["1", "2", "3"]);
    let sources = rig.start(EventSource::Queue(jobs())).await;
    sources.idle().await.unwrap();
    assert_eq!(bodies(&rig), [["1", "2", "3"]]);
    assert!(rig.queues.left("jobs").is_empty());
}

#[tokio::test(start_paused = true)]
async fn only_what_is_listed_comes_back() {
    let rig = Rig::new(first(failing(&["id-2"])));
    rig.queues.put("jobs", &["1", "2", "3"]);
    let sources = rig.start(EventSource::Queue(jobs())).await;
    sources.idle().await.unwrap();
    assert_eq!(bodies(&rig), [vec!["1", "2", "3"], vec!["2"]]);
    assert_eq!(
        rig.functions.events()[1].pointer("/Records/0/attributes/ApproximateReceiveCount"),
        Some(&json!("2"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_brings_the_whole_batch_back() {
    let rig = Rig::new(first(failing(&["id-2", "id-of-another"])));
    rig.queues.put("jobs", &["1", "2"]);
    let sources = rig.start(EventSource::Queue(jobs())).await;
    sources.idle().await.unwrap();
    assert_eq!(bodies(&rig), [["1", "2"], ["1", "2"]]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_or_a_time_out_brings_the_whole_batch_back() {
    let failed = Outcome::Failed {
        error_type: "Boom".to_owned(),
        message: String::new(),
    };
    for outcome in [failed, Outcome::TimedOut] {
        let rig = Rig::new(first(outcome));
        rig.queues.put("jobs", &["1", "2"]);
        let sources = rig.start(EventSource::Queue(jobs())).await;
        sources.idle().await.unwrap();
        assert_eq!(bodies(&rig), [["1", "2"], ["1", "2"]]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_the_flag_the_list_is_ignored_and_all_is_deleted() {
    let rig = Rig::new(|_, _| failing(&["id-1"]));
    rig.queues.put("jobs", &["1", "2"]);
    let sources = rig
        .start(EventSource::Queue(Declared {
            report_failures: false,
            ..jobs()
        }))
        .await;
    sources.idle().await.unwrap();
    assert_eq!(bodies(&rig), [["1", "2"]]);
    assert!(rig.queues.left("jobs").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_group_comes_back_in_order_and_other_groups_go_on() {
    let rig = Rig::new(first(failing(&["id-a:2", "id-a:3"])));
    rig.queues.put("facts.fifo", &["a:1", "a:2", "b:1", "a:3"]);
    let sources = rig.start(EventSource::Queue(facts())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    rig.queues.put("facts.fifo", &["a:4", "b:2"]);
    sources.idle().await.unwrap();
    let seen = bodies(&rig);
    assert_eq!(
        seen,
        [vec!["a:1", "a:2", "b:1", "a:3"], vec!["b:2"], vec!["a:2", "a:3", "a:4"]]
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_is_never_processed_concurrently_even_when_visibility_runs_out() {
    let rig = Rig::new(|_, _| ok());
    rig.functions.take(Duration::from_secs(45));
    rig.queues.put("facts.fifo", &["a:1"]);
    let sources = rig.start(EventSource::Queue(facts())).await;
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!((rig.functions.running(), rig.functions.most_running()), (1, 1));
    drop(sources);
}

#[tokio::test(start_paused = true)]
async fn a_group_goes_on_at_once_even_when_a_delete_is_answered_late() {
    let rig = Rig::new(|_, _| ok());
    rig.queues.answer_deletes_after(Duration::from_secs(1));
    rig.functions.take(Duration::from_secs(1));
    rig.queues.put("facts.fifo", &["a:1"]);
    let sources = rig.start(EventSource::Queue(facts())).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    rig.queues.put("facts.fifo", &["a:2"]);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(bodies(&rig), [["a:1"], ["a:2"]]);
    drop(sources);
}

#[tokio::test(start_paused = true)]
async fn what_no_filter_admits_is_deleted_unseen() {
    let rig = Rig::new(|_, _| ok());
    rig.queues
        .put("jobs", &[r#"{"kind":"paid"}"#, r#"{"kind":"late"}"#, "text"]);
    let filters = vec![json!({"body": {"kind": ["paid"]}})];
    let sources = rig.start(EventSource::Queue(Declared { filters, ..jobs() })).await;
    sources.idle().await.unwrap();
    assert_eq!(bodies(&rig), [[r#"{"kind":"paid"}"#]]);
    assert!(rig.queues.left("jobs").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_throttled_batch_is_tried_again_without_a_new_receive() {
    let rig = Rig::new(|_, number| if number < 3 { Outcome::Throttled } else { ok() });
    rig.queues.put("jobs", &["1"]);
    let sources = rig.start(EventSource::Queue(jobs())).await;
    sources.idle().await.unwrap();
    let events = rig.functions.events();
    assert_eq!(events.len(), 4);
    assert_eq!(
        events[3].pointer("/Records/0/attributes/ApproximateReceiveCount"),
        Some(&json!("1"))
    );
    assert!(rig.queues.left("jobs").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_window_gathers_messages_of_several_receives() {
    let rig = Rig::new(|_, _| ok());
    let sources = rig
        .start(EventSource::Queue(Declared {
            batch_size: 12,
            window_s: 5,
            ..jobs()
        }))
        .await;
    for number in 1..=12 {
        rig.queues.put("jobs", &[&number.to_string()]);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    sources.idle().await.unwrap();
    assert_eq!(bodies(&rig).iter().map(Vec::len).collect::<Vec<_>>(), [12]);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_maximum_concurrency_run_together() {
    let rig = Rig::new(|_, _| ok());
    rig.functions.take(Duration::from_secs(1));
    rig.queues.put("jobs", &["1", "2", "3", "4", "5", "6"]);
    let declared = Declared {
        batch_size: 1,
        maximum_concurrency: Some(2),
        ..jobs()
    };
    let sources = rig.start(EventSource::Queue(declared)).await;
    sources.idle().await.unwrap();
    assert_eq!((rig.functions.most_running(), rig.functions.events().len()), (2, 6));
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_the_batch_in_hand_end_and_takes_no_other() {
    let rig = Rig::new(|_, _| ok());
    rig.functions.take(Duration::from_secs(3));
    rig.queues.put("jobs", &["1"]);
    let sources = rig.start(EventSource::Queue(jobs())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(rig.functions.running(), 1);
    assert!(!sources.is_idle().await);
    let draining = tokio::spawn(sources.drain());
    tokio::time::sleep(Duration::from_secs(1)).await;
    rig.queues.put("jobs", &["2"]);
    draining.await.unwrap();
    assert_eq!(rig.queues.left("jobs"), [("2".to_owned(), 0)]);
    assert_eq!(bodies(&rig), [["1"]]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_gives_back_what_a_window_had_gathered() {
    let rig = Rig::new(|_, _| ok());
    let sources = rig.start(EventSource::Queue(Declared { window_s: 60, ..jobs() })).await;
    rig.queues.put("jobs", &["1"]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    sources.drain().await;
    assert!(rig.functions.events().is_empty());
    assert_eq!(rig.queues.left("jobs").len(), 1);
    let depth = crate::sources::ports::Queues::depth(rig.queues.as_ref(), "jobs")
        .await
        .unwrap();
    assert_eq!((depth.visible, depth.in_flight), (1, 0));
}

#[test]
fn a_mapping_that_aws_would_refuse_is_refused_with_its_place() {
    let refusals = [
        (
            Declared {
                queue: "Nope".to_owned(),
                ..jobs()
            },
            Refusal::NoQueue("Nope".to_owned()),
        ),
        (
            Declared {
                batch_size: 0,
                ..jobs()
            },
            Refusal::BatchSize { got: 0, max: 10_000 },
        ),
        (
            Declared {
                batch_size: 11,
                ..jobs()
            },
            Refusal::BatchNeedsWindow(10),
        ),
        (
            Declared {
                window_s: 301,
                ..jobs()
            },
            Refusal::Window { got: 301, max: 300 },
        ),
        (
            Declared {
                batch_size: 11,
                ..facts()
            },
            Refusal::BatchSize { got: 11, max: 10 },
        ),
        (Declared { window_s: 1, ..facts() }, Refusal::FifoWindow),
        (
            Declared {
                maximum_concurrency: Some(1),
                ..jobs()
            },
            Refusal::Concurrency {
                got: 1,
                min: 2,
                max: 2_000,
            },
        ),
    ];
    for (declared, expected) in refusals {
        let error = check(&stack(vec![EventSource::Queue(declared)])).unwrap_err();
        let SourceError::Refused { place, reason, .. } = error else {
            unreachable!("{error}")
        };
        assert_eq!((place.as_str(), reason), ("infra/t.yaml: Resources.Worker", expected));
    }
    let wrong = Declared {
        filters: vec![json!({"body": "x"})],
        ..jobs()
    };
    let error = check(&stack(vec![EventSource::Queue(wrong)])).unwrap_err().to_string();
    assert!(
        error.contains("Resources.Worker: event Jobs: filter: $[0].body"),
        "{error}"
    );
}

#[test]
fn a_queue_that_hides_messages_for_less_than_the_time_out_is_refused() {
    let mut stack = stack(vec![EventSource::Queue(jobs())]);
    stack.functions.get_mut("Worker").unwrap().timeout_s = 31;
    let error = check(&stack).unwrap_err();
    assert!(
        matches!(
            error,
            SourceError::Refused {
                reason: Refusal::Visibility { .. },
                ..
            }
        ),
        "{error}"
    );
}
