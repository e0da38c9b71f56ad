//! When a payment that nobody told us of is asked about.
//!
//! A notice may never come: every provider says so. So each payment has a timer from the transaction that writes its
//! intent on, and each query that finds it still open sets the next. A timer is a hint: the intent holds the truth, so one
//! that fires twice or late asks once more, and what a query finds is booked once.

use std::{fmt, str::FromStr};

use dynamo::Timer;
use kernel::{OrderId, PaymentId};

use crate::{Intent, Provider};

/// The kind of these timers.
pub const POLL_TIMER: &str = "payment-poll";
/// How long after an intent was written its payment is asked about, in seconds: 1 min, 5 min, 30 min, 24 h.
pub const POLL_AFTER_S: [i64; 4] = [60, 300, 1_800, 86_400];

/// What one timer is about: the `attempt`th time, from 0, of asking what became of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    /// The order that is paid.
    pub order: OrderId,
    /// Our payment.
    pub payment: PaymentId,
    /// Index into [`POLL_AFTER_S`].
    pub attempt: usize,
}

/// A text that is no timer's of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an order, a payment and an attempt")]
pub struct PollError;

impl Poll {
    /// The first of an intent; `None` where there is nobody to ask, or nothing to wait for.
    pub const fn first(intent: &Intent) -> Option<Self> {
        match intent.provider {
            Provider::Stripe | Provider::WechatPay | Provider::Alipay => Some(Self {
                order: intent.order,
                payment: intent.id,
                attempt: 0,
            }),
            Provider::CashOnDelivery | Provider::Instant => None,
        }
    }

    /// The one after this; `None` after the last.
    pub const fn next(self) -> Option<Self> {
        let attempt = self.attempt.saturating_add(1);
        if attempt < POLL_AFTER_S.len() {
            return Some(Self { attempt, ..self });
        }
        None
    }

    /// Its timer, due at its time after the intent was written; `None` for an attempt that there is not.
    pub fn timer(self, intent: &Intent) -> Option<Timer> {
        let after_s = *POLL_AFTER_S.get(self.attempt)?;
        Some(Timer {
            kind: POLL_TIMER,
            due_at: intent.created_at.plus_seconds(after_s),
            entity: self.to_string(),
        })
    }
}

impl fmt::Display for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}#{}", self.order, self.payment, self.attempt)
    }
}

impl FromStr for Poll {
    type Err = PollError;
    fn from_str(text: &str) -> Result<Self, PollError> {
        let mut parts = text.split('#');
        let mut part = || parts.next().ok_or(PollError);
        let poll = Self {
            order: part()?.parse().map_err(|_| PollError)?,
            payment: part()?.parse().map_err(|_| PollError)?,
            attempt: part()?.parse().map_err(|_| PollError)?,
        };
        match parts.next() {
            None if poll.attempt < POLL_AFTER_S.len() => Ok(poll),
            _ => Err(PollError),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, Timestamp};

    use super::*;

    fn poll(attempt: usize) -> Poll {
        let at = Timestamp::from_millis(1_775_640_600_000);
        Poll {
            order: OrderId::from_parts(at, [1; 10]),
            payment: PaymentId::from_parts(at, [2; 10]),
            attempt,
        }
    }

    #[test]
    fn a_poll_reads_back_what_it_writes_and_ends_after_the_last() {
        let mut next = Some(poll(0));
        let mut count = 0;
        while let Some(poll) = next {
            assert_eq!(poll.to_string().parse(), Ok(poll));
            count += 1;
            next = poll.next();
        }
        assert_eq!(count, POLL_AFTER_S.len());
    }

    #[test]
    fn what_is_no_poll_does_not_parse() {
        for bad in [
            String::new(),
            poll(0).order.to_string(),
            poll(4).to_string(),
            format!("{}#", poll(0)),
            format!("{}#x", poll(0)),
        ] {
            assert_eq!(bad.parse::<Poll>(), Err(PollError), "{bad}");
        }
    }
}
