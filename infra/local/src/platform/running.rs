//! A running platform.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::front::Meter;
use crate::handles::Handles;
use crate::permissions::Permissions;
use crate::server::DRAIN_MAX;
use crate::sources::Sources;

/// A running platform. Dropping it stops it at once.
pub struct Running {
    /// Where the HTTP API answers, e.g. `http://127.0.0.1:8080`.
    pub base_url: String,
    /// Where the front for SDK calls answers. `/_tradepost/meter` and `/_tradepost/functions` are there too.
    pub aws_url: String,
    /// A staff token that the seed script saved.
    pub staff_token: Option<String>,
    /// Everything that the seed script saved.
    pub variables: BTreeMap<String, String>,
    /// The data directory; `None` when ephemeral.
    pub data: Option<PathBuf>,
    /// What passed the front.
    pub meter: Meter,
    /// Which grants of the templates were used.
    pub permissions: Arc<Permissions>,
    /// The parts.
    pub handles: Handles,
    /// The event sources: fire a schedule, wait until nothing is left to do.
    pub sources: Arc<Sources>,
    pub(super) gateway: Option<JoinHandle<()>>,
    pub(super) draining: watch::Sender<bool>,
    pub(super) closed: watch::Sender<bool>,
    pub(super) front: JoinHandle<()>,
}

impl Running {
    /// Takes no new work, lets what runs finish (each step bounded), then closes.
    pub async fn shutdown(self) {
        self.draining.send_replace(true);
        if let Some(gateway) = self.gateway
            && let Err(error) = gateway.await
        {
            tracing::warn!(%error, "platform.gateway_ended");
        }
        tracing::debug!(part = "gateway", "platform.drained");
        // An admin request may hold them for a moment; then they stop when it lets go.
        if let Some(sources) = Arc::into_inner(self.sources) {
            sources.drain().await;
        }
        tracing::debug!(part = "sources", "platform.drained");
        if !self.handles.invoker.idle(DRAIN_MAX).await {
            tracing::warn!(running = self.handles.invoker.running(), "platform.drain_cut_short");
        }
        tracing::debug!(part = "functions", "platform.drained");
        self.closed.send_replace(true);
        if let Err(error) = self.front.await {
            tracing::warn!(%error, "platform.front_ended");
        }
        tracing::debug!(part = "front", "platform.drained");
    }
}
