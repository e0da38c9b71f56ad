#![doc = include_str!("../README.md")]

pub mod events;
pub mod order;
mod store;

pub use store::{CursorRefused, Day, EXPIRY_TIMER, List, Lost, ORDERS_PAGE_MAX, OrderPage, Orders, ReleaseError, Releasing, UnknownDay};
