//! The AWS JSON 1.0 protocol: which action runs, and how its JSON is read and written.

mod batches;
mod error;
mod messages;
mod moves;
mod queues;

use std::future::{Future, ready};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::service::Sqs;

/// The prefix of `X-Amz-Target`.
const TARGET_PREFIX: &str = "AmazonSQS.";

/// The media type of requests and answers.
pub const MEDIA_TYPE: &str = "application/x-amz-json-1.0";

/// An answer, ready for any HTTP front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body, of type [`MEDIA_TYPE`].
    pub body: Vec<u8>,
    /// The value of the header `x-amzn-query-error`, which SDKs read an error's code from; absent in a success.
    pub query_error: Option<String>,
}

impl Sqs {
    /// Answers one request: `target` is the header `X-Amz-Target`, such as `AmazonSQS.SendMessage`.
    pub async fn handle(&self, target: &str, body: &[u8]) -> Response {
        let action = target.strip_prefix(TARGET_PREFIX).unwrap_or(target);
        match self.act(action, body).await {
            Ok(body) => Response {
                status: 200,
                body,
                query_error: None,
            },
            Err(error) => error::response(&error),
        }
    }

    async fn act(&self, action: &str, body: &[u8]) -> Result<Vec<u8>, Error> {
        match action {
            "CreateQueue" => call(body, |r| queues::create(self, r)).await,
            "DeleteQueue" => call(body, |r| queues::delete(self, r)).await,
            "GetQueueUrl" => call(body, |r| ready(queues::url(self, r))).await,
            "ListQueues" => call(body, |r| ready(queues::list(self, r))).await,
            "ListDeadLetterSourceQueues" => call(body, |r| ready(queues::list_sources(self, &r))).await,
            "GetQueueAttributes" => call(body, |r| ready(queues::attributes(self, r))).await,
            "SetQueueAttributes" => call(body, |r| queues::set_attributes(self, r)).await,
            "PurgeQueue" => call(body, |r| queues::purge(self, r)).await,
            "TagQueue" => call(body, |r| queues::tag(self, r)).await,
            "UntagQueue" => call(body, |r| queues::untag(self, r)).await,
            "ListQueueTags" => call(body, |r| ready(queues::list_tags(self, &r))).await,
            "SendMessage" => call(body, |r| messages::send(self, r)).await,
            "ReceiveMessage" => call(body, |r| messages::receive(self, r)).await,
            "DeleteMessage" => call(body, |r| messages::delete(self, r)).await,
            "ChangeMessageVisibility" => call(body, |r| messages::change_visibility(self, r)).await,
            "SendMessageBatch" => call(body, |r| batches::send(self, r)).await,
            "DeleteMessageBatch" => call(body, |r| batches::delete(self, r)).await,
            "ChangeMessageVisibilityBatch" => call(body, |r| batches::change_visibility(self, r)).await,
            "StartMessageMoveTask" => call(body, |r| moves::start(self, r)).await,
            "ListMessageMoveTasks" => call(body, |r| ready(moves::list(self, r))).await,
            "CancelMessageMoveTask" => call(body, |r| moves::cancel(self, r)).await,
            other => Err(Error::UnknownOperation(other.to_owned())),
        }
    }
}

/// Reads the request, runs the action, writes its answer.
async fn call<I, O, F>(body: &[u8], action: impl FnOnce(I) -> F) -> Result<Vec<u8>, Error>
where
    I: DeserializeOwned,
    O: Serialize,
    F: Future<Output = Result<O, Error>>,
{
    let body = if body.is_empty() { b"{}" } else { body };
    let request = serde_json::from_slice(body).map_err(|error| Error::Serialization(error.to_string()))?;
    let answer = action(request).await?;
    serde_json::to_vec(&answer).map_err(|_| Error::Internal)
}

/// An answer without members.
#[derive(Debug, Serialize)]
struct Nothing {}

/// A request's queue: only the name at the end of the URL counts, so that any front may be in the way.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
struct QueueUrl(Option<String>);

impl QueueUrl {
    fn name(&self) -> Result<&str, Error> {
        let url = self
            .0
            .as_deref()
            .filter(|url| !url.is_empty())
            .ok_or(Error::MissingParameter("QueueUrl"))?;
        let name = url.trim_end_matches('/').rsplit('/').next();
        name.filter(|name| !name.is_empty()).ok_or(Error::QueueDoesNotExist)
    }
}
