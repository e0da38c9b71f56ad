//! The machine's clock and randomness.

use kernel::{Clock, Random, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};

/// The wall clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
    }
}

/// The system's random number generator.
pub(crate) struct SystemChance(SystemRandom);

impl SystemChance {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that takes randomness from the system"
    )]
    pub(crate) fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Random for SystemChance {
    fn fill(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // Without randomness no id or key is safe to make: end this invocation rather than go on.
            std::panic::resume_unwind(Box::new("the system gives no random bytes"));
        }
    }
}
