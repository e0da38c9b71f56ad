use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use serde_json::{Value, json};
use template::model::{Function, Place};

use super::{Code, Failure, Invoker, Outcome};

fn function(id: &str, timeout_s: u32, reserved: Option<u32>) -> Function {
    Function {
        logical_id: id.to_owned(),
        place: Place::default(),
        binary: "probe".to_owned(),
        name: "stack-Probe".to_owned(),
        memory_mb: 256,
        timeout_s,
        reserved_concurrency: reserved,
        environment: BTreeMap::new(),
        sources: Vec::new(),
        statements: Vec::new(),
    }
}

fn echo() -> Code {
    Arc::new(|event: Value, _| async move { Ok(event) }.boxed())
}

fn sleeper() -> Code {
    Arc::new(|event: Value, _| {
        async move {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Ok(event)
        }
        .boxed()
    })
}

#[tokio::test]
async fn the_answer_comes_back_with_a_context_of_lambda() {
    let code: Code = Arc::new(|_, context: lambda_runtime::Context| {
        async move {
            Ok(json!({
                "arn": context.invoked_function_arn,
                "memory": context.env_config.memory,
                "id": context.request_id.len(),
                "ahead": context.deadline > crate::clock::now_ms(),
            }))
        }
        .boxed()
    });
    let invoker = Invoker::new([(function("Probe", 3, None), code)]);
    let expected = json!({
        "arn": "arn:aws:lambda:us-east-1:000000000000:function:stack-Probe",
        "memory": 256,
        "id": 36,
        "ahead": true,
    });
    assert_eq!(invoker.invoke("Probe", Value::Null).await, Outcome::Answer(expected));
}

#[tokio::test]
async fn an_error_and_a_panic_are_both_failures_and_counted() {
    let failing: Code = Arc::new(|_, _| {
        async {
            Err(Failure {
                error_type: "Bad".to_owned(),
                message: "no".to_owned(),
            })
        }
        .boxed()
    });
    let panicking: Code = Arc::new(|_, _| panic!("boom"));
    let invoker = Invoker::new([(function("F", 3, None), failing), (function("P", 3, None), panicking)]);
    let failed = Outcome::Failed {
        error_type: "Bad".to_owned(),
        message: "no".to_owned(),
    };
    assert_eq!(invoker.invoke("F", Value::Null).await, failed);
    let panicked = Outcome::Failed {
        error_type: "Runtime.Panic".to_owned(),
        message: "boom".to_owned(),
    };
    assert_eq!(invoker.invoke("P", Value::Null).await, panicked);
    assert!(
        invoker
            .statistics()
            .values()
            .all(|counts| counts.errors == 1 && counts.invocations == 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_function_is_stopped_at_its_timeout() {
    let invoker = Invoker::new([(function("S", 2, None), sleeper())]);
    assert_eq!(invoker.invoke("S", Value::Null).await, Outcome::TimedOut);
    assert!(invoker.statistics().values().all(|counts| counts.timeouts == 1));
}

#[tokio::test(start_paused = true)]
async fn reserved_concurrency_throttles_and_frees_again() {
    let invoker = Invoker::new([(function("S", 30, Some(1)), sleeper())]);
    let first = tokio::spawn({
        let invoker = invoker.clone();
        async move { invoker.invoke("S", Value::Null).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(invoker.invoke("S", Value::Null).await, Outcome::Throttled);
    assert_eq!(first.await.ok(), Some(Outcome::Answer(Value::Null)));
    assert_eq!(invoker.invoke("S", json!(1)).await, Outcome::Answer(json!(1)));
}

#[tokio::test(start_paused = true)]
async fn an_invocation_outlives_its_caller_and_drain_waits_for_it() {
    let invoker = Invoker::new([(function("S", 30, None), sleeper())]);
    let call = invoker.invoke("S", Value::Null);
    assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
    assert_eq!(invoker.running(), 1);
    assert!(!invoker.idle(Duration::from_secs(1)).await);
    assert!(invoker.idle(Duration::from_secs(10)).await);
}

#[tokio::test]
async fn an_unknown_function_is_a_failure() {
    let invoker = Invoker::new([(function("E", 3, None), echo())]);
    assert!(matches!(invoker.invoke("X", Value::Null).await, Outcome::Failed { .. }));
}
