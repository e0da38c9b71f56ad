//! Stripe.

mod parse;
mod start;
mod verify;

pub(super) use parse::parse;
pub use start::{API_VERSION, Returns, Stripe};
pub use verify::{SIGNATURE_HEADER, Secrets, SecretsError, TOLERANCE_S};
