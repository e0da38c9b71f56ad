use super::{Bench, message, settle};
use crate::{Error, NewMessage, Receive};

#[tokio::test]
async fn a_waiting_receive_wakes_when_a_message_arrives() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    let poll = bench.poll("q").await;
    assert!(!poll.is_finished());
    bench.send("q", "a").await;
    assert_eq!(poll.await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_waiting_receive_wakes_when_a_delay_ends() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    let poll = bench.poll("q").await;
    bench
        .sqs
        .send(
            "q",
            NewMessage {
                delay_s: Some(5),
                ..message("a")
            },
        )
        .await
        .unwrap();
    bench.advance(4_999);
    settle().await;
    assert!(!poll.is_finished());
    bench.advance(1);
    assert_eq!(poll.await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_waiting_receive_wakes_when_a_visibility_timeout_ends_or_is_cut_short() {
    let bench = Bench::new();
    bench.create("q", &[("VisibilityTimeout", "10")]).await;
    bench.send("q", "a").await;
    bench.receive("q", 1).await;
    let poll = bench.poll("q").await;
    bench.advance(10_000);
    assert_eq!(poll.await.unwrap(), ["a"]);
    bench.advance(10_000);
    let held = bench.receive("q", 1).await;
    let poll = bench.poll("q").await;
    bench
        .sqs
        .change_visibility("q", &held[0].receipt_handle, 0)
        .await
        .unwrap();
    assert_eq!(poll.await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_waiting_receive_wakes_when_its_group_opens() {
    let bench = Bench::new();
    bench.create("q.fifo", &[]).await;
    bench.send_to("q.fifo", "G", "0").await;
    bench.send_to("q.fifo", "G", "1").await;
    let held = bench.receive("q.fifo", 1).await;
    let poll = bench.poll("q.fifo").await;
    bench.sqs.delete("q.fifo", &held[0].receipt_handle).await.unwrap();
    assert_eq!(poll.await.unwrap(), ["1"]);
}

#[tokio::test]
async fn a_waiting_receive_of_an_empty_queue_ends_after_its_time() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    let poll = bench.poll("q").await;
    bench.advance(19_999);
    settle().await;
    assert!(!poll.is_finished());
    bench.advance(1);
    assert!(poll.await.unwrap().is_empty());
}

#[tokio::test]
async fn a_waiting_receive_learns_that_its_queue_is_gone() {
    let bench = Bench::new();
    bench.create("q", &[("ReceiveMessageWaitTimeSeconds", "20")]).await;
    let sqs = bench.sqs.clone();
    let poll = tokio::spawn(async move { sqs.receive("q", &Receive::default()).await.map(|all| all.len()) });
    settle().await;
    assert!(!poll.is_finished(), "the queue's own waiting time applies");
    bench.sqs.delete_queue("q").await.unwrap();
    assert_eq!(poll.await.unwrap(), Err(Error::QueueDoesNotExist));
}

#[tokio::test]
async fn twenty_waiting_receives_share_twenty_messages() {
    let bench = Bench::new();
    bench.create("q", &[]).await;
    let mut polls = Vec::new();
    for _ in 0..20 {
        let sqs = bench.sqs.clone();
        let wish = Receive {
            wait_s: Some(20),
            ..Receive::default()
        };
        polls.push(tokio::spawn(
            async move { sqs.receive("q", &wish).await.unwrap().len() },
        ));
    }
    settle().await;
    for n in 0..20 {
        bench.send("q", &n.to_string()).await;
    }
    let mut got = 0;
    for poll in polls {
        got += poll.await.unwrap();
    }
    assert_eq!(got, 20);
}
