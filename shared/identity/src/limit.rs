//! How often what can be guessed or pumped may be tried.

/// A limit per subject: an identifier's index, a source address, or a shard of everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Its name: part of the counter's key.
    pub name: &'static str,
    /// What it allows.
    pub rule: Rule,
}

/// What a limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// One each so many seconds.
    Spacing {
        /// The pause, in seconds.
        seconds: i64,
    },
    /// So many in each window; windows are counted from the epoch, so that one update counts and checks.
    Window {
        /// Length of the window, in seconds.
        seconds: i64,
        /// The most in one window.
        max: u32,
    },
}

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

const fn spacing(name: &'static str, seconds: i64) -> Limit {
    Limit {
        name,
        rule: Rule::Spacing { seconds },
    }
}

const fn window(name: &'static str, seconds: i64, max: u32) -> Limit {
    Limit {
        name,
        rule: Rule::Window { seconds, max },
    }
}

/// Codes to one address or number: one a minute, five an hour, ten a day.
pub const CODES_PER_IDENTIFIER: &[Limit] = &[
    spacing("code-spacing", MINUTE),
    window("code-hour", HOUR, 5),
    window("code-day", DAY, 10),
];
/// Codes asked for from one source address: offices and carriers share theirs.
pub const CODES_PER_ADDRESS: &[Limit] = &[
    window("code-address-hour", HOUR, 30),
    window("code-address-day", DAY, 100),
];
/// Shards of the limit on all codes: one counter would be one hot item.
pub const CODE_SHARDS: u64 = 8;
/// Codes in all, per shard: what messages may cost in the worst hour is eight times this.
pub const CODES_IN_ALL: &[Limit] = &[window("code-all-hour", HOUR, 1_250)];
/// Tries of codes from one source address, over all codes.
pub const CODE_TRIES_PER_ADDRESS: &[Limit] = &[window("code-try-address-hour", HOUR, 100)];
/// Password tries on one account. Who is locked out by another's tries can still sign in by code.
pub const PASSWORD_TRIES_PER_IDENTIFIER: &[Limit] = &[
    window("password-quarter", 15 * MINUTE, 10),
    window("password-day", DAY, 50),
];
/// Password tries from one source address.
pub const PASSWORD_TRIES_PER_ADDRESS: &[Limit] = &[window("password-address-quarter", 15 * MINUTE, 60)];
/// Refreshes and sign-outs from one source address: the tokens cannot be guessed, the work can be pumped.
pub const REFRESHES_PER_ADDRESS: &[Limit] = &[window("refresh-address-minute", MINUTE, 300)];
/// Tries of the bootstrap secret from one source address.
pub const BOOTSTRAPS_PER_ADDRESS: &[Limit] = &[window("bootstrap-address-hour", HOUR, 10)];
/// Tries of the bootstrap secret in all.
pub const BOOTSTRAPS_IN_ALL: &[Limit] = &[window("bootstrap-all-hour", HOUR, 50)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_limits_share_a_counter() {
        let all = [
            CODES_PER_IDENTIFIER,
            CODES_PER_ADDRESS,
            CODES_IN_ALL,
            CODE_TRIES_PER_ADDRESS,
            PASSWORD_TRIES_PER_IDENTIFIER,
            PASSWORD_TRIES_PER_ADDRESS,
            REFRESHES_PER_ADDRESS,
            BOOTSTRAPS_PER_ADDRESS,
            BOOTSTRAPS_IN_ALL,
        ];
        let mut seen = std::collections::BTreeSet::new();
        assert!(
            all.concat()
                .iter()
                .all(|limit| seen.insert(limit.name) && !limit.name.contains('#'))
        );
    }
}
