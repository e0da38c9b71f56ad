//! Doubles of the outside world, and what end-to-end tests and benches share.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "tests and doubles fail by panicking"
)]

pub mod client;
pub mod doubles;
pub mod server;
pub mod shop;
