//! Whole platforms, from templates of these tests and functions of these tests.

mod rig;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::json;

use super::{Platform, StartError};
use crate::front::{Answer, Call, Interceptor, Verdict};
use crate::options::{Options, Storage};
use rig::Rig;

#[tokio::test]
async fn a_request_goes_through_route_function_table_stream_and_queue() {
    let rig = Rig::new();
    let running = Platform::start(rig.options()).await.unwrap();
    let answer = rig.post(&running.base_url, "/notes/a", "hello").await;
    assert_eq!(answer, (StatusCode::OK, json!({"kept": "a"})));
    // The stream's consumer sends to the queue, and the queue's consumer writes the second note.
    let copy = rig.eventually(&running.base_url, "/notes/copy-of-a").await;
    assert_eq!(copy, json!({"text": "hello"}));
    assert_eq!(
        rig.get(&running.aws_url, "/_tradepost/idle").await,
        (StatusCode::OK, json!({"idle": true}))
    );
    let fired = rig.post(&running.aws_url, "/_tradepost/fire/WriterFunction", "").await;
    assert_eq!(fired.0, StatusCode::NOT_FOUND, "it has no schedule");
    running.shutdown().await;
}

#[tokio::test]
async fn the_meter_knows_who_used_what() {
    let rig = Rig::new();
    let running = Platform::start(rig.options()).await.unwrap();
    rig.post(&running.base_url, "/notes/a", "hello").await;
    rig.eventually(&running.base_url, "/notes/copy-of-a").await;
    let rows = running.meter.read();
    let row = |operation: &str, caller: &str| {
        rows.iter()
            .find(|row| row.subject.operation == operation && row.subject.caller == caller)
            .cloned()
    };
    let put = row("PutItem", "WriterFunction").unwrap();
    assert!(put.subject.target.contains("NotesTable"), "{put:?}");
    assert_eq!((put.count.requests, put.count.write_milliunits), (1, 1_000));
    assert_eq!(
        row("SendMessage", "RelayFunction").unwrap().subject.target,
        Rig::queue_name(&running)
    );
    let read = rig.get(&running.aws_url, "/_tradepost/meter").await;
    assert_eq!(
        read.1["rows"].as_array().map(Vec::len),
        Some(running.meter.read().len())
    );
    let functions = rig.get(&running.aws_url, "/_tradepost/functions").await;
    assert_eq!(functions.1["WriterFunction"]["errors"], json!(0));
}

#[tokio::test]
async fn state_survives_a_platform_that_just_stops() {
    let rig = Rig::new();
    let options = || Options {
        storage: Storage::Directory(rig.data()),
        ..rig.options()
    };
    let first = Platform::start(options()).await.unwrap();
    rig.post(&first.base_url, "/notes/a", "hello").await;
    let second = Platform::start(options()).await;
    assert!(matches!(second, Err(StartError::Data(_))), "one platform at a time");
    drop(first);
    let third = rig.start_when_free(options).await;
    assert_eq!(rig.get(&third.base_url, "/notes/a").await.1, json!({"text": "hello"}));
    rig.eventually(&third.base_url, "/notes/copy-of-a").await;
    third.shutdown().await;
}

#[tokio::test]
async fn a_changed_table_is_refused_by_name() {
    let rig = Rig::new();
    let options = || Options {
        storage: Storage::Directory(rig.data()),
        ..rig.options()
    };
    Platform::start(options()).await.unwrap().shutdown().await;
    rig.edit_template("StreamViewType: NEW_IMAGE", "StreamViewType: NEW_AND_OLD_IMAGES");
    let error = loop {
        match Platform::start(options()).await.err() {
            Some(StartError::Data(_)) => tokio::task::yield_now().await,
            other => break other.unwrap(),
        }
    };
    let message = error.to_string();
    assert!(
        message.contains("NotesTable") && message.contains("stream"),
        "{message}"
    );
}

