#![doc = include_str!("../README.md")]

mod attribute;
mod delivery;
mod engine;
mod error;
mod journal;
pub mod limits;
mod line;
mod memory;
mod message;
mod move_task;
mod protocol;
mod queue;
mod receipt;
mod redrive;
mod server;
mod service;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use attribute::{AttributeData, AttributeValue, Attributes};
pub use delivery::Receive;
pub use engine::Place;
pub use error::{Error, OpenError};
pub use message::{Content, NewMessage, Received, Sent};
pub use protocol::{MEDIA_TYPE, Response};
pub use queue::Statistics;
pub use service::Sqs;
pub use settings::AttributeTexts;
