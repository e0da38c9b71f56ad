//! The platform's only reading of clock and randomness.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom};

/// Milliseconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "the platform's one clock")]
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Whole seconds since the epoch.
pub(crate) fn now_s() -> u64 {
    now_ms() / 1_000
}

/// Random bytes of the operating system. An unreadable source leaves zeros: ids then collide, which is logged.
#[expect(clippy::disallowed_methods, reason = "the platform's one source of randomness")]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::error!("random.unavailable");
    }
    bytes
}

/// A random UUID, as Lambda and API Gateway give as request ids.
pub(crate) fn request_id() -> String {
    uuid::Builder::from_random_bytes(random()).into_uuid().to_string()
}

/// An X-Ray trace header that is not sampled.
pub(crate) fn trace_header() -> String {
    let id: [u8; 12] = random();
    let parent: [u8; 8] = random();
    format!(
        "Root=1-{:08x}-{};Parent={};Sampled=0",
        now_s(),
        hex::encode(id),
        hex::encode(parent)
    )
}
