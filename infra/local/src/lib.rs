//! The local platform: hosts what the SAM templates declare, on one machine, in one process.
//!
//! Invariant: nothing here knows a function, route, table or queue by name; the templates are the only list. The one
//! exception is `functions`, which maps a binary's name to its code.

pub mod account;
mod clock;
pub mod handles;
pub mod invoke;
pub mod sources;
