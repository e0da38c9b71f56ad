//! `WeChat` Pay, `APIv3`, as a plain merchant: Native, JSAPI and H5 payments in CNY.
//!
//! Numbers: `out_trade_no` is the 32 hex digits of our payment id, and what facts name as the payment object; `attach` is
//! the order's id; `out_refund_no` is our refund id. They are the provider's idempotency keys: a call whose answer did not
//! come is repeated with the same numbers, and a payment or refund is never asked for under a second one.
//!
//! Keys: both kinds of platform key (`PUB_KEY_ID_…` and certificates, by serial) and several `APIv3` keys are configured side
//! by side. None is ever fetched in a request. To switch, put the new key beside the old one in the secret, let the
//! functions start anew (secrets are read as a sandbox starts), then switch at `WeChat` Pay, and take the old key out when
//! its last redelivery is over: 25 hours later. A notice under a key that is not known yet is refused, counted, and
//! delivered again for 24 hours.

mod call;
mod keys;
mod merchant;
mod money;
mod parse;
mod query;
mod refund;
mod start;
mod statement;
#[cfg(test)]
mod testing;
mod verify;

use kernel::PaymentId;

pub use call::{Site, WechatPay};
pub use keys::{Notices, NoticesError};
pub use merchant::{Merchant, MerchantError};
pub(super) use parse::parse;
pub use verify::{SIGNATURE_TYPE, TOLERANCE_S};

use crate::ObjectId;

/// What [`crate::Reading::livemode`] is of every notice. `WeChat` Pay has no test mode and says nothing of one, so this
/// says nothing either: a reading of a query or refund repeats what its intent says.
pub const LIVEMODE: bool = false;

/// What a [`PaymentId`] begins with, and an `out_trade_no`, which takes 32 characters at most, does not.
const PAYMENT_PREFIX: &str = "pay_";

/// Our payment's number at `WeChat` Pay, which is its payment object too.
fn out_trade_no(payment: PaymentId) -> Option<ObjectId> {
    payment.to_string().strip_prefix(PAYMENT_PREFIX)?.parse().ok()
}

/// Our payment, if a number is one of ours.
fn payment_of(out_trade_no: &str) -> Option<PaymentId> {
    format!("{PAYMENT_PREFIX}{out_trade_no}").parse().ok()
}

/// What may stand in a header or a path as it is: ids that `WeChat` Pay gave us.
fn plain(text: &str, length_max: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !text.is_empty() && text.len() <= length_max && text.bytes().all(plain)
}
