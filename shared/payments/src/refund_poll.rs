//! When a refund whose outcome nobody told is asked about.
//!
//! The first timer is set in the transaction that writes that the provider is being asked, so a refund whose sender died is
//! found too. A timer is a hint: the request and the facts hold the truth.

use std::{fmt, str::FromStr};

use dynamo::Timer;
use kernel::{OrderId, RefundId, Timestamp};

use crate::PollError;

/// The kind of these timers.
pub const REFUND_POLL_TIMER: &str = "refund-poll";
/// How long after it was first sent a refund is asked about, in seconds: 1 min, 5 min, 30 min, 24 h, and then 3 and 7
/// days, since banks take days over refunds.
pub const REFUND_POLL_AFTER_S: [i64; 6] = [60, 300, 1_800, 86_400, 3 * 86_400, 7 * 86_400];

/// What one timer is about: the `attempt`th time, from 0, of asking what became of a refund first sent at `since`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundPoll {
    /// Whose money.
    pub order: OrderId,
    /// The refund.
    pub refund: RefundId,
    /// Index into [`REFUND_POLL_AFTER_S`].
    pub attempt: usize,
    /// When it was first sent.
    pub since: Timestamp,
}

impl RefundPoll {
    /// The first of a refund that is being sent now.
    pub const fn first(order: OrderId, refund: RefundId, now: Timestamp) -> Self {
        Self {
            order,
            refund,
            attempt: 0,
            since: now,
        }
    }

    /// The next one whose time is still to come; `None` after the last.
    pub fn next(self, now: Timestamp) -> Option<Self> {
        let later = (self.attempt.saturating_add(1)..REFUND_POLL_AFTER_S.len()).map(|attempt| Self { attempt, ..self });
        let mut later = later.peekable();
        while let Some(poll) = later.next() {
            if poll.due_at() > now || later.peek().is_none() {
                return Some(poll);
            }
        }
        None
    }

    /// When it is due.
    pub fn due_at(self) -> Timestamp {
        let after_s = REFUND_POLL_AFTER_S.get(self.attempt).copied().unwrap_or_default();
        self.since.plus_seconds(after_s)
    }

    /// Its timer, due at `due_at`: its own time, or a later one after an answer that did not come.
    pub fn timer(self, due_at: Timestamp) -> Timer {
        Timer {
            kind: REFUND_POLL_TIMER,
            due_at,
            entity: self.to_string(),
        }
    }
}

impl fmt::Display for RefundPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            order,
            refund,
            attempt,
            since,
        } = self;
        write!(f, "{order}#{refund}#{attempt}#{}", since.millis())
    }
}

impl FromStr for RefundPoll {
    type Err = PollError;
    fn from_str(text: &str) -> Result<Self, PollError> {
        let mut parts = text.split('#');
        let mut part = || parts.next().ok_or(PollError);
        let poll = Self {
            order: part()?.parse().map_err(|_| PollError)?,
            refund: part()?.parse().map_err(|_| PollError)?,
            attempt: part()?.parse().map_err(|_| PollError)?,
            since: Timestamp::from_millis(part()?.parse().map_err(|_| PollError)?),
        };
        match parts.next() {
            None if poll.attempt < REFUND_POLL_AFTER_S.len() => Ok(poll),
            _ => Err(PollError),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;

    #[test]
    fn a_poll_reads_back_what_it_writes_and_skips_what_is_past() {
        let at = Timestamp::from_seconds(1_775_640_600);
        let first = RefundPoll::first(OrderId::from_parts(at, [1; 10]), RefundId::from_parts(at, [2; 10]), at);
        assert_eq!(first.to_string().parse(), Ok(first));
        assert_eq!(first.due_at(), at.plus_seconds(60));
        assert_eq!(first.next(at.plus_seconds(60)).map(|poll| poll.attempt), Some(1));
        assert_eq!(first.next(at.plus_seconds(2_000)).map(|poll| poll.attempt), Some(3));
        let last = first.next(at.plus_seconds(30 * 86_400)).unwrap();
        assert_eq!(last.attempt, REFUND_POLL_AFTER_S.len() - 1);
        assert_eq!(last.next(at), None);
        for bad in ["", "x", &format!("{first}#"), &first.to_string().replace("#0#", "#6#")] {
            assert_eq!(bad.parse::<RefundPoll>(), Err(PollError), "{bad}");
        }
    }
}
