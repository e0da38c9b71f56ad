//! Risk on the way in: whether a payment may start, and under which conditions. Rules are data, so that an operator changes
//! them without a deployment.
//!
//! A rule looks at the amount, or at how much one customer, card, device or address did within a window. Windows are
//! clock hours and days (UTC), not sliding ones: one counter each, and a limit that is exact under concurrency.

mod review;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use kernel::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

pub use review::Verdict;

/// The code of a payment that staff refused.
pub const REFUSED_BY_STAFF: &str = "refused_by_staff";
/// The most rules.
pub const RULES_MAX: usize = 50;
/// The longest name of a rule, in bytes.
const RULE_NAME_BYTES_MAX: usize = 64;

/// What is done about a payment. The later variant is the stricter one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It starts.
    Pass,
    /// It starts, and the payer proves who they are more strongly (3-D Secure) where the provider can ask for that;
    /// elsewhere it is held.
    StepUp,
    /// It waits for staff.
    Hold,
    /// It does not start.
    Refuse,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The signed-in customer.
    Customer,
    /// The payer's card, as the provider's fingerprint of it.
    Card,
    /// The payer's device, as the storefront names it.
    Device,
    /// The payer's address on the internet.
    Address,
}

/// For how long it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// A clock hour.
    Hour,
    /// A day, UTC.
    Day,
}

/// When a rule speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "if", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// The payment is over the limit of its currency. A currency without a limit has none.
    AmountOver {
        /// Minor units by currency.
        limits: BTreeMap<Currency, i64>,
    },
    /// With this payment there are more than `limit` in the window.
    CountOver {
        /// Of whom.
        by: Dimension,
        /// Within what.
        window: Window,
        /// How many may be.
        limit: u32,
    },
    /// With this payment the sum in the window is over the limit of its currency.
    SumOver {
        /// Of whom.
        by: Dimension,
        /// Within what.
        window: Window,
        /// Minor units by currency.
        limits: BTreeMap<Currency, i64>,
    },
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name: what staff see beside a payment that it held.
    pub name: String,
    /// When it speaks.
    pub when: Condition,
    /// What it says.
    pub then: Outcome,
}

/// The rules in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// In any order: the strictest outcome counts.
    pub rules: Vec<Rule>,
    /// 0: those that come with the product; counts every change after.
    pub version: u64,
}

/// Why rules are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RulesError {
    /// Too many.
    #[error("there are more than {RULES_MAX} rules")]
    TooMany,
    /// A name is missing, too long, or not plain.
    #[error("rule {0}: a name has 1 to {RULE_NAME_BYTES_MAX} letters, digits, `-` and `_`")]
    Name(usize),
    /// Two rules of one name.
    #[error("rule {0}: another rule has this name")]
    Twice(usize),
    /// A limit below zero.
    #[error("rule {0}: a limit is below zero")]
    Limit(usize),
}

/// A payment that wants to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// How much.
    pub amount: Money,
    /// Who: digests, never the values themselves.
    pub subjects: BTreeMap<Dimension, String>,
}

/// What one subject did within one window, in the attempt's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Velocity {
    /// Payments that started.
    pub count: u32,
    /// Their sum, in minor units.
    pub amount: i64,
}

/// What an attempt's subjects did so far.
pub type Velocities = BTreeMap<(Dimension, Window), Velocity>;

/// What the rules say of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The strictest outcome.
    pub outcome: Outcome,
    /// The rules that say it, by name.
    pub rules: Vec<String>,
}

impl Default for Rules {
    /// What comes with the product: wide enough for every honest payer, and a stop for scripts that try cards.
    fn default() -> Self {
        let rule = |name: &str, by, window, limit, then| Rule {
            name: name.to_owned(),
            when: Condition::CountOver { by, window, limit },
            then,
        };
        Self {
            rules: vec![
                rule("card-per-hour", Dimension::Card, Window::Hour, 10, Outcome::Hold),
                rule("device-per-hour", Dimension::Device, Window::Hour, 30, Outcome::StepUp),
                rule("customer-per-day", Dimension::Customer, Window::Day, 200, Outcome::Hold),
            ],
            version: 0,
        }
    }
}

impl Rules {
    /// Checks what an operator wrote.
    ///
    /// # Errors
    ///
    /// See [`RulesError`]; the number is the rule's place, from 0.
    pub fn check(&self) -> Result<(), RulesError> {
        if self.rules.len() > RULES_MAX {
            return Err(RulesError::TooMany);
        }
        let mut names = BTreeSet::new();
        for (place, rule) in self.rules.iter().enumerate() {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            if rule.name.is_empty() || rule.name.len() > RULE_NAME_BYTES_MAX || !rule.name.bytes().all(plain) {
                return Err(RulesError::Name(place));
            }
            if !names.insert(&rule.name) {
                return Err(RulesError::Twice(place));
            }
            let limits = match &rule.when {
                Condition::AmountOver { limits } | Condition::SumOver { limits, .. } => limits.values().min(),
                Condition::CountOver { .. } => None,
            };
            if limits.is_some_and(|limit| *limit < 0) {
                return Err(RulesError::Limit(place));
            }
        }
        Ok(())
    }

