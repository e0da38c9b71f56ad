use super::{Bench, bodies, grouped, message};
use crate::{Error, NewMessage, Receive};

#[tokio::test]
async fn a_group_is_blocked_while_one_of_its_messages_is_in_flight() {
    let bench = Bench::new();
    bench.create("q.fifo", &[("VisibilityTimeout", "30")]).await;
    for (group, body) in [("A", "a0"), ("A", "a1"), ("B", "b0")] {
        bench.send_to("q.fifo", group, body).await;
    }
    let a0 = bench.receive("q.fifo", 1).await;
    assert_eq!(bodies(&a0), ["a0"]);
    assert_eq!(bench.receive_bodies("q.fifo", 10).await, ["b0"]);
    assert!(bench.receive("q.fifo", 10).await.is_empty());
    bench.sqs.delete("q.fifo", &a0[0].receipt_handle).await.unwrap();
    assert_eq!(bench.receive_bodies("q.fifo", 10).await, ["a1"]);
}

#[tokio::test]
async fn one_receive_gives_several_of_a_group_and_then_of_the_next() {
    let bench = Bench::new();
    bench.create("q.fifo", &[]).await;
    for (group, body) in [("A", "a0"), ("B", "b0"), ("A", "a1"), ("B", "b1"), ("A", "a2")] {
        bench.send_to("q.fifo", group, body).await;
    }
    let received = bench.receive("q.fifo", 4).await;
    assert_eq!(bodies(&received), ["a0", "a1", "a2", "b0"]);
    let sequence: Vec<_> = received[..3]
        .iter()
        .map(|m| m.sequence_number.clone().unwrap())
        .collect();
    assert!(
        sequence.is_sorted() && sequence.iter().all(|number| number.len() == 20),
        "{sequence:?}"
    );
    assert!(bench.receive("q.fifo", 10).await.is_empty());
}

