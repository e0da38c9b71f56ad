//! What follows an attempt.

use kernel::Timestamp;

use super::{Delivery, DeliveryState, LAST_CHARS_MAX, Outcome, StopReason};

/// How long after each failed attempt the next one comes at the latest, in seconds: Standard Webhooks' schedule after its
/// first retry, since timers are swept each minute. That first retry is asked for by an event; see [`SOON_S`].
pub const RETRY_S: [i64; 9] = [
    60,
    5 * 60,
    30 * 60,
    2 * 3_600,
    5 * 3_600,
    10 * 3_600,
    14 * 3_600,
    20 * 3_600,
    24 * 3_600,
];
/// Attempts of one delivery: the first, and one after each pause of [`RETRY_S`].
pub const ATTEMPTS_MAX: usize = RETRY_S.len() + 1;
/// A pause is longer by up to this many percent, so that what failed together does not come back together.
pub const JITTER_PERCENT_MAX: u64 = 20;
/// The longest `Retry-After` that is honoured, in seconds: a day.
pub const RETRY_AFTER_S_MAX: i64 = 24 * 3_600;
/// How long the first attempts of new events wait after their endpoint failed, in seconds.
pub const PAUSE_S: i64 = 60;

/// When an event's very first attempt fails, a second one is asked for at once, and comes this many seconds later: the delay
/// of the queue of retries, `OrderWebhookRetryQueue`. When that gets lost, the schedule goes on without it. Only an attempt
/// that was made at once has it: events that waited for a paused endpoint do not, so that a dead endpoint costs others'
/// retries no more than one early call per event that it was still open for.
pub const SOON_S: i64 = 5;

/// What an attempt means for the delivery and its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The delivery after the attempt.
    pub delivery: Delivery,
    /// The next attempt is to be asked for now, for [`SOON_S`] from now, and not only when it falls due.
    pub soon: bool,
    /// The endpoint is to be stopped.
    pub stop: Option<StopReason>,
    /// The endpoint is to be paused until then.
    pub pause: Option<Timestamp>,
}

/// Decides after an attempt. `jitter_percent` is 0 to [`JITTER_PERCENT_MAX`], by chance.
pub fn decide(mut delivery: Delivery, outcome: &Outcome, now: Timestamp, jitter_percent: i64) -> Decision {
    let pause = RETRY_S
        .get(usize::try_from(delivery.attempts).unwrap_or(usize::MAX))
        .copied();
    let at_once = delivery.version == 0;
    delivery.attempts = delivery.attempts.saturating_add(1);
    delivery.last = Some(outcome.to_string().chars().take(LAST_CHARS_MAX).collect());
    let held = |stop| (DeliveryState::Held, Some(stop), None);
    let (state, stop, paused) = match outcome {
        Outcome::Delivered { .. } => (DeliveryState::Delivered, None, None),
        Outcome::Gone => held(StopReason::Gone),
        Outcome::Forbidden => held(StopReason::Forbidden),
        Outcome::Failed { retry_after_s, .. } => match pause {
            None => held(StopReason::Exhausted),
            Some(seconds) => {
                let jittered = seconds.saturating_add(seconds.saturating_mul(jitter_percent).div_euclid(100));
                let asked = retry_after_s.unwrap_or_default().clamp(0, RETRY_AFTER_S_MAX);
                let due_at = now.plus_seconds(jittered.max(asked));
                (
                    DeliveryState::Waiting { due_at },
                    None,
                    Some(now.plus_seconds(PAUSE_S.max(asked))),
                )
            }
        },
    };
    let soon = match outcome {
        Outcome::Failed { retry_after_s, .. } => at_once && retry_after_s.unwrap_or_default() <= SOON_S,
        Outcome::Delivered { .. } | Outcome::Gone | Outcome::Forbidden => false,
    };
    Decision {
        delivery: delivery.become_state(state, now),
        soon,
        stop,
        pause: paused,
    }
}
