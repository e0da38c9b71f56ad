//! The context's tables: `PaymentsTable` for notices, intents, facts and money, `LedgerTable` for postings alone, so that
//! the functions' policies can grant inserts there and nothing else.
//!
//! Access patterns: `docs/data-model/payments.md`.

mod cards;
mod cases;
mod cash;
#[cfg(feature = "crash")]
pub mod crash;
mod disputes;
mod escrow;
mod instant;
mod intents;
mod keys;
mod ledger;
mod notices;
mod objects;
mod order_money;
mod polling;
mod reconciliation;
mod refunds;
mod reviews;
mod risk;
mod told;

use dynamo::{Dynamo, Outbox, Part, StoreError};
use kernel::{Envelope, Event};

pub use cases::{CASE_NOTE_CHARS_MAX, CASES_PAGE_MAX, Case, CaseId, CaseIdError, CaseReason, CaseState, Finding};
pub use disputes::{DISPUTES_PAGE_MAX, Warned};
pub use escrow::Release;
pub use intents::INTENTS_MAX;
pub use ledger::{AccountEntry, Closing, ENTRIES_MAX, EntryPage, LEDGER_SHARDS, OPEN_DAYS_MAX, POSTINGS_MAX, Posted};
pub use notices::{Kept, Notice, NoticeSource, QUARANTINED_BYTES_MAX, Refused};
pub use objects::Link;
pub use order_money::{FACTS_MAX, OrderMoney};
pub use polling::PaymentRecord;
pub use reconciliation::{Compared, Progress};
pub use refunds::RefundRecord;
pub use reviews::{NotOpened, Review};
pub use risk::BeyondLimit;
pub use told::Told;

/// A write was refused because somebody else was quicker: read again and decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stale;

/// The store of payments. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Payments {
    dynamo: Dynamo,
    table: String,
    ledger: String,
    outbox: Outbox,
}

impl Payments {
    /// On its two tables and the outbox. Functions that post nothing to the ledger may give an empty name for it.
    pub fn new(dynamo: Dynamo, table: &str, ledger: &str, outbox: Outbox) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
            ledger: ledger.to_owned(),
            outbox,
        }
    }

    /// Clock and chance of the store.
    pub const fn ambient(&self) -> &kernel::Ambient {
        self.dynamo.ambient()
    }

    fn event<E: Event, R>(&self, event: &E, correlation: Option<&str>) -> Result<Part<R>, StoreError> {
        let envelope = Envelope::of(event, self.dynamo.ambient(), correlation)
            .map_err(|error| StoreError::Rejected(error.to_string()))?;
        self.outbox.append(&envelope)
    }
}
