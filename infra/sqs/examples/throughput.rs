//! Measures send-receive-delete cycles per second through the JSON protocol, journal included, for a few seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sqs::Sqs;

const WORKERS: usize = 8;
const SECONDS: u64 = 5;

#[expect(clippy::disallowed_methods, reason = "the clock of a real service")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "a measurement of real time")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join(format!("sqs-throughput-{}.db", std::process::id()));
    let sqs = Sqs::open(Some(&path), now_ms)?;
    sqs.create_queue("q", &sqs::AttributeTexts::new()).await?;
    let (cycles, end) = (
        Arc::new(AtomicU64::new(0)),
        Instant::now() + Duration::from_secs(SECONDS),
    );
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..WORKERS {
        let (sqs, cycles) = (sqs.clone(), Arc::clone(&cycles));
        workers.spawn(async move {
            while Instant::now() < end {
                if cycle(&sqs).await.is_some() {
                    cycles.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    while workers.join_next().await.is_some() {}
    println!(
        "{} cycles per second with {WORKERS} workers",
        cycles.load(Ordering::Relaxed) / SECONDS
    );
    drop(sqs);
    std::fs::remove_file(path)?;
    Ok(())
}

async fn cycle(sqs: &Sqs) -> Option<()> {
    let url = sqs.queue_url("q");
    call(
        sqs,
        "SendMessage",
        json!({"QueueUrl": url, "MessageBody": "x".repeat(200)}),
    )
    .await?;
    let received = call(sqs, "ReceiveMessage", json!({"QueueUrl": url, "WaitTimeSeconds": 5})).await?;
    let handle = received.pointer("/Messages/0/ReceiptHandle")?;
    call(sqs, "DeleteMessage", json!({"QueueUrl": url, "ReceiptHandle": handle}))
        .await
        .map(|_| ())
}

async fn call(sqs: &Sqs, action: &str, request: Value) -> Option<Value> {
    let answer = sqs
        .handle(&format!("AmazonSQS.{action}"), request.to_string().as_bytes())
        .await;
    serde_json::from_slice(&answer.body)
        .ok()
        .filter(|_| answer.status == 200)
}
