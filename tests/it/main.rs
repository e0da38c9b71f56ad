//! The one integration test binary.

mod technical;
