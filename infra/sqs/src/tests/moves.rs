use serde_json::{Value, json};

use super::{Bench, settle};
use crate::Response;

async fn call(bench: &Bench, action: &str, body: Value) -> (u16, Value) {
    let Response { status, body, .. } = bench
        .sqs
        .handle(&format!("AmazonSQS.{action}"), body.to_string().as_bytes())
        .await;
    (status, serde_json::from_slice(&body).unwrap())
}

/// Two sources, one dead-letter queue, and in it `count` messages of each source.
async fn with_dead_letters(count: usize) -> (Bench, String) {
    let bench = Bench::new();
    bench.create("dead", &[]).await;
    let dead = bench.sqs.queue_arn("dead");
    let policy = format!(r#"{{"deadLetterTargetArn":"{dead}","maxReceiveCount":1}}"#);
    for source in ["a", "b"] {
        bench
            .create(source, &[("VisibilityTimeout", "1"), ("RedrivePolicy", &policy)])
            .await;
        for n in 0..count {
            bench.send(source, &format!("{source}{n}")).await;
        }
        while !bench.receive(source, 10).await.is_empty() {}
        bench.advance(1_000);
        assert!(bench.receive(source, 10).await.is_empty());
    }
    (bench, dead)
}

fn visible(bench: &Bench, queue: &str) -> usize {
    bench.sqs.statistics(queue).unwrap().visible
}

#[tokio::test]
async fn messages_go_back_to_where_they_came_from_as_new_ones() {
    let (bench, dead) = with_dead_letters(3).await;
    let (status, started) = call(&bench, "StartMessageMoveTask", json!({"SourceArn": dead})).await;
    assert_eq!(status, 200, "{started}");
    settle().await;
    assert_eq!(
        (visible(&bench, "dead"), visible(&bench, "a"), visible(&bench, "b")),
        (0, 3, 3)
    );
    assert_eq!(bench.receive("a", 1).await[0].receive_count, 1);
    let (_, list) = call(&bench, "ListMessageMoveTasks", json!({"SourceArn": dead})).await;
    let task = &list["Results"][0];
    assert_eq!(
        (&task["Status"], &task["ApproximateNumberOfMessagesMoved"]),
        (&json!("COMPLETED"), &json!(6))
    );
    assert_eq!(task.get("TaskHandle"), None);
}

#[tokio::test]
async fn a_task_keeps_its_rate_and_can_be_cancelled() {
    let (bench, dead) = with_dead_letters(4).await;
    let request =
        json!({"SourceArn": dead, "DestinationArn": bench.sqs.queue_arn("a"), "MaxNumberOfMessagesPerSecond": 3});
    let (_, started) = call(&bench, "StartMessageMoveTask", request.clone()).await;
    settle().await;
    assert_eq!(visible(&bench, "a"), 3);
    let (status, _) = call(&bench, "StartMessageMoveTask", request).await;
    assert_eq!(status, 400, "one task at a time");
    bench.advance(1_000);
    settle().await;
    assert_eq!((visible(&bench, "dead"), visible(&bench, "a")), (2, 6));
    let cancel = json!({"TaskHandle": started["TaskHandle"]});
    let (_, cancelled) = call(&bench, "CancelMessageMoveTask", cancel).await;
    assert_eq!(cancelled["ApproximateNumberOfMessagesMoved"], 6);
    bench.advance(10_000);
    settle().await;
    assert_eq!(visible(&bench, "dead"), 2);
}

#[tokio::test]
async fn only_a_dead_letter_queue_can_be_the_source() {
    let (bench, _) = with_dead_letters(0).await;
    for arn in [
        bench.sqs.queue_arn("a"),
        bench.sqs.queue_arn("missing"),
        "rubbish".into(),
    ] {
        let (status, _) = call(&bench, "StartMessageMoveTask", json!({"SourceArn": arn})).await;
        assert_eq!(status, 400, "{arn}");
    }
}

#[tokio::test]
async fn a_message_without_origin_fails_the_task_and_stays() {
    let (bench, dead) = with_dead_letters(0).await;
    bench.send("dead", "sent by hand").await;
    call(&bench, "StartMessageMoveTask", json!({"SourceArn": dead})).await;
    settle().await;
    let (_, list) = call(&bench, "ListMessageMoveTasks", json!({"SourceArn": dead})).await;
    assert_eq!(list["Results"][0]["FailureReason"], "CouldNotDetermineMessageSource");
    assert_eq!(visible(&bench, "dead"), 1);
}
