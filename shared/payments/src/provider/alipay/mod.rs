//! Alipay, open platform, form protocol 1.0 with RSA2.
//!
//! `notices`: whether Alipay wrote a notice. `parse`: its words to our facts. `gateway`: signed requests, and answers that
//! are believed only with Alipay's signature over them. Amounts are decimal text in yuan, times are Beijing's.

mod amount;
mod answer;
mod beijing;
mod form;
mod gateway;
mod notices;
mod parse;
mod query;
mod refund;
mod start;
mod statement;

#[cfg(test)]
mod testing;

pub use gateway::{Addresses, Alipay, Application, ApplicationError};
pub use notices::{Notices, NoticesError};
pub use parse::LIVEMODE;
pub(super) use parse::parse;
