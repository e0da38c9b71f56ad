//! What is going on right now, and the sign to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// Counts batches in hand.
#[derive(Debug, Default)]
pub(super) struct Activity {
    running: AtomicUsize,
    begun: AtomicU64,
}

impl Activity {
    /// One more batch is in hand until the answer is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.running.fetch_add(1, Ordering::SeqCst);
        Running(Arc::clone(self))
    }

    /// Batches in hand.
    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    /// Batches ever begun: unchanged between two looks means that nothing began and ended unseen in between.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }
}

/// A batch in hand.
#[derive(Debug)]
pub(super) struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The sign to stop. A dropped sender means stop as well.
#[derive(Debug, Clone)]
pub(super) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// The sign and its trigger.
    pub(super) fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Whether the sign was given.
    pub(super) fn given(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Returns when the sign is given.
    pub(super) async fn wait(&self) {
        let mut receiver = self.0.clone();
        // An error means that the sender is gone, which is the sign too.
        let _gone = receiver.wait_for(|stop| *stop).await;
    }

    /// Sleeps; returns early, with true, when the sign is given.
    pub(super) async fn sleep(&self, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.wait() => true,
            () = tokio::time::sleep(time) => self.given(),
        }
    }
}

/// Doubling waits between a least and a most.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    next: Duration,
    least: Duration,
    most: Duration,
}

impl Backoff {
    /// Starts at `least`.
    pub(super) const fn new(least: Duration, most: Duration) -> Self {
        Self {
            next: least,
            least,
            most,
        }
    }

    /// The wait to make now; the next one is twice as long.
    pub(super) fn step(&mut self) -> Duration {
        let now = self.next;
        self.next = now.saturating_mul(2).min(self.most);
        now
    }

    /// Back to `least`.
    pub(super) fn reset(&mut self) {
        self.next = self.least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_start_again_after_a_reset() {
        let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(70));
        let waits: Vec<u128> = (0..4).map(|_| backoff.step().as_millis()).collect();
        assert_eq!(waits, [20, 40, 70, 70]);
        backoff.reset();
        assert_eq!(backoff.step().as_millis(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_ends_early_when_the_sign_is_given_or_its_trigger_is_gone() {
        let (trigger, stop) = Stop::new();
        assert!(!stop.sleep(Duration::from_secs(1)).await);
        drop(trigger);
        assert!(stop.given());
        assert!(stop.sleep(Duration::from_hours(1)).await);
    }
}
