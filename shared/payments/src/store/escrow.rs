//! Money that is held for a merchant, and its release.

use dynamo::{CommitError, Part, StoreError};
use kernel::OrderId;

use super::{OrderMoney, Payments, Stale};
use crate::{Escrow, release_escrow};

/// How often a release is decided again after somebody else was quicker.
const ROUNDS_MAX: usize = 6;

/// What became of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// The money is the merchant's now.
    Released,
    /// A dispute stops the clock: look again later.
    Disputed,
    /// Nothing is held: it was released, never held, or the order did not take its money.
    Nothing,
}

impl Payments {
    /// The parts that release an order's money, for a transaction that has more to do; none, with what that means, where
    /// nothing is to be done. Access pattern `payments.settle`.
    ///
    /// # Errors
    ///
    /// When the books do not add up, or an item does not serialise.
    pub fn release_parts(&self, money: &OrderMoney) -> Result<(Release, Vec<Part<Stale>>), StoreError> {
        let released = release_escrow(&money.state, self.dynamo.ambient().now());
        let released = released.map_err(|error| StoreError::Rejected(error.to_string()))?;
        let state = &money.state;
        match released {
            Some(settled) => Ok((Release::Released, self.settle_parts(&settled, None)?)),
            None if state.escrow == Escrow::Held && state.folded.disputes_open > 0 => {
                Ok((Release::Disputed, Vec::new()))
            }
            None => Ok((Release::Nothing, Vec::new())),
        }
    }

    /// Makes an order's money the merchant's: its customer has the goods, or had time enough to say otherwise. Releasing
    /// twice is harmless.
    ///
    /// # Errors
    ///
    /// When the books cannot be read or written, or others changed them every time.
    pub async fn release(&self, order: OrderId) -> Result<Release, StoreError> {
        for _ in 0..ROUNDS_MAX {
            let Some(money) = self.known_money(order).await? else {
                return Ok(Release::Nothing);
            };
            let (release, parts) = self.release_parts(&money)?;
            if parts.is_empty() {
                return Ok(release);
            }
            match self.dynamo.commit(parts).await {
                Ok(()) => return Ok(release),
                Err(CommitError::Refused(_) | CommitError::Conflict) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Err(StoreError::Throttled)
    }
}
