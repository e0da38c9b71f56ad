#![doc = include_str!("../README.md")]

pub mod events;
mod fact;
mod fold;
mod intent;
mod ledger;
mod object;
mod poll;
pub mod provider;
mod refund;
pub mod risk;
mod settle;
mod store;

pub use fact::{Fact, FactKey, FactKind, Reading, Reference, Step};
pub use fold::{FoldError, Folded, RefundOutcome, Totals, fold};
pub use intent::{Intent, IntentState, Mode, RESEND_WITHIN_S, Started, payment_id};
pub use ledger::{Account, Entry, LedgerError, Position, Posting, Subject, UnknownAccount, position};
pub use object::{ObjectId, ObjectIdError};
pub use poll::{POLL_AFTER_S, POLL_TIMER, Poll, PollError};
pub use provider::Provider;
pub use refund::{REFUND_LINES_MAX, RefundProgress, RefundReason, RefundRequest, RefundState, RefundedUnits};
pub use settle::{
    AskRefused, Escrow, HoldReason, MoneyState, OrderChange, OrderStanding, OrderStep, RefundAsk, SettleError, Settled,
    Standing, Status, ask_refund, follow, release_escrow, settle,
};
#[cfg(feature = "crash")]
pub use store::crash;
pub use store::{
    AccountEntry, BeyondLimit, CASE_NOTE_CHARS_MAX, CASES_PAGE_MAX, Case, CaseId, CaseIdError, CaseReason, CaseState,
    Closing, ENTRIES_MAX, EntryPage, FACTS_MAX, Finding, INTENTS_MAX, Kept, LEDGER_SHARDS, Link, Notice, NoticeSource,
    OPEN_DAYS_MAX, OrderMoney, POSTINGS_MAX, Payments, Posted, QUARANTINED_BYTES_MAX, Refused, Stale,
};
