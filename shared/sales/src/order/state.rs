//! Where an order stands, and every legal move between two standings.

use std::{fmt, str::FromStr};

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Where an order stands. Each variant carries exactly the data of that state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum State {
    /// Placed, its stock reserved, not paid; expires at `due_at`.
    AwaitingPayment {
        /// From when it may expire.
        due_at: Timestamp,
    },
    /// Money came that does not settle it: a person, or more money, decides. Never expires by itself.
    OnHold {
        /// Since when.
        since: Timestamp,
        /// Why.
        hold: Hold,
    },
    /// Paid, or to be paid at the door: to be allocated, shipped and delivered. How far it is stands in the lines.
    Confirmed {
        /// When it was paid in full, or agreed that it is paid at the door.
        #[serde(alias = "paid_at")]
        confirmed_at: Timestamp,
    },
    /// Nothing is left to ship or to deliver.
    Completed {
        /// When the last part was closed.
        completed_at: Timestamp,
    },
    /// Not paid in time; its stock was given back.
    Expired {
        /// When.
        expired_at: Timestamp,
    },
    /// Cancelled as a whole before anything was shipped; its stock was given back.
    Cancelled {
        /// When.
        cancelled_at: Timestamp,
    },
}

/// Why an order is on hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Less was paid than the order costs.
    Underpaid,
    /// More was paid than the order costs.
    Overpaid,
    /// The money went back, or is disputed, before the order was confirmed.
    Reversed,
}

/// A state without its data: what lists are keyed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateName {
    /// See [`State::AwaitingPayment`].
    AwaitingPayment,
    /// See [`State::OnHold`].
    OnHold,
    /// See [`State::Confirmed`].
    Confirmed,
    /// See [`State::Completed`].
    Completed,
    /// See [`State::Expired`].
    Expired,
    /// See [`State::Cancelled`].
    Cancelled,
}

/// All states.
pub const STATES: [StateName; 6] = [
    StateName::AwaitingPayment,
    StateName::OnHold,
    StateName::Confirmed,
    StateName::Completed,
    StateName::Expired,
    StateName::Cancelled,
];

/// A text that is no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a state of an order")]
pub struct UnknownState;

impl StateName {
    /// As kept, listed and published.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "awaiting_payment",
            Self::OnHold => "on_hold",
            Self::Confirmed => "confirmed",
            Self::Completed => "completed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StateName {
    type Err = UnknownState;
    fn from_str(text: &str) -> Result<Self, UnknownState> {
        STATES
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(UnknownState)
    }
}

impl State {
    /// Its name.
    pub const fn name(&self) -> StateName {
        match self {
            Self::AwaitingPayment { .. } => StateName::AwaitingPayment,
            Self::OnHold { .. } => StateName::OnHold,
            Self::Confirmed { .. } => StateName::Confirmed,
            Self::Completed { .. } => StateName::Completed,
            Self::Expired { .. } => StateName::Expired,
            Self::Cancelled { .. } => StateName::Cancelled,
        }
    }
}

/// What may happen to an order, as far as its state is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Money came that does not settle it.
    Hold(Hold),
    /// It is paid in full.
    Pay,
    /// It is paid at the door.
    Promise,
    /// What is known of its money changed, and nothing follows from it.
    Note,
    /// It was not paid in time.
    Expire,
    /// It was paid after it had expired, and its stock could be reserved again.
    Revive,
    /// It is cancelled as a whole.
    Cancel,
    /// Units were allocated, shipped, delivered or cancelled; `done` when nothing is left to ship or deliver.
    Progress {
        /// Whether this was the last of it.
        done: bool,
    },
    /// A parcel was seen somewhere, or units came back.
    Track,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hold(_) => "hold",
            Self::Pay => "pay",
            Self::Promise => "be paid at the door",
            Self::Note => "note money",
            Self::Expire => "expire",
            Self::Revive => "revive",
            Self::Cancel => "cancel",
            Self::Progress { .. } => "fulfil",
            Self::Track => "track",
        })
    }
}

/// A move that the state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from} cannot {step}")]
pub struct InvalidTransition {
    /// Where the order stands.
    pub from: StateName,
    /// What was tried.
    pub step: Step,
}

/// Every legal move.
#[expect(clippy::match_same_arms, reason = "a table: each step has its own rows")]
pub(super) fn after(state: State, step: Step, at: Timestamp) -> Result<State, InvalidTransition> {
    use State::{AwaitingPayment, Cancelled, Completed, Confirmed, Expired, OnHold};
    let refused = InvalidTransition {
        from: state.name(),
        step,
    };
    match (state, step) {
        (AwaitingPayment { .. }, Step::Hold(hold)) => Ok(OnHold { since: at, hold }),
        (OnHold { since, .. }, Step::Hold(hold)) => Ok(OnHold { since, hold }),
        (Confirmed { .. } | Completed { .. } | Expired { .. } | Cancelled { .. }, Step::Hold(_)) => Err(refused),

        (AwaitingPayment { .. } | OnHold { .. }, Step::Pay)
        | (
            AwaitingPayment { .. }
            | OnHold {
                hold: Hold::Underpaid, ..
            },
            Step::Promise,
        )
        | (Expired { .. }, Step::Revive) => Ok(Confirmed { confirmed_at: at }),
        (OnHold { .. } | Confirmed { .. } | Completed { .. } | Expired { .. } | Cancelled { .. }, Step::Promise) => {
            Err(refused)
        }
        (Confirmed { .. } | Completed { .. } | Expired { .. } | Cancelled { .. }, Step::Pay) => Err(refused),
        (
            AwaitingPayment { .. } | OnHold { .. } | Confirmed { .. } | Completed { .. } | Cancelled { .. },
            Step::Revive,
        ) => Err(refused),

        (
            AwaitingPayment { .. }
            | OnHold { .. }
            | Confirmed { .. }
            | Completed { .. }
            | Expired { .. }
            | Cancelled { .. },
            Step::Note,
        ) => Ok(state),

        (AwaitingPayment { due_at }, Step::Expire) if due_at <= at => Ok(Expired { expired_at: at }),
        (
            AwaitingPayment { .. }
            | OnHold { .. }
            | Confirmed { .. }
            | Completed { .. }
            | Expired { .. }
            | Cancelled { .. },
            Step::Expire,
        ) => Err(refused),

        (AwaitingPayment { .. } | OnHold { .. } | Confirmed { .. }, Step::Cancel) => Ok(Cancelled { cancelled_at: at }),
        (Completed { .. } | Expired { .. } | Cancelled { .. }, Step::Cancel) => Err(refused),

        (Confirmed { .. }, Step::Progress { done: false }) => Ok(state),
        (Confirmed { .. }, Step::Progress { done: true }) => Ok(Completed { completed_at: at }),
        (
            AwaitingPayment { .. } | OnHold { .. } | Completed { .. } | Expired { .. } | Cancelled { .. },
            Step::Progress { .. },
        ) => Err(refused),

        (Confirmed { .. } | Completed { .. }, Step::Track) => Ok(state),
        (AwaitingPayment { .. } | OnHold { .. } | Expired { .. } | Cancelled { .. }, Step::Track) => Err(refused),
    }
}
