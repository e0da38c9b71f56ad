#![doc = include_str!("../README.md")]

pub mod checkout;
pub mod events;
pub mod order;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
mod store;

pub use store::Sessions;
pub use store::{
    CursorRefused, Day, EXPIRY_TIMER, List, Lost, ORDERS_PAGE_MAX, OrderPage, Orders, ReleaseError, Releasing,
    UnknownDay,
};
