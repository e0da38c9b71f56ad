//! Alipay, open platform, form protocol 1.0 with RSA2.
//!
//! `notices`: whether Alipay wrote a notice. `parse`: its words to our facts. `gateway`: signed requests, and answers that
//! are believed only with Alipay's signature over them. Amounts are decimal text in yuan, times are Beijing's.
//!
//! Numbers: `out_trade_no` is our payment id in full, and what facts name as the payment object; `passback_params` is the
//! order's id; `out_request_no` is our refund id. They are Alipay's idempotency keys: a call whose answer did not come is
//! repeated with the same numbers.
//!
//! Keys: several of Alipay's public keys are configured side by side, and every one is tried. To change Alipay's key, put
//! the new one beside the old one in the secret, let the functions start anew (secrets are read as a sandbox starts),
//! change it in Alipay's console, and take the old one out when its last redelivery is over: 25 hours later.

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
