//! Time: on the wall, and on the processor by thread name.

use std::{
    fs,
    time::{Duration, Instant},
};

/// Name of the platform's threads.
pub(crate) const PLATFORM: &str = "platform";
/// Name of the threads of clients and doubles.
pub(crate) const OUTSIDE: &str = "outside";
/// Name of the embedded DynamoDB's thread.
const DYNAMODB: &str = "dynamodb";
/// The kernel counts process time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// What the process has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    /// All of it.
    pub(crate) process: Duration,
    /// The embedded DynamoDB's thread.
    pub(crate) dynamodb: Duration,
    /// Clients and doubles, this thread included.
    pub(crate) outside: Duration,
}

impl Used {
    /// Up to now, as the kernel says in `/proc`.
    pub(crate) fn now() -> Self {
        let mut used = Self {
            process: process().unwrap_or_default(),
            ..Self::default()
        };
        for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let (name, ran) = (read("comm"), read("schedstat"));
            let nanos = ran.split(' ').next().and_then(|nanos| nanos.parse().ok());
            let ran = Duration::from_nanos(nanos.unwrap_or_default());
            match name.trim() {
                DYNAMODB => used.dynamodb += ran,
                OUTSIDE => used.outside += ran,
                name if name.starts_with("orders") => used.outside += ran,
                _ => {}
            }
        }
        used
    }

    /// Since another look.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            process: self.process.saturating_sub(before.process),
            dynamodb: self.dynamodb.saturating_sub(before.dynamodb),
            outside: self.outside.saturating_sub(before.outside),
        }
    }
}

/// User and system time of all threads, those that ended included.
fn process() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = |at: usize| fields.split_whitespace().nth(at)?.parse::<u32>().ok();
    Some(TICK * ticks(11)?.checked_add(ticks(12)?)?)
}

/// Now.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
