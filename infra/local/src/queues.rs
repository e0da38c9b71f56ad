//! The declared queues: made at start, and handed to the event sources.

mod ports;

use std::collections::BTreeMap;
use std::path::Path;

use sqs::Sqs;
use template::model::Queue;

pub(crate) use ports::EmbeddedQueues;

use crate::{account, clock};

/// File of the queues in the data directory.
const FILE: &str = "sqs.sqlite";

/// Why the queues can't be had.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The file of the queues can't be opened.
    #[error("the embedded SQS can't be opened")]
    Open(#[source] sqs::OpenError),
    /// What was in flight can't be given back.
    #[error("messages in flight can't be given back")]
    Release(#[source] sqs::Error),
    /// SQS refused the declaration.
    #[error("{place}: SQS refuses the queue {queue}: {reason}")]
    Refused {
        /// Where the queue is declared.
        place: String,
        /// Logical id.
        queue: String,
        /// What it said.
        reason: String,
    },
}

/// Opens the queues of a data directory, or some in memory.
pub(crate) fn open(data: Option<&Path>, endpoint: &str) -> Result<Sqs, QueueError> {
    let file = data.map(|data| data.join(FILE));
    let now = || i64::try_from(clock::now_ms()).unwrap_or(i64::MAX);
    let place = sqs::Place {
        region: account::REGION.to_owned(),
        account: account::ACCOUNT.to_owned(),
    };
    let sqs = Sqs::open_at(file.as_deref(), place, now).map_err(QueueError::Open)?;
    sqs.set_endpoint(endpoint);
    Ok(sqs)
}

/// Makes the declared queues or gives them their declared attributes; dead-letter queues first. What was in flight when
/// the last platform ended is in nobody's hands, and comes back at once.
pub(crate) async fn declare(sqs: &Sqs, queues: &BTreeMap<String, Queue>) -> Result<(), QueueError> {
    let (sources, targets): (Vec<&Queue>, Vec<&Queue>) = queues
        .values()
        .partition(|queue| queue.attributes.contains_key("RedrivePolicy"));
    for queue in targets.into_iter().chain(sources) {
        sqs.declare_queue(&queue.name, &queue.attributes)
            .await
            .map_err(|error| QueueError::Refused {
                place: queue.place.0.clone(),
                queue: queue.logical_id.clone(),
                reason: error.to_string(),
            })?;
    }
    sqs.release_in_flight().await.map_err(QueueError::Release)
}
