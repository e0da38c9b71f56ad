use super::{Bench, attributes, bodies};
use crate::Error;

fn policy(bench: &Bench, target: &str, count: u32) -> String {
    format!(
        r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{count}}}"#,
        bench.sqs.queue_arn(target)
    )
}

#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    let bench = Bench::new();
    bench.create("dead", &[]).await;
    bench
        .create(
            "q",
            &[
                ("VisibilityTimeout", "1"),
                ("RedrivePolicy", &policy(&bench, "dead", 2)),
            ],
        )
        .await;
    bench.send("q", "poison").await;
    let mut ids = Vec::new();
    for count in 1..=2 {
        let received = bench.receive("q", 1).await.remove(0);
        assert_eq!(received.receive_count, count);
        ids.push((received.content.id.clone(), received.sent_ms));
        bench.advance(1_000);
    }
    assert!(bench.receive("q", 1).await.is_empty());
    let dead = bench.receive("dead", 1).await.remove(0);
    ids.push((dead.content.id.clone(), dead.sent_ms));
    ids.dedup();
    assert_eq!(ids.len(), 1, "same id and same time of sending");
    assert_eq!(
        dead.dead_letter_source.as_deref(),
        Some(bench.sqs.queue_arn("q").as_str())
    );
    assert_eq!(dead.receive_count, 3);
}

#[tokio::test]
async fn in_a_fifo_queue_the_next_message_follows_and_the_age_begins_anew() {
    let bench = Bench::new();
    bench.create("dead.fifo", &[]).await;
    bench
        .create(
            "q.fifo",
            &[
                ("VisibilityTimeout", "1"),
                ("RedrivePolicy", &policy(&bench, "dead.fifo", 1)),
            ],
        )
        .await;
    bench.send_to("q.fifo", "G", "bad").await;
    bench.send_to("q.fifo", "G", "good").await;
    assert_eq!(bench.receive_bodies("q.fifo", 1).await, ["bad"]);
    bench.advance(1_000);
    assert_eq!(bench.receive_bodies("q.fifo", 1).await, ["good"]);
    let dead = bench.receive("dead.fifo", 10).await;
    assert_eq!(bodies(&dead), ["bad"]);
    assert_eq!(dead[0].sent_ms, bench.now_ms());
    assert_eq!(dead[0].content.group_id.as_deref(), Some("G"));
}

#[tokio::test]
async fn counts_of_the_source_do_not_exhaust_a_message_in_its_dead_letter_queue() {
    let bench = Bench::new();
    bench.create("deader", &[]).await;
    bench
        .create(
            "dead",
            &[
                ("VisibilityTimeout", "1"),
                ("RedrivePolicy", &policy(&bench, "deader", 1)),
            ],
        )
        .await;
    bench
        .create(
            "q",
            &[
                ("VisibilityTimeout", "1"),
                ("RedrivePolicy", &policy(&bench, "dead", 3)),
            ],
        )
        .await;
    bench.send("q", "poison").await;
    for _ in 0..3 {
        assert_eq!(bench.receive("q", 1).await.len(), 1);
        bench.advance(1_000);
    }
    assert!(bench.receive("q", 1).await.is_empty());
    assert_eq!(bench.receive_bodies("dead", 1).await, ["poison"]);
    bench.advance(1_000);
    assert!(bench.receive("dead", 1).await.is_empty());
    assert_eq!(bench.receive_bodies("deader", 1).await, ["poison"]);
}

#[tokio::test]
async fn a_dead_letter_queue_must_exist_be_of_the_same_type_and_allow_the_source() {
    let bench = Bench::new();
    bench.create("dead", &[]).await;
    bench
        .create(
            "closed",
            &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)],
        )
        .await;
    let fifo = [("FifoQueue", "true")];
    for (name, target, extra) in [
        ("q", "missing", &[][..]),
        ("q.fifo", "dead", &fifo[..]),
        ("q", "closed", &[][..]),
    ] {
        let mut given = attributes(extra);
        given.insert("RedrivePolicy".into(), policy(&bench, target, 1));
        let refused = bench.sqs.create_queue(name, &given).await;
        assert!(
            matches!(refused, Err(Error::InvalidParameterValue(_))),
            "{name} {target}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn without_its_dead_letter_queue_a_message_keeps_coming() {
    let bench = Bench::new();
    bench.create("dead", &[]).await;
    bench
        .create(
            "q",
            &[
                ("VisibilityTimeout", "1"),
                ("RedrivePolicy", &policy(&bench, "dead", 1)),
            ],
        )
        .await;
    bench.send("q", "a").await;
    bench.sqs.delete_queue("dead").await.unwrap();
    for _ in 0..3 {
        assert_eq!(bench.receive("q", 1).await.len(), 1);
        bench.advance(1_000);
    }
}
