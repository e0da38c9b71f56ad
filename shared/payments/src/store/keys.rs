//! Keys of the context's items. No id holds the separator `#`, so every key reads back to what it was made of.

use dynamo::{Key, key};
use kernel::{Currency, NoticeId, OrderId, PaymentId, RefundId, Timestamp};

use super::CaseId;
use crate::{Account, FactKey, ObjectId, Provider, risk::Dimension};

/// Sort keys of an order's partition begin with what they hold.
pub(super) const MONEY: &str = "money";

pub(super) fn notice(provider: Provider, delivery: &ObjectId) -> Key {
    key(format!("notice#{provider}#{delivery}"), "notice")
}

/// By the hour, so that a flood of forgeries does not sit in one partition for ever.
pub(super) fn refused(provider: Provider, at: Timestamp, id: NoticeId) -> Key {
    let hour: String = at.to_string().chars().take(13).collect();
    key(format!("refused#{provider}#{hour}"), format!("{at}#{id}"))
}

pub(super) fn order(order: OrderId) -> String {
    format!("order#{order}")
}

pub(super) fn money(of: OrderId) -> Key {
    key(order(of), MONEY)
}

pub(super) fn fact(of: OrderId, fact: &FactKey) -> Key {
    key(order(of), format!("fact#{fact}"))
}

pub(super) fn intent(of: OrderId, payment: PaymentId) -> Key {
    key(order(of), format!("intent#{payment}"))
}

pub(super) fn refund(of: OrderId, refund: RefundId) -> Key {
    key(order(of), format!("refund#{refund}"))
}

pub(super) fn object(provider: Provider, object: &ObjectId) -> Key {
    key(format!("object#{provider}#{object}"), "head")
}

/// A day's cases.
pub(super) fn cases(day: &str) -> String {
    format!("cases#{day}")
}

pub(super) fn case(id: &CaseId) -> Key {
    let CaseId { day, provider, of, why } = id;
    key(cases(day), format!("{provider}#{of}#{}", why.as_str()))
}

/// In the ledger's own table: a subject's postings, by what caused them.
pub(super) fn posting(subject: &str, cause: &str) -> Key {
    key(subject, cause)
}

/// In the ledger's own table: an account's entries of a day.
pub(super) fn account_day(account: Account, currency: Currency, day: &str, shard: u32) -> String {
    format!("account#{account}#{}#{day}#{shard}", currency.code())
}

/// In the ledger's own table: an account's balances at the ends of days.
pub(super) fn closings(account: Account, currency: Currency) -> String {
    format!("closings#{account}#{}", currency.code())
}

/// The one item of risk rules.
pub(super) fn risk_rules() -> Key {
    key("risk#rules", "rules")
}

/// What a subject did within a window, in a currency.
pub(super) fn velocity(dimension: Dimension, subject: &str, currency: Currency, bucket: &str) -> Key {
    key(
        format!("velocity#{}#{subject}", dimension.as_str()),
        format!("{bucket}#{}", currency.code()),
    )
}
