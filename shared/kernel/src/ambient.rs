//! Time and randomness as parameters.

use std::sync::Arc;

use crate::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes, fit for keys and codes.
pub trait Random: Send + Sync {
    /// Overwrites `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// What a handler may take from its surroundings: the time, and chance. Everything else is an argument.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Ambient {
    /// From a clock and a source of randomness.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { clock, random }
    }

    /// Now, in UTC.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` random bytes.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A random number below `bound`, without bias that matters for bounds far below 2^64; 0 when `bound` is 0.
    pub fn random_below(&self, bound: u64) -> u64 {
        u64::from_le_bytes(self.random_bytes())
            .checked_rem(bound)
            .unwrap_or_default()
    }
}

impl std::fmt::Debug for Ambient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ambient").finish_non_exhaustive()
    }
}
