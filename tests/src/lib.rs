//! Doubles of the outside world, and what end-to-end tests share.
