#![doc = include_str!("../README.md")]

mod cash;
mod dispute;
#[cfg(feature = "crash")]
pub mod double;
mod escrow;
pub mod events;
mod fact;
mod fold;
mod intent;
mod ledger;
mod object;
mod poll;
pub mod provider;
mod reconcile;
mod refund;
mod refund_poll;
mod review;
pub mod risk;
mod send_refund;
mod settle;
mod store;

pub use cash::{
    AtTheDoor, CashInHand, CashRefused, CashState, Collection, DOOR_REASON_CHARS_MAX, Evidence, Remittance,
    RemittanceState, door_code, paid_out,
};
pub use dispute::{Dispute, EVIDENCE_TIMER, EVIDENCE_WARNING_S};
pub use escrow::{ESCROW_AGAIN_S, ESCROW_DAYS_MAX, ESCROW_TIMER, escrow_again, escrow_timer};
pub use fact::{Fact, FactKey, FactKind, Reading, Reference, Step};
pub use fold::{DisputeOutcome, FoldError, Folded, FoldedDispute, RefundOutcome, Totals, fold};
pub use intent::{Intent, IntentState, Mode, RESEND_WITHIN_S, Started, payment_id};
pub use ledger::{Account, Entry, LedgerError, Position, Posting, Subject, UnknownAccount, position};
pub use object::{ObjectId, ObjectIdError};
pub use poll::{POLL_AFTER_S, POLL_TIMER, Poll, PollError};
pub use provider::Provider;
pub use reconcile::{Difference, Expected, Here, Verdict, compare, confirms, here, statement_day};
pub use refund::{REFUND_LINES_MAX, RefundProgress, RefundReason, RefundRequest, RefundState, RefundedUnits};
pub use refund_poll::{REFUND_POLL_AFTER_S, REFUND_POLL_TIMER, RefundPoll};
pub use review::{accept_less, end_hold};
pub use send_refund::{RefundSender, RefundStanding, SendRefundError};
pub use settle::{
    AskRefused, Escrow, HoldReason, MoneyState, OrderChange, OrderStanding, OrderStep, RefundAsk, SettleError, Settled,
    Standing, Status, ask_again, ask_refund, follow, release_escrow, settle,
};
#[cfg(feature = "crash")]
pub use store::crash;
pub use store::{
    AccountEntry, BeyondLimit, CASE_NOTE_CHARS_MAX, CASES_PAGE_MAX, Case, CaseId, CaseIdError, CaseReason, CaseState,
    Closing, Compared, DISPUTES_PAGE_MAX, ENTRIES_MAX, EntryPage, FACTS_MAX, Finding, INTENTS_MAX, Kept, LEDGER_SHARDS,
    Link, NotOpened, Notice, NoticeSource, OPEN_DAYS_MAX, OrderMoney, POSTINGS_MAX, PaymentRecord, Payments, Posted,
    Progress, QUARANTINED_BYTES_MAX, RefundRecord, Refused, Release, Review, Stale, Told, Warned,
};
