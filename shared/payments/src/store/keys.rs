//! Keys of the context's items. No id holds the separator `#`, so every key reads back to what it was made of.

use dynamo::{Key, key};
use kernel::{Currency, NoticeId, OrderId, PaymentId, RefundId, RemittanceId, StaffId, Timestamp};

use super::{CaseId, Compared};
use crate::{Account, Collection, FactKey, ObjectId, Provider, provider::StatementRow, risk::Dimension};

/// Sort keys of an order's partition begin with what they hold.
pub(super) const MONEY: &str = "money";
/// See [`MONEY`].
pub(super) const FACT: &str = "fact#";

pub(super) fn notice(provider: Provider, delivery: &ObjectId) -> Key {
    key(format!("notice#{provider}#{delivery}"), "notice")
}

pub(super) fn refused(provider: Provider, at: Timestamp, id: NoticeId) -> Key {
    key(refused_hour(provider, at), format!("{at}#{id}"))
}

/// By the hour, so that a flood of forgeries does not sit in one partition for ever.
pub(super) fn refused_hour(provider: Provider, at: Timestamp) -> String {
    let hour: String = at.to_string().chars().take(13).collect();
    format!("refused#{provider}#{hour}")
}

pub(super) fn order(order: OrderId) -> String {
    format!("order#{order}")
}

pub(super) fn money(of: OrderId) -> Key {
    key(order(of), MONEY)
}

pub(super) fn fact(of: OrderId, fact: &FactKey) -> Key {
    key(order(of), format!("{FACT}{fact}"))
}

pub(super) fn intent(of: OrderId, payment: PaymentId) -> Key {
    key(order(of), format!("intent#{payment}"))
}

pub(super) fn refund(of: OrderId, refund: RefundId) -> Key {
    key(order(of), format!("refund#{refund}"))
}

pub(super) fn dispute(of: OrderId, provider: Provider, dispute: &ObjectId) -> Key {
    key(order(of), format!("dispute#{provider}#{dispute}"))
}

/// Disputes by the day on which evidence is due.
pub(super) fn disputes(day: &str) -> String {
    format!("disputes#{day}")
}

pub(super) fn listed_dispute(day: &str, provider: Provider, dispute: &ObjectId) -> Key {
    key(disputes(day), format!("{provider}#{dispute}"))
}

pub(super) fn object(provider: Provider, object: &ObjectId) -> Key {
    key(format!("object#{provider}#{object}"), "head")
}

/// That the card of a payment object was counted.
pub(super) fn card_seen(provider: Provider, object: &ObjectId) -> Key {
    key(format!("object#{provider}#{object}"), "card")
}

/// A day's cases.
pub(super) fn cases(day: &str) -> String {
    format!("cases#{day}")
}

pub(super) fn case(id: &CaseId) -> Key {
    let CaseId { day, provider, of, why } = id;
    key(cases(day), format!("{provider}#{of}#{}", why.as_str()))
}

/// How far a comparison is.
pub(super) fn progress(of: &Compared) -> Key {
    let of = match of {
        Compared::Statement(provider, day) => format!("statement#{provider}#{day}"),
        Compared::Entries(provider, day) => format!("entries#{provider}#{day}"),
        Compared::Ledger(day) => format!("ledger#{day}"),
    };
    key(format!("reconcile#{of}"), "progress")
}

/// What statements say of a payment and of its refunds.
pub(super) fn statement_rows(provider: Provider, payment: &ObjectId) -> String {
    format!("statement#{provider}#{payment}")
}

pub(super) fn statement_row(provider: Provider, row: &StatementRow) -> Key {
    let of = match &row.refund {
        Some(refund) => format!("refund#{refund}"),
        None => "payment".to_owned(),
    };
    key(statement_rows(provider, &row.payment), of)
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

/// Rules as they were put in force, in order.
pub(super) fn risk_rules_change(version: u64) -> Key {
    key("risk#rules", format!("change#{version:020}"))
}

/// What a subject did within a window, in a currency.
pub(super) fn velocity(dimension: Dimension, subject: &str, currency: Currency, bucket: &str) -> Key {
    key(
        format!("velocity#{}#{subject}", dimension.as_str()),
        format!("{bucket}#{}", currency.code()),
    )
}

/// Sort keys of a courier's lists begin with what they hold.
pub(super) const COLLECTION: &str = "collection#";
/// See [`COLLECTION`].
pub(super) const REMITTANCE: &str = "remittance#";

/// A courier's cash in one currency.
pub(super) fn courier(courier: StaffId, currency: Currency) -> String {
    format!("courier#{courier}#{}", currency.code())
}

pub(super) fn cash_in_hand(of: StaffId, currency: Currency) -> Key {
    key(courier(of, currency), "hand")
}

pub(super) fn courier_collection(visit: &Collection) -> Key {
    let partition = courier(visit.courier, visit.due.currency());
    key(
        partition,
        format!("{COLLECTION}{}#{}#{}", visit.at, visit.payment, visit.version),
    )
}

pub(super) fn remittance(of: StaffId, currency: Currency, id: RemittanceId) -> Key {
    key(courier(of, currency), format!("{REMITTANCE}{id}"))
}

/// The last visit for a payment.
pub(super) fn collection(payment: PaymentId) -> Key {
    key(format!("cash#{payment}"), "visit")
}
