use super::{Bench, attributes, bodies, message};
use crate::{Error, NewMessage, Receive, Statistics};

#[tokio::test]
async fn a_message_is_hidden_while_in_flight_and_comes_back_after_its_timeout() {
    let bench = Bench::new();
    bench.create("q", &[("VisibilityTimeout", "30")]).await;
    bench.send("q", "a").await;
    let first = bench.receive("q", 10).await;
    bench.advance(29_999);
    assert!(bench.receive("q", 10).await.is_empty());
    bench.advance(1);
    let second = bench.receive("q", 10).await;
    assert_eq!(second[0].receive_count, 2);
    assert_ne!(first[0].receipt_handle, second[0].receipt_handle);
    assert_eq!(first[0].first_received_ms, second[0].first_received_ms);
}

#[tokio::test]
async fn a_deleted_message_stays_away_and_deleting_it_again_is_fine() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    bench.send("q", "a").await;
    let received = bench.receive("q", 1).await;
    for _ in 0..2 {
        bench.sqs.delete("q", &received[0].receipt_handle).await.unwrap();
    }
    bench.advance(60_000);
    assert!(bench.receive("q", 1).await.is_empty());
    assert_eq!(bench.sqs.statistics("q").unwrap(), Statistics::default());
}

#[tokio::test]
async fn an_expired_handle_deletes_until_the_message_is_received_again() {
    let bench = Bench::new();
    bench.create("q", &[("VisibilityTimeout", "1")]).await;
    bench.send("q", "a").await;
    let old = bench.receive("q", 1).await.remove(0).receipt_handle;
    bench.advance(1_000);
    let new = bench.receive("q", 1).await.remove(0).receipt_handle;
    bench.sqs.delete("q", &old).await.unwrap();
    assert_eq!(bench.sqs.statistics("q").unwrap().in_flight, 1);
    bench.advance(1_000);
    bench.sqs.delete("q", &new).await.unwrap();
    assert_eq!(bench.sqs.statistics("q").unwrap(), Statistics::default());
}

#[tokio::test]
async fn visibility_can_be_extended_given_back_and_not_beyond_twelve_hours() {
    let bench = Bench::new();
    bench.create("q", &[("VisibilityTimeout", "10")]).await;
    bench.send("q", "a").await;
    let handle = bench.receive("q", 1).await.remove(0).receipt_handle;
    bench.sqs.change_visibility("q", &handle, 60).await.unwrap();
    bench.advance(59_999);
    assert!(bench.receive("q", 1).await.is_empty());
    let beyond = bench.sqs.change_visibility("q", &handle, 43_200).await;
    assert!(matches!(beyond, Err(Error::InvalidParameterValue(_))), "{beyond:?}");
    bench.sqs.change_visibility("q", &handle, 0).await.unwrap();
    assert_eq!(
        bench.sqs.change_visibility("q", &handle, 5).await,
        Err(Error::MessageNotInflight)
    );
    assert_eq!(bench.receive_bodies("q", 1).await, ["a"]);
    let replaced = bench.sqs.change_visibility("q", &handle, 5).await;
    assert!(matches!(replaced, Err(Error::InvalidParameterValue(_))), "{replaced:?}");
}

#[tokio::test]
async fn delays_of_the_message_go_before_those_of_the_queue() {
    let bench = Bench::new();
    bench.create("q", &[("DelaySeconds", "5")]).await;
    bench.send("q", "queue's").await;
    bench
        .sqs
        .send(
            "q",
            NewMessage {
                delay_s: Some(0),
                ..message("none")
            },
        )
        .await
        .unwrap();
    bench
        .sqs
        .send(
            "q",
            NewMessage {
                delay_s: Some(9),
                ..message("own")
            },
        )
        .await
        .unwrap();
    assert_eq!(bench.receive_bodies("q", 10).await, ["none"]);
    let counts = bench.sqs.statistics("q").unwrap();
    assert_eq!((counts.visible, counts.in_flight, counts.delayed), (0, 1, 2));
    bench.advance(5_000);
    assert_eq!(bench.receive_bodies("q", 10).await, ["queue's"]);
    bench.advance(4_000);
    assert_eq!(bench.receive_bodies("q", 10).await, ["own"]);
}

#[tokio::test]
async fn retention_drops_messages_also_those_in_flight() {
    let bench = Bench::new();
    bench
        .create("q", &[("MessageRetentionPeriod", "60"), ("VisibilityTimeout", "600")])
        .await;
    bench.send("q", "held").await;
    let handle = bench.receive("q", 1).await.remove(0).receipt_handle;
    bench.advance(30_000);
    bench.send("q", "later").await;
    assert_eq!(bench.sqs.statistics("q").unwrap().oldest_age_ms, Some(30_000));
    bench.advance(30_000);
    let counts = bench.sqs.statistics("q").unwrap();
    assert_eq!((counts.visible, counts.in_flight), (1, 0));
    bench.sqs.delete("q", &handle).await.unwrap();
    bench.advance(30_000);
    assert!(bench.receive("q", 1).await.is_empty());
}

