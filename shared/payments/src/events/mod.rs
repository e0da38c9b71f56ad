//! What this context tells the others. Released shapes never change: a new shape is a new version in a module of its own.

pub mod v1;

/// The shapes that new events are written in.
pub mod latest {
    pub use super::v1::*;
}
