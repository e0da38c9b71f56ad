//! The local platform: hosts what the SAM templates declare, on one machine, in one process.
//!
//! Invariant: nothing here knows a function, route, table or queue by name; the templates are the only list. The one
//! exception is [`functions`], which maps a binary's name to its code.

pub mod account;
pub mod banner;
pub mod cli;
mod clock;
mod data;
mod environment;
pub mod front;
pub mod functions;
pub mod gateway;
pub mod handles;
pub mod invoke;
mod options;
pub mod permissions;
mod platform;
mod queues;
mod seed;
mod server;
mod shutdown;
pub mod sources;
mod tables;

pub use options::{Options, PORT, Seed, Storage};
pub use platform::{Platform, Running, StartError};
