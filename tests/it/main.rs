//! The one integration test binary.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::similar_names,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod e2e;
mod readme;
mod technical;
mod tidy;
