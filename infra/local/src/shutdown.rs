//! Waiting for the platform to stop.

use tokio::sync::watch;

/// Resolves when the switch is thrown, or its owner is gone.
pub(crate) async fn thrown(switch: &mut watch::Receiver<bool>) {
    // The guard that `wait_for` gives must not live on: it locks the channel.
    let _ = switch.wait_for(|thrown| *thrown).await;
}
