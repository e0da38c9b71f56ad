#![doc = include_str!("../README.md")]

mod agent;
pub mod capability;
pub mod catalog;
pub mod checkout;
mod digest;
mod envelope;
pub mod fulfillment;
mod message;
mod negotiation;
pub mod order;
pub mod payment;
mod profile;
mod refusal;
pub mod signature;
mod structured;
mod totals;

pub use agent::{AgentError, agent_profile};
pub use capability::{Operation, VERSION};
pub use digest::content_digest;
pub use envelope::{ErrorResponse, Metadata, Status};
pub use message::{Message, Severity, codes};
pub use negotiation::{Negotiated, Negotiator, Platforms, PlatformsError};
pub use profile::{Capability, Jwk, Offer, Profile, ProfileError, Registry, Service};
pub use refusal::Refusal;
pub use totals::{Total, TotalKind, TotalLine};

/// The path under which every call of this version lives, without a closing slash.
pub const BASE_PATH: &str = "/ucp/2026-04-08";
