//! What identity tells others. Business code imports the latest version from here.

pub mod v1;

pub use v1::CodeRequested;
