//! What the parts of a running platform share.

use std::path::PathBuf;
use std::sync::Arc;

use template::model::Stack;
use tokio::sync::watch;

use crate::data::DataDirectory;
use crate::invoke::Invoker;
use crate::shutdown::thrown;

/// Handles to the parts of one running platform. Cheap to clone.
#[derive(Clone)]
pub struct Handles {
    /// What the templates declare.
    pub stack: Arc<Stack>,
    /// Runs functions.
    pub invoker: Invoker,
    /// The embedded SQS.
    pub sqs: sqs::Sqs,
    /// The embedded DynamoDB, streams included. Its calls block: use `spawn_blocking` for all but short ones.
    pub database: dynoxide::Database,
    /// Endpoint of the front before both, e.g. `http://127.0.0.1:40123`; a caller is its access key id.
    pub aws_url: String,
    /// Where state is kept; `None` when ephemeral. Event sources keep their positions in files of their own here.
    pub data: Option<PathBuf>,
    /// Turns true when the platform drains: take no new work, finish what runs.
    pub shutdown: watch::Receiver<bool>,
    /// Last, so that the directory is free only when its files are closed.
    pub(crate) lock: Option<Arc<DataDirectory>>,
}

impl Handles {
    /// Resolves when the platform drains (or is gone).
    pub async fn draining(&self) {
        thrown(&mut self.shutdown.clone()).await;
    }
}
