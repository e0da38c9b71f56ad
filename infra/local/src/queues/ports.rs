//! The embedded SQS as the event sources see it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use futures::future::BoxFuture;
use sqs::{AttributeData, AttributeValue, NewMessage, Receive, Sqs};

use crate::data::DataDirectory;
use crate::sources::ports::{Attribute, AttributeValue as Value, Depth, QueueError, Queues, Received};

/// Longest wait that SQS allows; the sources ask again.
const WAIT_MAX_S: u64 = 20;
/// Longest visibility time-out that SQS allows.
const VISIBILITY_MAX_S: u64 = 43_200;
/// Handles in one batch.
const BATCH_MAX: usize = 10;

/// Gives the event sources the embedded SQS; the lock is last, so that the directory is free only when its files are
/// closed.
pub(crate) struct EmbeddedQueues(
    pub(crate) Sqs,
    #[expect(dead_code, reason = "held, not read")] pub(crate) Option<Arc<DataDirectory>>,
);

fn fault(queue: &str) -> impl Fn(sqs::Error) -> QueueError {
    move |error| QueueError {
        queue: queue.to_owned(),
        reason: error.to_string(),
    }
}

fn seconds(duration: Duration, max: u64) -> i64 {
    i64::try_from(duration.as_secs().min(max)).unwrap_or(0)
}

impl Queues for EmbeddedQueues {
    fn receive<'a>(
        &'a self,
        queue: &'a str,
        max: u32,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Received>, QueueError>> {
        async move {
            let max = usize::try_from(max).unwrap_or(BATCH_MAX).clamp(1, BATCH_MAX);
            let wait_s = Some(seconds(wait, WAIT_MAX_S));
            let wish = Receive {
                max,
                visibility_s: None,
                wait_s,
                attempt_id: None,
            };
            let received = self.0.receive(queue, &wish).await.map_err(fault(queue))?;
            Ok(received.into_iter().map(of_engine).collect())
        }
        .boxed()
    }

    fn delete<'a>(&'a self, queue: &'a str, receipts: Vec<String>) -> BoxFuture<'a, Result<(), QueueError>> {
        async move {
            for batch in receipts.chunks(BATCH_MAX) {
                let outcomes = self.0.delete_batch(queue, batch).await.map_err(fault(queue))?;
                outcomes.into_iter().collect::<Result<(), _>>().map_err(fault(queue))?;
            }
            Ok(())
        }
        .boxed()
    }

    fn change_visibility<'a>(
        &'a self,
        queue: &'a str,
        receipt: &'a str,
        after: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        async move {
            let seconds = seconds(after, VISIBILITY_MAX_S);
            self.0
                .change_visibility(queue, receipt, seconds)
                .await
                .map_err(fault(queue))
        }
        .boxed()
    }

    fn send<'a>(
        &'a self,
        queue: &'a str,
        body: String,
        attributes: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), QueueError>> {
        async move {
            let attributes = attributes
                .into_iter()
                .map(|(name, value)| (name, AttributeValue::text(value)))
                .collect();
            let message = NewMessage {
                body,
                attributes,
                ..NewMessage::default()
            };
            self.0.send(queue, message).await.map(drop).map_err(fault(queue))
        }
        .boxed()
    }

    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<Depth, QueueError>> {
        async move {
            let counted = self.0.statistics(queue).map_err(fault(queue))?;
            let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
            Ok(Depth {
                visible: count(counted.visible),
                in_flight: count(counted.in_flight),
            })
        }
        .boxed()
    }
}

fn of_engine(message: sqs::Received) -> Received {
    let system = message
        .system_attributes()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let md5_of_body = message.md5_of_body();
    let content = &message.content;
    let attributes = content
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect();
    Received {
        id: content.id.clone(),
        receipt: message.receipt_handle,
        body: content.body.clone(),
        md5_of_body,
        md5_of_attributes: None,
        system,
        attributes,
    }
}

fn attribute(value: &AttributeValue) -> Attribute {
    let data = match &value.data {
        AttributeData::Text(text) => Value::Text(text.clone()),
        AttributeData::Bytes(bytes) => Value::Base64(STANDARD.encode(bytes)),
    };
    Attribute {
        data_type: value.data_type.clone(),
        value: data,
    }
}
