//! What staff make of a payment that rules hold.

use kernel::{Actor, Timestamp};

use super::REFUSED_BY_STAFF;
use crate::{Intent, IntentState};

/// What staff say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on, as soon as its payer comes back.
    Approve,
    /// It does not start, ever.
    Refuse,
}

impl Intent {
    /// The rules that hold it, by name; `None` when none do, or staff have spoken.
    pub fn held_by(&self) -> Option<&[String]> {
        match &self.state {
            IntentState::InReview { rules } => Some(rules),
            IntentState::Approved { .. }
            | IntentState::Sending
            | IntentState::Open { .. }
            | IntentState::Refused { .. } => None,
        }
    }

    /// The try after staff spoke; `None` when it is not one that waits for them.
    #[must_use]
    pub fn reviewed(&self, verdict: Verdict, by: Actor, at: Timestamp) -> Option<Self> {
        self.held_by()?;
        let state = match verdict {
            Verdict::Approve => IntentState::Approved { by, at },
            Verdict::Refuse => IntentState::Refused {
                code: REFUSED_BY_STAFF.to_owned(),
            },
        };
        Some(Self {
            state,
            version: self.version.saturating_add(1),
            ..self.clone()
        })
    }
}