#[tokio::test]
async fn a_message_given_back_returns_to_the_head_of_its_group() {
    let bench = Bench::new();
    bench.create("q.fifo", &[]).await;
    for body in ["0", "1", "2"] {
        bench.send_to("q.fifo", "G", body).await;
    }
    let two = bench.receive("q.fifo", 2).await;
    bench
        .sqs
        .change_visibility("q.fifo", &two[0].receipt_handle, 0)
        .await
        .unwrap();
    assert!(bench.receive("q.fifo", 10).await.is_empty(), "1 is still in flight");
    bench
        .sqs
        .change_visibility("q.fifo", &two[1].receipt_handle, 0)
        .await
        .unwrap();
    assert_eq!(bench.receive_bodies("q.fifo", 10).await, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_repeat_within_five_minutes_is_answered_as_the_first_and_delivered_once() {
    let bench = Bench::new();
    bench.create("q.fifo", &[]).await;
    let first = bench.sqs.send("q.fifo", grouped("A", "id")).await.unwrap();
    let received = bench.receive("q.fifo", 1).await;
    bench.sqs.delete("q.fifo", &received[0].receipt_handle).await.unwrap();
    bench.advance(299_999);
    let repeat = bench.sqs.send("q.fifo", grouped("B", "id")).await.unwrap();
    assert_eq!(
        (first.message_id, first.sequence_number),
        (repeat.message_id, repeat.sequence_number)
    );
    assert!(bench.receive("q.fifo", 1).await.is_empty());
    bench.advance(1);
    bench.send_to("q.fifo", "A", "id").await;
    assert_eq!(bench.receive_bodies("q.fifo", 1).await, ["id"]);
}

#[tokio::test]
async fn deduplication_by_content_and_by_group() {
    let bench = Bench::new();
    let by_content = [("ContentBasedDeduplication", "true")];
    bench.create("c.fifo", &by_content).await;
    for body in ["same", "same", "other"] {
        let new = NewMessage {
            group_id: Some("G".into()),
            ..message(body)
        };
        bench.sqs.send("c.fifo", new).await.unwrap();
    }
    let received = bench.receive("c.fifo", 10).await;
    assert_eq!(bodies(&received), ["same", "other"]);
    assert_eq!(received[0].content.deduplication_id.as_ref().unwrap().len(), 64);
    bench.create("g.fifo", &[("DeduplicationScope", "messageGroup")]).await;
    for group in ["A", "B", "A"] {
        bench.send_to("g.fifo", group, "id").await;
    }
    assert_eq!(bench.receive("g.fifo", 10).await.len(), 2);
}

#[tokio::test]
async fn the_delay_of_the_queue_holds_a_group_and_a_messages_own_is_refused() {
    let bench = Bench::new();
    bench.create("q.fifo", &[("DelaySeconds", "10")]).await;
    bench.send_to("q.fifo", "G", "0").await;
    let own = NewMessage {
        delay_s: Some(1),
        ..grouped("G", "x")
    };
    assert!(matches!(
        bench.sqs.send("q.fifo", own).await,
        Err(Error::InvalidParameterValue(_))
    ));
    // A later message whose delay is shorter may not pass the first.
    bench
        .sqs
        .declare_queue("q.fifo", &super::attributes(&[("FifoQueue", "true")]))
        .await
        .unwrap();
    bench.send_to("q.fifo", "G", "1").await;
    assert!(bench.receive("q.fifo", 10).await.is_empty());
    bench.advance(10_000);
    assert_eq!(bench.receive_bodies("q.fifo", 10).await, ["0", "1"]);
}

#[tokio::test]
async fn a_delete_after_the_visibility_timeout_is_refused() {
    let bench = Bench::new();
    bench.create("q.fifo", &[("VisibilityTimeout", "1")]).await;
    bench.send_to("q.fifo", "G", "0").await;
    let late = bench.receive("q.fifo", 1).await.remove(0).receipt_handle;
    bench.advance(1_000);
    assert!(matches!(
        bench.sqs.delete("q.fifo", &late).await,
        Err(Error::InvalidParameterValue(_))
    ));
    assert_eq!(bench.receive_bodies("q.fifo", 1).await, ["0"]);
}

#[tokio::test]
async fn a_repeated_receive_attempt_gives_the_same_messages_until_one_changes() {
    let bench = Bench::new();
    bench.create("q.fifo", &[("VisibilityTimeout", "30")]).await;
    for body in ["0", "1"] {
        bench.send_to("q.fifo", "G", body).await;
    }
    let wish = Receive {
        max: 10,
        wait_s: Some(0),
        attempt_id: Some("try".into()),
        ..Receive::default()
    };
    let first = bench.sqs.receive("q.fifo", &wish).await.unwrap();
    bench.advance(20_000);
    let again = bench.sqs.receive("q.fifo", &wish).await.unwrap();
    let handles = |all: &[crate::Received]| all.iter().map(|m| m.receipt_handle.clone()).collect::<Vec<_>>();
    assert_eq!(handles(&first), handles(&again));
    assert_eq!(again[0].receive_count, 1);
    bench.advance(20_000);
    assert!(
        bench.receive("q.fifo", 10).await.is_empty(),
        "the repeat hid them for another 30 s"
    );
    bench.sqs.delete("q.fifo", &first[0].receipt_handle).await.unwrap();
    assert!(bench.sqs.receive("q.fifo", &wish).await.unwrap().is_empty());
}

#[tokio::test]
async fn ids_are_needed_where_the_queue_type_says_so() {
    let bench = Bench::new();
    bench.create("q.fifo", &[]).await;
    bench.create("q", &[]).await;
    let ungrouped = NewMessage {
        deduplication_id: Some("x".into()),
        ..message("x")
    };
    assert_eq!(
        bench.sqs.send("q.fifo", ungrouped.clone()).await,
        Err(Error::MissingParameter("MessageGroupId"))
    );
    let unnamed = NewMessage {
        group_id: Some("G".into()),
        ..message("x")
    };
    assert!(matches!(
        bench.sqs.send("q.fifo", unnamed.clone()).await,
        Err(Error::InvalidParameterValue(_))
    ));
    assert!(matches!(
        bench.sqs.send("q", ungrouped).await,
        Err(Error::InvalidParameterValue(_))
    ));
    assert!(bench.sqs.send("q", unnamed).await.is_ok(), "a fair queue's tenant");
}
