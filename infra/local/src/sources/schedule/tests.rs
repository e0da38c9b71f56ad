//! Schedules in virtual time, which starts at 10:00:00.

use std::time::Duration;

use serde_json::{Value, json};
use template::model::{EventSource, Schedule, ScheduleSource as Declared};

use super::When;
use crate::sources::fakes::{Rig, stack};
use crate::sources::ports::Outcome;
use crate::sources::{NoSchedule, Refusal, SourceError, check};

fn minutely() -> Declared {
    Declared {
        name: "Tick".to_owned(),
        expression: Schedule::Rate(60),
        input: None,
        retries: 2,
        dead_letter: Some("Dead".to_owned()),
        enabled: true,
    }
}

fn ok() -> Outcome {
    Outcome::Answer(Value::Null)
}

fn field(rig: &Rig, name: &str) -> Vec<Value> {
    rig.functions
        .events()
        .iter()
        .map(|event| event.get(name).unwrap().clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_rate_fires_once_for_each_due_time_with_the_scheduled_event() {
    let rig = Rig::new(|_, _| ok());
    let _sources = rig.start(EventSource::Schedule(minutely())).await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(
        field(&rig, "time"),
        ["2026-11-21T10:01:00Z", "2026-11-21T10:02:00Z", "2026-11-21T10:03:00Z"]
    );
    let mut event = rig.functions.events().swap_remove(0);
    assert_eq!(
        event
            .as_object_mut()
            .unwrap()
            .remove("id")
            .unwrap()
            .as_str()
            .unwrap()
            .len(),
        36
    );
    let expected = json!({
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": "2026-11-21T10:01:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/WorkerTick"],
        "detail": "{}",
    });
    assert_eq!(event, expected);
}

#[tokio::test(start_paused = true)]
async fn a_cron_fires_at_its_times() {
    let rig = Rig::new(|_, _| ok());
    let declared = Declared {
        expression: Schedule::Cron("0/30 * * * ? *".to_owned()),
        ..minutely()
    };
    let _sources = rig.start(EventSource::Schedule(declared)).await;
    tokio::time::sleep(Duration::from_secs(4_000)).await;
    assert_eq!(field(&rig, "time"), ["2026-11-21T10:30:00Z", "2026-11-21T11:00:00Z"]);
}

#[tokio::test(start_paused = true)]
async fn a_declared_input_is_sent_with_its_keywords_filled_in() {
    let rig = Rig::new(|_, _| ok());
    let input = r#"{"at":"<aws.scheduler.scheduled-time>","try":<aws.scheduler.attempt-number>}"#.to_owned();
    let declared = Declared {
        input: Some(input.replace('<', "\"<").replace('>', ">\"").replace("\"\"", "\"")),
        ..minutely()
    };
    let _sources = rig.start(EventSource::Schedule(declared)).await;
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(
        rig.functions.events(),
        [json!({"at": "2026-11-21T10:01:00Z", "try": "1"})]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_run_is_retried_and_then_put_into_the_dead_letter_queue() {
    let rig = Rig::new(|_, _| Outcome::Failed {
        error_type: "Boom".to_owned(),
        message: "secret".to_owned(),
    });
    let _sources = rig.start(EventSource::Schedule(minutely())).await;
    tokio::time::sleep(Duration::from_secs(80)).await;
    assert_eq!(field(&rig, "time"), vec![json!("2026-11-21T10:01:00Z"); 3]);
    let left = rig.queues.left("dead");
    let [(body, _)] = left.as_slice() else {
        unreachable!("{left:?}")
    };
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body.get("time"), Some(&json!("2026-11-21T10:01:00Z")));
    let attributes = rig.queues.attributes("dead").swap_remove(0);
    assert_eq!(attributes.get("ERROR_CODE").map(String::as_str), Some("Boom"));
    assert_eq!(attributes.get("RETRY_ATTEMPTS").map(String::as_str), Some("2"));
    assert_eq!(
        attributes.get("EXHAUSTED_RETRY_CONDITION").map(String::as_str),
        Some("MaximumRetryAttempts")
    );
    assert!(!attributes.values().any(|value| value.contains("secret")));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_run_is_retried_without_counting() {
    let rig = Rig::new(|_, number| if number < 4 { Outcome::Throttled } else { ok() });
    let _sources = rig
        .start(EventSource::Schedule(Declared {
            retries: 0,
            ..minutely()
        }))
        .await;
    tokio::time::sleep(Duration::from_secs(90)).await;
    assert_eq!(field(&rig, "time"), vec![json!("2026-11-21T10:01:00Z"); 5]);
    assert!(rig.queues.left("dead").is_empty());
}

#[tokio::test(start_paused = true)]
async fn schedules_that_are_off_or_disabled_fire_by_hand_only() {
    for (enabled, on) in [(true, false), (false, true)] {
        let rig = Rig::new(|_, _| ok());
        let declared = Declared { enabled, ..minutely() };
        let sources = rig.start_in(EventSource::Schedule(declared), None, on).await;
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert!(rig.functions.events().is_empty());
        assert_eq!(sources.fire("Worker").await, Ok(vec![ok()]));
        assert_eq!(field(&rig, "time"), ["2026-11-21T10:05:00Z"]);
        assert_eq!(sources.fire("Other").await, Err(NoSchedule("Other".to_owned())));
    }
}

#[test]
fn rates_are_counted_from_1970() {
    let week = When::Every(7 * 86_400);
    assert_eq!(week.next_after(0), Some(604_800));
    assert_eq!(week.next_after(604_799), Some(604_800));
    assert_eq!(week.next_after(604_800), Some(1_209_600));
}

#[test]
fn a_schedule_that_cannot_be_hosted_is_refused() {
    let refusals = [
        (
            Declared {
                expression: Schedule::Rate(0),
                ..minutely()
            },
            Refusal::ZeroRate,
        ),
        (
            Declared {
                input: Some("{".to_owned()),
                ..minutely()
            },
            Refusal::Input,
        ),
        (
            Declared {
                dead_letter: Some("Facts".to_owned()),
                ..minutely()
            },
            Refusal::FifoDestination("Facts".to_owned()),
        ),
    ];
    for (declared, expected) in refusals {
        let error = check(&stack(vec![EventSource::Schedule(declared)])).unwrap_err();
        let SourceError::Refused { reason, .. } = error else {
            unreachable!("{error}")
        };
        assert_eq!(reason, expected);
    }
    let wrong = Declared {
        expression: Schedule::Cron("0 0 L * ? *".to_owned()),
        ..minutely()
    };
    let error = check(&stack(vec![EventSource::Schedule(wrong)]))
        .unwrap_err()
        .to_string();
    assert!(error.contains("day-of-month: L"), "{error}");
}
