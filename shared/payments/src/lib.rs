#![doc = include_str!("../README.md")]

pub mod events;
mod fact;
mod fold;
mod intent;
mod ledger;
mod object;
pub mod provider;
mod settle;
mod store;

pub use fact::{Fact, FactKey, FactKind, Reading, Reference, Step};
pub use fold::{FoldError, Folded, Totals, fold};
pub use intent::{Intent, IntentState, Mode, RESEND_WITHIN_S, Started, payment_id};
pub use ledger::{Account, Entry, LedgerError, Position, Posting, position};
pub use object::{ObjectId, ObjectIdError};
pub use provider::Provider;
pub use settle::{
    HoldReason, MoneyState, OrderChange, OrderStanding, OrderStep, RefundReason, RefundRequest, SettleError, Settled,
    Standing, Status, follow, settle,
};
#[cfg(feature = "crash")]
pub use store::crash;
pub use store::{
    Case, CaseReason, FACTS_MAX, INTENTS_MAX, Kept, Link, Notice, NoticeSource, OrderMoney, Payments,
    QUARANTINED_BYTES_MAX, Refused, Stale,
};
