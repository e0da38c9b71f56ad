//! Where the sales context keeps its state: the only place that names its table, attributes and expressions.

mod checkout;
mod order;

pub use checkout::Sessions;
pub use order::{
    CursorRefused, Day, EXPIRY_TIMER, List, Lost, ORDERS_PAGE_MAX, OrderPage, Orders, ReleaseError, Releasing,
    UnknownDay,
};