    /// Whether any rule looks at a dimension.
    pub fn looks_at(&self, dimension: Dimension) -> bool {
        self.rules.iter().any(|rule| match rule.when {
            Condition::CountOver { by, .. } | Condition::SumOver { by, .. } => by == dimension,
            Condition::AmountOver { .. } => false,
        })
    }

    /// What the rules say of an attempt, its own weight included.
    pub fn assess(&self, attempt: &Attempt, seen: &Velocities) -> Assessment {
        let speaking = self.rules.iter().filter(|rule| rule.when.holds(attempt, seen));
        let mut assessment = Assessment {
            outcome: Outcome::Pass,
            rules: Vec::new(),
        };
        for rule in speaking {
            if rule.then > assessment.outcome {
                assessment.outcome = rule.then;
                assessment.rules.clear();
            }
            if rule.then == assessment.outcome {
                assessment.rules.push(rule.name.clone());
            }
        }
        assessment
    }

    /// The number of payments within a window that no attempt may pass, however many start at once: the smallest limit
    /// that refuses.
    pub fn refused_beyond(&self, dimension: Dimension, span: Window) -> Option<u32> {
        let limits = self.rules.iter().filter_map(|rule| match rule.when {
            Condition::CountOver { by, window, limit }
                if rule.then == Outcome::Refuse && by == dimension && window == span =>
            {
                Some(limit)
            }
            Condition::CountOver { .. } | Condition::AmountOver { .. } | Condition::SumOver { .. } => None,
        });
        limits.min()
    }
}

impl Rules {
    /// Those that count by a dimension: what looks at a payment a second time, when that becomes known.
    #[must_use]
    pub fn about(mut self, dimension: Dimension) -> Self {
        self.rules.retain(|rule| match rule.when {
            Condition::CountOver { by, .. } | Condition::SumOver { by, .. } => by == dimension,
            Condition::AmountOver { .. } => false,
        });
        self
    }

    /// The sum within a window that no attempt may pass, however many start at once: the smallest limit of a currency that
    /// refuses.
    pub fn refused_beyond_sum(&self, dimension: Dimension, span: Window, currency: Currency) -> Option<i64> {
        let limits = self.rules.iter().filter_map(|rule| match &rule.when {
            Condition::SumOver { by, window, limits }
                if rule.then == Outcome::Refuse && *by == dimension && *window == span =>
            {
                limits.get(&currency).copied()
            }
            Condition::SumOver { .. } | Condition::AmountOver { .. } | Condition::CountOver { .. } => None,
        });
        limits.min()
    }
}

impl Attempt {
    /// Of an amount, by nobody yet.
    pub const fn of(amount: Money) -> Self {
        Self {
            amount,
            subjects: BTreeMap::new(),
        }
    }

    /// By somebody, where they are known. Kept as a digest.
    #[must_use]
    pub fn by(mut self, dimension: Dimension, value: Option<&str>) -> Self {
        let digest = value.map(|value| subject(dimension, value));
        self.subjects.extend(digest.map(|digest| (dimension, digest)));
        self
    }
}

impl Condition {
    fn holds(&self, attempt: &Attempt, seen: &Velocities) -> bool {
        let amount = attempt.amount.amount();
        let so_far = |by: Dimension, window: Window| {
            let known = attempt.subjects.contains_key(&by);
            known.then(|| seen.get(&(by, window)).copied().unwrap_or_default())
        };
        let over = |limits: &BTreeMap<Currency, i64>, amount: i64| {
            limits
                .get(&attempt.amount.currency())
                .is_some_and(|limit| amount > *limit)
        };
        match self {
            Self::AmountOver { limits } => over(limits, amount),
            Self::CountOver { by, window, limit } => {
                so_far(*by, *window).is_some_and(|velocity| velocity.count.saturating_add(1) > *limit)
            }
            Self::SumOver { by, window, limits } => {
                so_far(*by, *window).is_some_and(|velocity| over(limits, velocity.amount.saturating_add(amount)))
            }
        }
    }
}

impl Dimension {
    /// The name in keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Card => "card",
            Self::Device => "device",
            Self::Address => "address",
        }
    }
}

impl Window {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hour, Self::Day];

    /// How long it is, in seconds.
    pub const fn seconds(self) -> i64 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
        }
    }

    /// The window that a moment is in, as part of a key.
    pub fn bucket(self, at: Timestamp) -> String {
        let name = match self {
            Self::Hour => "hour",
            Self::Day => "day",
        };
        format!("{name}#{}", at.seconds().div_euclid(self.seconds()))
    }
}

/// The digest that stands for a subject in keys and counters. Never the value itself.
pub fn subject(dimension: Dimension, value: &str) -> String {
    let text = format!("{}#{value}", dimension.as_str());
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    hex::encode(digest.as_ref().get(..16).unwrap_or_default())
}

/// The network that an address stands for: of IPv6 the first 64 bits, since one payer has all of the rest. `None` for what
/// is no address.
pub fn network(address: &str) -> Option<String> {
    match address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
    }
}

#[cfg(test)]
mod tests;
