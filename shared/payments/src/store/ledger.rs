//! Ledger rows: inserted, never changed.

use dynamo::{Part, Record, StoreError, to_item};
use serde::{Deserialize, Serialize};

use super::{Payments, Stale, keys};
use crate::{ObjectId, Posting};

#[derive(Serialize, Deserialize)]
struct PostingItem {
    posting: Posting,
    /// The delivery that told the fact.
    delivery: Option<ObjectId>,
}

impl Record for PostingItem {
    const ENTITY: &'static str = "posting";
    const SHAPE: u16 = 1;
}

impl Payments {
    /// The part that inserts a posting under its business key: order and cause. Access pattern `payments.ledger.post`.
    pub(super) fn posting_part(
        &self,
        posting: &Posting,
        delivery: Option<&ObjectId>,
    ) -> Result<Part<Stale>, StoreError> {
        let item = PostingItem {
            posting: posting.clone(),
            delivery: delivery.cloned(),
        };
        let key = keys::posting(posting.order(), posting.cause());
        Ok(Part::insert(&self.ledger, to_item(&key, &item)?).refused(Stale))
    }
}
