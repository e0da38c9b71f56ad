//! The session itself.

use kernel::{CheckoutId, OrderId, PersonId, Timestamp};
use privacy::Sealed;
use serde::{Deserialize, Serialize};
use ucp::checkout::CheckoutStatus;

use super::{DraftLine, Quote};

/// Lines of one session, at most: what an order of them takes stays within one transaction.
pub const LINES_MAX: usize = 20;
/// How long a session stays open after its last change, in seconds: 6 hours.
pub const OPEN_S: i64 = 6 * 3_600;

/// Where a session stands. Whether an open one is ready is what its quote says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum SessionState {
    /// Can change, until its time is over.
    Open,
    /// Became an order; never changes again.
    Completed {
        /// Which.
        order: OrderId,
        /// When.
        at: Timestamp,
    },
    /// Was given up; never changes again.
    Canceled {
        /// When.
        at: Timestamp,
    },
}

/// A checkout session. It belongs to the platform whose profile created it, and no other ever sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: CheckoutId,
    /// Grows by one with each change, from 1.
    pub version: u64,
    /// The owner: URL of the platform's profile.
    pub owner: String,
    /// Where it stands.
    pub state: SessionState,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it can change.
    pub open_until: Timestamp,
    /// Whose key seals `particulars`: one person per session, whose order it goes on to.
    pub person: PersonId,
    /// The sealed [`super::Particulars`].
    pub particulars: Sealed,
    /// What was asked for.
    pub lines: Vec<DraftLine>,
    /// The last quote over it.
    pub quote: Quote,
}

/// A session that never changes again was to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// It became an order.
    #[error("the checkout is completed")]
    Completed,
    /// It was given up.
    #[error("the checkout is canceled")]
    Canceled,
    /// Its time is over.
    #[error("the checkout has expired")]
    Expired,
}

impl Session {
    /// Whether it can still change.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn open(&self, now: Timestamp) -> Result<(), Closed> {
        match self.state {
            SessionState::Open if now < self.open_until => Ok(()),
            SessionState::Open => Err(Closed::Expired),
            SessionState::Completed { .. } => Err(Closed::Completed),
            SessionState::Canceled { .. } => Err(Closed::Canceled),
        }
    }

    /// The same session with another request and its quote.
    ///
    /// # Errors
    ///
    /// When it is closed.
    pub fn replaced(
        self,
        lines: Vec<DraftLine>,
        particulars: Sealed,
        quote: Quote,
        now: Timestamp,
    ) -> Result<Self, Closed> {
        self.open(now)?;
        let open_until = now.plus_seconds(OPEN_S);
        Ok(Self {
            version: self.version.saturating_add(1),
            lines,
            particulars,
            quote,
            open_until,
            ..self
        })
    }

    /// The session as an order.
    ///
    /// # Errors
    ///
    /// When it is closed.
    pub fn completed(self, order: OrderId, particulars: Sealed, quote: Quote, now: Timestamp) -> Result<Self, Closed> {
        self.open(now)?;
        let state = SessionState::Completed { order, at: now };
        Ok(Self {
            version: self.version.saturating_add(1),
            state,
            particulars,
            quote,
            ..self
        })
    }

    /// The session given up.
    ///
    /// # Errors
    ///
    /// When it is closed.
    pub fn canceled(self, now: Timestamp) -> Result<Self, Closed> {
        self.open(now)?;
        Ok(Self {
            version: self.version.saturating_add(1),
            state: SessionState::Canceled { at: now },
            ..self
        })
    }

    /// As UCP says it.
    pub fn status(&self, now: Timestamp) -> CheckoutStatus {
        match self.state {
            SessionState::Completed { .. } => CheckoutStatus::Completed,
            SessionState::Canceled { .. } => CheckoutStatus::Canceled,
            SessionState::Open if now >= self.open_until => CheckoutStatus::Canceled,
            SessionState::Open if self.quote.escalated() => CheckoutStatus::RequiresEscalation,
            SessionState::Open if self.quote.blocked() => CheckoutStatus::Incomplete,
            SessionState::Open => CheckoutStatus::ReadyForComplete,
        }
    }
}
