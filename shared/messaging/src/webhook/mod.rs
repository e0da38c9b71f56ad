//! Order webhooks: which event goes to which endpoint, when it is tried again, and when an endpoint is given up.

mod delivery;
mod endpoint;
mod request;
mod schedule;

pub(crate) use delivery::Reference;
pub use delivery::{Delivery, DeliveryState, LAST_CHARS_MAX, UnknownState};
pub use endpoint::{Endpoint, EndpointId, EndpointState, StopReason, UnknownEndpoint};
pub use request::{Outcome, SEND_TIMEOUT, outcome, request};
pub use schedule::{ATTEMPTS_MAX, Decision, JITTER_PERCENT_MAX, PAUSE_S, RETRY_AFTER_S_MAX, RETRY_S, SOON_S, decide};