#[tokio::test]
async fn what_cannot_be_hosted_is_named_with_its_place() {
    let rig = Rig::new();
    rig.edit_template("CodeUri: target/lambda/writer/", "CodeUri: target/lambda/nobody/");
    let message = Platform::start(rig.options()).await.err().unwrap().to_string();
    assert!(
        message.contains("Resources.WriterFunction") && message.contains("`nobody`"),
        "{message}"
    );
    rig.edit_template("AWS::SQS::Queue", "AWS::Kinesis::Stream");
    let message = Platform::start(rig.options()).await.err().unwrap().to_string();
    assert!(
        message.contains("template.yaml") && message.contains("AWS::Kinesis::Stream"),
        "{message}"
    );
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let rig = Rig::new();
    let running = Platform::start(rig.options()).await.unwrap();
    let port = running.base_url.rsplit(':').next().unwrap().parse().unwrap();
    let error = Platform::start(Options { port, ..rig.options() }).await.err().unwrap();
    assert!(error.to_string().contains(&format!("port {port} is taken")), "{error}");
}

#[tokio::test]
async fn many_platforms_run_side_by_side() {
    let rig = Rig::new();
    let starts = (0..8).map(|_| Platform::start(rig.options()));
    let platforms = futures::future::try_join_all(starts).await.unwrap();
    for running in &platforms {
        assert_eq!(rig.get(&running.base_url, "/notes/a").await.0, StatusCode::NOT_FOUND);
    }
    rig.post(&platforms[0].base_url, "/notes/a", "hello").await;
    assert_eq!(
        rig.get(&platforms[1].base_url, "/notes/a").await.0,
        StatusCode::NOT_FOUND
    );
    futures::future::join_all(platforms.into_iter().map(super::Running::shutdown)).await;
}

#[tokio::test]
async fn a_function_is_held_to_its_policies_and_unused_grants_are_listed() {
    let rig = Rig::new();
    let running = Platform::start(rig.options()).await.unwrap();
    rig.post(&running.base_url, "/notes/a", "hello").await;
    rig.eventually(&running.base_url, "/notes/copy-of-a").await;
    let unused: Vec<_> = running
        .permissions
        .unused()
        .into_iter()
        .map(|grant| (grant.function, grant.action))
        .collect();
    assert_eq!(
        unused,
        [("CopierFunction".to_owned(), "dynamodb:DeleteItem".to_owned())]
    );
    running.shutdown().await;

    rig.edit_template("[dynamodb:GetItem, dynamodb:PutItem]", "[dynamodb:GetItem]");
    let running = Platform::start(rig.options()).await.unwrap();
    let (status, _) = rig.post(&running.base_url, "/notes/a", "hello").await;
    assert_eq!(
        status,
        StatusCode::INTERNAL_SERVER_ERROR,
        "the function fails on AccessDeniedException"
    );
}

/// Answers each `PutItem` with a fault: first before the table sees it, then after.
#[derive(Default)]
struct Faults {
    puts: std::sync::atomic::AtomicUsize,
}

impl Faults {
    fn conflict(call: &Call) -> Verdict {
        if call.operation != "PutItem" {
            return Verdict::Proceed;
        }
        Verdict::Answer(Answer::error(
            StatusCode::BAD_REQUEST,
            "ThrottlingException",
            "injected",
        ))
    }
}

impl Interceptor for Faults {
    fn before<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Verdict> {
        let first = call.operation == "PutItem" && self.puts.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(async move { if first { Self::conflict(call) } else { Verdict::Proceed } })
    }

    fn after<'a>(&'a self, call: &'a Call, _: &'a Answer) -> BoxFuture<'a, Verdict> {
        let second = self.puts.load(Ordering::Relaxed) == 2;
        Box::pin(async move { if second { Self::conflict(call) } else { Verdict::Proceed } })
    }
}

#[tokio::test]
async fn a_fault_comes_before_the_effect_or_after_it() {
    let rig = Rig::new();
    let faults: Arc<dyn Interceptor> = Arc::new(Faults::default());
    let running = Platform::start(Options {
        interceptors: vec![faults],
        ..rig.options()
    })
    .await
    .unwrap();
    let failed = StatusCode::INTERNAL_SERVER_ERROR;
    assert_eq!(rig.post(&running.base_url, "/notes/a", "hello").await.0, failed);
    assert_eq!(
        rig.get(&running.base_url, "/notes/a").await.0,
        StatusCode::NOT_FOUND,
        "it came before the effect"
    );
    assert_eq!(rig.post(&running.base_url, "/notes/a", "hello").await.0, failed);
    assert_eq!(
        rig.get(&running.base_url, "/notes/a").await.0,
        StatusCode::OK,
        "it came after the effect"
    );
}
