//! How deliveries, endpoints and notifications are kept. Rows: `docs/data-model/messaging.md`.

mod item;
mod keys;
mod notifications;
mod replay;
#[cfg(test)]
mod tests;
mod webhooks;

pub use notifications::{Begun, Notifications, Recorded};
pub use replay::{REPLAY_MAX, Replayed};
pub use webhooks::{DELIVERIES_LOOKED_AT_MAX, Lost, RETRY_TIMER, Webhooks};
