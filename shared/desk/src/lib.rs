#![doc = include_str!("../README.md")]

mod error;
mod keyed;
mod member;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use keyed::{Change, Decided, Raced, TRIES_MAX, once, tagged};
pub use member::{ADMIN, Member, STAFF_SCOPE};
use serde::Serialize;

/// A page on the wire.
#[derive(Debug, Serialize)]
pub struct Listed<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// `cursor` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