#[tokio::test]
async fn a_message_that_comes_back_waits_behind_the_others() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    for body in ["poison", "a", "b"] {
        bench.send("q", body).await;
        bench.advance(1);
    }
    let poison = bench.receive("q", 1).await;
    bench
        .sqs
        .change_visibility("q", &poison[0].receipt_handle, 0)
        .await
        .unwrap();
    assert_eq!(bench.receive_bodies("q", 10).await, ["a", "b", "poison"]);
}

#[tokio::test]
async fn a_receive_with_visibility_zero_gives_each_message_once() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    bench.send("q", "a").await;
    let wish = Receive {
        max: 10,
        visibility_s: Some(0),
        wait_s: Some(0),
        attempt_id: None,
    };
    for count in 1..3 {
        let received = bench.sqs.receive("q", &wish).await.unwrap();
        assert_eq!(
            (bodies(&received), received[0].receive_count),
            (vec!["a".to_owned()], count)
        );
    }
}

#[tokio::test]
async fn handles_of_other_queues_and_rubbish_are_refused() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    bench.create("other", &[]).await;
    bench.send("other", "a").await;
    let foreign = bench.receive("other", 1).await.remove(0).receipt_handle;
    for handle in [foreign.as_str(), "rubbish", ""] {
        assert_eq!(bench.sqs.delete("q", handle).await, Err(Error::ReceiptHandleIsInvalid));
    }
}

#[tokio::test]
async fn creating_is_idempotent_and_declaring_replaces_the_attributes() {
    let bench = Bench::new();
    bench
        .create("q", &[("VisibilityTimeout", "7"), ("DelaySeconds", "1")])
        .await;
    bench.send("q", "kept").await;
    bench.create("q", &[("VisibilityTimeout", "7")]).await;
    let other = bench
        .sqs
        .create_queue("q", &attributes(&[("VisibilityTimeout", "8")]))
        .await;
    assert_eq!(other, Err(Error::QueueNameExists));
    bench
        .sqs
        .declare_queue("q", &attributes(&[("VisibilityTimeout", "8")]))
        .await
        .unwrap();
    bench
        .create("q", &[("VisibilityTimeout", "8"), ("DelaySeconds", "0")])
        .await;
    bench.advance(1_000);
    assert_eq!(bench.receive_bodies("q", 1).await, ["kept"]);
}

#[tokio::test]
async fn a_deleted_queue_is_gone_and_its_name_rests_for_a_minute() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    bench.sqs.delete_queue("q").await.unwrap();
    assert_eq!(bench.sqs.send("q", message("a")).await, Err(Error::QueueDoesNotExist));
    assert_eq!(
        bench.sqs.create_queue("q", &attributes(&[])).await,
        Err(Error::QueueDeletedRecently)
    );
    bench.advance(60_000);
    bench.create("q", &[]).await;
    assert!(bench.receive("q", 1).await.is_empty());
}

#[tokio::test]
async fn a_purge_empties_the_queue_at_most_once_a_minute() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    bench.send("q", "held").await;
    let held = bench.receive("q", 1).await;
    bench.send("q", "waiting").await;
    bench.sqs.purge("q").await.unwrap();
    assert_eq!(bench.sqs.statistics("q").unwrap(), Statistics::default());
    bench.sqs.delete("q", &held[0].receipt_handle).await.unwrap();
    assert_eq!(bench.sqs.purge("q").await, Err(Error::PurgeQueueInProgress("q".into())));
    bench.advance(60_000);
    bench.sqs.purge("q").await.unwrap();
}

#[tokio::test]
async fn releasing_gives_back_what_a_dead_consumer_held() {
    let bench = Bench::new();
    bench.create("q", &[("VisibilityTimeout", "600")]).await;
    bench.send("q", "a").await;
    bench.receive("q", 1).await;
    bench.sqs.release_in_flight().await.unwrap();
    assert_eq!(bench.receive("q", 1).await[0].receive_count, 2);
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_fails_by_entry() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    let late = NewMessage {
        delay_s: Some(901),
        ..message("late")
    };
    let results = bench
        .sqs
        .send_batch("q", vec![message("a"), late, message("b")])
        .await
        .unwrap();
    assert_eq!(
        results.iter().map(Result::is_ok).collect::<Vec<_>>(),
        [true, false, true]
    );
    let received = bench.receive("q", 10).await;
    assert_eq!(bodies(&received), ["a", "b"]);
    let handles = [received[0].receipt_handle.clone(), "rubbish".into()];
    let deleted = bench.sqs.delete_batch("q", &handles).await.unwrap();
    assert_eq!(deleted, [Ok(()), Err(Error::ReceiptHandleIsInvalid)]);
    assert_eq!(bench.sqs.send_batch("q", vec![]).await, Err(Error::EmptyBatchRequest));
    let eleven = vec![message("x"); 11];
    assert_eq!(
        bench.sqs.send_batch("q", eleven).await,
        Err(Error::TooManyEntriesInBatchRequest(11))
    );
}
