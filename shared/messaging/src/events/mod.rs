//! What the messaging context tells others.

pub mod v1;
