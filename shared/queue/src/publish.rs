//! Sending envelopes.

use aws_sdk_sqs::{error::DisplayErrorContext, types::SendMessageBatchRequestEntry};

/// Entries of one batch: SQS's limit.
pub const PUBLISH_BATCH_MAX: usize = 10;

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Unique in its batch and stable over retries: the event's id. Deduplicates on FIFO queues.
    pub id: String,
    /// Message group on FIFO queues.
    pub group: String,
    /// The envelope as JSON.
    pub body: String,
}

/// Why messages were not sent.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The queue did not answer or refused the batch.
    #[error("the queue did not take the batch: {0}")]
    Queue(String),
    /// Some entries were refused; the ids are those of the messages.
    #[error("the queue refused {} of the messages", .0.len())]
    Entries(Vec<String>),
    /// More than [`PUBLISH_BATCH_MAX`] messages.
    #[error("more than {PUBLISH_BATCH_MAX} messages in one batch")]
    TooMany,
}

/// Sends to queues by their URL.
#[derive(Debug, Clone)]
pub struct Publisher {
    client: aws_sdk_sqs::Client,
}

impl Publisher {
    /// From the SDK's client.
    pub const fn new(client: aws_sdk_sqs::Client) -> Self {
        Self { client }
    }

    /// Sends up to [`PUBLISH_BATCH_MAX`] messages. Sending again after a failure is harmless: FIFO queues drop copies
    /// for five minutes, and consumers deduplicate by event id.
    ///
    /// # Errors
    ///
    /// See [`PublishError`]; after `Entries` the others were sent.
    pub async fn send(&self, queue_url: &str, messages: &[Outgoing]) -> Result<(), PublishError> {
        if messages.is_empty() {
            return Ok(());
        }
        if messages.len() > PUBLISH_BATCH_MAX {
            return Err(PublishError::TooMany);
        }
        let fifo = queue_url.rsplit('.').next() == Some("fifo");
        let mut entries = Vec::with_capacity(messages.len());
        for message in messages {
            let entry = SendMessageBatchRequestEntry::builder()
                .id(&message.id)
                .message_body(&message.body);
            let entry = if fifo {
                entry
                    .message_group_id(&message.group)
                    .message_deduplication_id(&message.id)
            } else {
                entry
            };
            entries.push(entry.build().map_err(|error| PublishError::Queue(error.to_string()))?);
        }
        let sent = self
            .client
            .send_message_batch()
            .queue_url(queue_url)
            .set_entries(Some(entries))
            .send()
            .await;
        let output = sent.map_err(|error| PublishError::Queue(DisplayErrorContext(&error).to_string()))?;
        if output.failed.is_empty() {
            return Ok(());
        }
        Err(PublishError::Entries(
            output.failed.into_iter().map(|entry| entry.id).collect(),
        ))
    }
}
