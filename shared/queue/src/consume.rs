//! Batches in, partial failures out.

use std::{collections::HashSet, fmt::Display, future::Future};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use kernel::Envelope;

/// Why a message was not done. Either way it stays in the queue until its redrive policy moves it to the dead-letter
/// queue, where it is kept, counted, and can be sent again; the difference is what the log says.
#[derive(Debug)]
pub enum Failure {
    /// The next try may succeed: the store was throttled, a provider was down.
    Retry(String),
    /// No try will succeed before somebody acts: the message or the data is wrong.
    Terminal(String),
}

impl Failure {
    /// From an error that a later try may overcome.
    pub fn retry(error: impl Display) -> Self {
        Self::Retry(error.to_string())
    }

    /// From an error that stays.
    pub fn terminal(error: impl Display) -> Self {
        Self::Terminal(error.to_string())
    }
}

/// Handles each message in order, one at a time, and reports those that failed.
///
/// On FIFO queues a failure also fails the later messages of its group, unhandled, so that the group keeps its order.
pub async fn consume<F, Fut>(event: SqsEvent, mut handle: F) -> SqsBatchResponse
where
    F: FnMut(Envelope) -> Fut,
    Fut: Future<Output = Result<(), Failure>>,
{
    let mut failed = Vec::new();
    let mut blocked: HashSet<String> = HashSet::new();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        let group = message.attributes.get("MessageGroupId").cloned();
        if group.as_ref().is_some_and(|group| blocked.contains(group)) {
            failed.push(id);
            continue;
        }
        if let Err(failure) = one(&message, &mut handle).await {
            report(&id, &failure);
            blocked.extend(group);
            failed.push(id);
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed.into_iter().map(item_failure).collect();
    response
}

fn item_failure(id: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = id;
    failure
}

async fn one<F, Fut>(message: &SqsMessage, handle: &mut F) -> Result<(), Failure>
where
    F: FnMut(Envelope) -> Fut,
    Fut: Future<Output = Result<(), Failure>>,
{
    let body = message.body.as_deref().unwrap_or_default();
    // The error is not shown: it would quote the body.
    let envelope: Envelope =
        serde_json::from_str(body).map_err(|_| Failure::Terminal("body is not an event envelope".to_owned()))?;
    let (name, id) = (envelope.name.clone(), envelope.id);
    let outcome = handle(envelope).await;
    if outcome.is_ok() {
        tracing::info!(event.name = name, event.id = %id, "queue.message.done");
    }
    outcome
}

fn report(message_id: &str, failure: &Failure) {
    match failure {
        Failure::Retry(error) => tracing::warn!(message.id = message_id, error, "queue.message.retry"),
        Failure::Terminal(error) => tracing::error!(message.id = message_id, error, "queue.message.terminal"),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::*;

    /// Nothing here waits, so one poll is enough and no runtime is needed.
    fn run<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("waits"),
        }
    }

    fn message(id: &str, group: Option<&str>, name: &str) -> SqsMessage {
        let body = serde_json::json!({
            "id": "evt_0190a6d0000070008000000000000000", "name": name, "version": 1, "key": "k",
            "occurred_at": "2026-04-08T00:00:00Z", "data": {},
        });
        let mut message = SqsMessage::default();
        message.message_id = Some(id.to_owned());
        message.body = Some(body.to_string());
        message
            .attributes
            .extend(group.map(|group| ("MessageGroupId".to_owned(), group.to_owned())));
        message
    }

    fn failed(records: Vec<SqsMessage>) -> (Vec<String>, usize) {
        let mut event = SqsEvent::default();
        event.records = records;
        let mut handled = 0;
        let response = run(consume(event, |envelope| {
            handled += 1;
            async move {
                if envelope.name == "bad" {
                    Err(Failure::retry("down"))
                } else {
                    Ok(())
                }
            }
        }));
        (
            response
                .batch_item_failures
                .into_iter()
                .map(|failure| failure.item_identifier)
                .collect(),
            handled,
        )
    }

    #[test]
    fn a_standard_queue_reports_only_what_failed() {
        let records = vec![
            message("1", None, "ok"),
            message("2", None, "bad"),
            message("3", None, "ok"),
        ];
        assert_eq!(failed(records), (vec!["2".to_owned()], 3));
    }

    #[test]
    fn a_fifo_queue_reports_the_rest_of_the_group_unhandled() {
        let records = vec![
            message("1", Some("a"), "bad"),
            message("2", Some("b"), "ok"),
            message("3", Some("a"), "ok"),
        ];
        assert_eq!(failed(records), (vec!["1".to_owned(), "3".to_owned()], 2));
    }

    #[test]
    fn a_body_that_is_no_envelope_is_kept_for_the_dead_letters() {
        let mut poison = message("1", None, "ok");
        poison.body = Some("{".to_owned());
        assert_eq!(
            failed(vec![poison, message("2", None, "ok")]),
            (vec!["1".to_owned()], 1)
        );
    }
}
