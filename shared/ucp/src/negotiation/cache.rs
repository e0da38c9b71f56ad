//! Fetched profiles: bounded in number, in age, and in how often anything is fetched.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kernel::Timestamp;

use crate::{Profile, Refusal};

/// Profiles kept, at most; the one that ends first makes room.
const PROFILES_MAX: usize = 256;
/// The shortest time that a profile is kept, whatever its origin says, in seconds.
const KEPT_MIN_S: i64 = 60;
/// The longest, in seconds.
const KEPT_MAX_S: i64 = 3_600;
/// How long a first failure is kept, in seconds; it doubles with each failure after another.
const FAILURE_S: i64 = 5;
/// The longest that a failure is kept, in seconds.
const FAILURE_MAX_S: i64 = 600;
/// Fetches per minute and sandbox, over all origins.
const FETCHES_MAX: u32 = 120;

#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    kept: HashMap<String, Kept>,
    minute: i64,
    fetches: u32,
}

#[derive(Debug)]
struct Kept {
    found: Result<Arc<Profile>, Refusal>,
    fetched_at: Timestamp,
    until: Timestamp,
    failures: u32,
}

#[derive(Debug)]
pub(super) enum Found {
    Known(Result<Arc<Profile>, Refusal>),
    Fetch,
    TooManyFetches,
}

impl Cache {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a URL; `Fetch` counts as one fetch.
    pub(super) fn find(&self, url: &str, now: Timestamp) -> Found {
        let mut state = self.state();
        if let Some(kept) = state.kept.get(url).filter(|kept| kept.until > now) {
            return Found::Known(kept.found.clone());
        }
        if state.may_fetch(now) {
            Found::Fetch
        } else {
            Found::TooManyFetches
        }
    }

    /// Whether a profile that lacks a key may be fetched again: once per floor.
    pub(super) fn may_refresh(&self, url: &str, now: Timestamp) -> bool {
        let mut state = self.state();
        let old = state
            .kept
            .get(url)
            .is_none_or(|kept| now.seconds_since(kept.fetched_at) >= KEPT_MIN_S);
        old && state.may_fetch(now)
    }

    pub(super) fn keep(&self, url: &str, found: Result<Arc<Profile>, Refusal>, max_age_s: i64, now: Timestamp) {
        let mut state = self.state();
        let before = state.kept.get(url).map_or(0, |kept| kept.failures);
        let (failures, kept_s) = match &found {
            Ok(_) => (0, max_age_s.clamp(KEPT_MIN_S, KEPT_MAX_S)),
            Err(_) => (
                before.saturating_add(1),
                (FAILURE_S << before.min(7)).min(FAILURE_MAX_S),
            ),
        };
        if state.kept.len() >= PROFILES_MAX && !state.kept.contains_key(url) {
            state.evict();
        }
        let kept = Kept {
            found,
            fetched_at: now,
            until: now.plus_seconds(kept_s),
            failures,
        };
        state.kept.insert(url.to_owned(), kept);
    }
}

impl State {
    fn may_fetch(&mut self, now: Timestamp) -> bool {
        if self.minute != now.minute() {
            (self.minute, self.fetches) = (now.minute(), 0);
        }
        self.fetches = self.fetches.saturating_add(1);
        self.fetches <= FETCHES_MAX
    }

    fn evict(&mut self) {
        let first = self
            .kept
            .iter()
            .min_by_key(|(_, kept)| kept.until)
            .map(|(url, _)| url.clone());
        first.and_then(|url| self.kept.remove(&url));
    }
}
