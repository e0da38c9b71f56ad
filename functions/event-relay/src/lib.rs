//! Outbox rows become queue messages.
//!
//! The stream hands over each inserted row at least once, in order per row key; the relay sends its envelope, as it was
//! committed, to every queue that the template routes its event to.
//!
//! Running twice, late or half is harmless: a message sent again carries the same event id, which FIFO queues drop
//! within five minutes and every consumer deduplicates for good. A failed batch stops at its first row, and the stream
//! hands over everything from there again.

mod routes;
mod wire;

use std::{collections::BTreeMap, future::Future};

use aws_lambda_events::event::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use dynamo::OutboxRow;
use kernel::Envelope;
use queue::{Outgoing, PUBLISH_BATCH_MAX, PublishError, Publisher};
pub use routes::{Routes, RoutesError};
pub use wire::wire;

/// Where the relay sends to.
pub trait Queues {
    /// Sends up to [`PUBLISH_BATCH_MAX`] messages to one queue.
    fn send(&self, queue_url: &str, messages: &[Outgoing]) -> impl Future<Output = Result<(), PublishError>> + Send;
}

impl Queues for Publisher {
    async fn send(&self, queue_url: &str, messages: &[Outgoing]) -> Result<(), PublishError> {
        Self::send(self, queue_url, messages).await
    }
}

/// Relays one batch of the outbox's stream.
pub async fn handle(queues: &impl Queues, routes: &Routes, event: Event) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    for chunk in event.records.chunks(PUBLISH_BATCH_MAX) {
        if let Err(error) = relay(queues, routes, chunk).await {
            tracing::warn!(error = %error, "relay.batch.failed");
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = chunk.first().and_then(|record| record.change.sequence_number.clone());
            response.batch_item_failures.push(failure);
            return response;
        }
    }
    response
}

/// Sends up to ten rows, so that no queue gets more than one batch of them.
async fn relay(queues: &impl Queues, routes: &Routes, records: &[EventRecord]) -> Result<(), PublishError> {
    let mut batches: BTreeMap<&str, Vec<Outgoing>> = BTreeMap::new();
    for record in records {
        let Some((name, message)) = message(record) else {
            continue;
        };
        for queue in routes.queues(&name) {
            batches.entry(queue).or_default().push(message.clone());
        }
    }
    for (queue, messages) in batches {
        queues.send(queue, &messages).await?;
        tracing::info!(queue, messages = messages.len(), "relay.batch.sent");
    }
    Ok(())
}

/// The event's name and message. A row that does not read is told and passed over: it would hold up every row behind
/// it, and it stays in the table for an operator.
fn message(record: &EventRecord) -> Option<(String, Outgoing)> {
    let row: OutboxRow = serde_dynamo::from_item(record.change.new_image.clone())
        .inspect_err(|_| tracing::error!(event.record = record.event_id, "relay.row.unreadable"))
        .ok()?;
    let envelope: Envelope = serde_json::from_str(&row.envelope)
        .inspect_err(|_| tracing::error!(event.record = record.event_id, "relay.row.unreadable"))
        .ok()?;
    let message = Outgoing {
        id: envelope.id.to_string(),
        group: envelope.key,
        body: row.envelope,
    };
    Some((row.name, message))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::{Value, json};

    use super::*;

    #[derive(Default)]
    struct Sent {
        batches: Mutex<Vec<(String, Vec<String>)>>,
        down: Option<&'static str>,
    }

    impl Queues for Sent {
        async fn send(&self, queue_url: &str, messages: &[Outgoing]) -> Result<(), PublishError> {
            if self.down == Some(queue_url) {
                return Err(PublishError::Queue("down".to_owned()));
            }
            let groups = messages.iter().map(|message| message.group.clone()).collect();
            self.batches.lock().unwrap().push((queue_url.to_owned(), groups));
            Ok(())
        }
    }

    fn record(sequence: usize, name: &str, key: &str) -> Value {
        let envelope = json!({
            "id": "evt_0190a6d0000070008000000000000000", "name": name, "version": 1, "key": key,
            "occurred_at": "2026-04-08T00:00:00Z", "data": {},
        });
        json!({
            "eventID": format!("e{sequence}"), "eventName": "INSERT", "awsRegion": "us-east-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_775_640_600, "SequenceNumber": sequence.to_string(), "SizeBytes": 1,
                "Keys": {"pk": {"S": "evt"}, "sk": {"S": "event"}}, "StreamViewType": "NEW_IMAGE",
                "NewImage": {
                    "pk": {"S": "evt"}, "sk": {"S": "event"}, "entity": {"S": "outbox"}, "v": {"N": "1"},
                    "name": {"S": name}, "envelope": {"S": envelope.to_string()}, "expires_at": {"N": "1"},
                },
            },
        })
    }

    fn event(records: &[Value]) -> Event {
        serde_json::from_value(json!({"Records": records})).unwrap()
    }

    fn routes() -> Routes {
        Routes::parse("order.paid pay note\norder.placed note").unwrap()
    }

    #[tokio::test]
    async fn a_row_goes_to_every_queue_that_its_event_is_routed_to() {
        let sent = Sent::default();
        let rows = vec![
            record(1, "order.paid", "a"),
            record(2, "order.placed", "b"),
            record(3, "order.lost", "c"),
        ];
        let response = handle(&sent, &routes(), event(&rows)).await;
        assert!(response.batch_item_failures.is_empty());
        let batches = sent.batches.into_inner().unwrap();
        assert_eq!(
            batches,
            [
                ("note".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
                ("pay".to_owned(), vec!["a".to_owned()]),
            ]
        );
    }

    #[tokio::test]
    async fn a_failed_batch_starts_again_at_its_first_row() {
        let sent = Sent {
            down: Some("pay"),
            ..Sent::default()
        };
        let mut rows: Vec<_> = (0..10).map(|n| record(n, "order.placed", "a")).collect();
        rows.extend((10..15).map(|n| record(n, "order.paid", "a")));
        let response = handle(&sent, &routes(), event(&rows)).await;
        let failed: Vec<_> = response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        assert_eq!(failed, [Some("10".to_owned())]);
    }

    #[tokio::test]
    async fn an_unreadable_row_holds_up_nothing() {
        let sent = Sent::default();
        let mut broken = record(1, "order.paid", "a");
        broken["dynamodb"]["NewImage"]["envelope"] = json!({"S": "{"});
        let response = handle(&sent, &routes(), event(&[broken, record(2, "order.placed", "b")])).await;
        assert!(response.batch_item_failures.is_empty());
        assert_eq!(sent.batches.into_inner().unwrap().len(), 1);
    }
}
