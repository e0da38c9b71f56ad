#![doc = include_str!("../README.md")]

pub mod events;
pub mod order;
mod store;

pub use store::{CursorRefused, Day, EXPIRY_TIMER, List, ORDERS_PAGE_MAX, OrderPage, Orders, UnknownDay};
