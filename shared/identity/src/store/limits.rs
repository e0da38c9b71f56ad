//! Counters of what can be guessed or pumped.

use dynamo::{AttributeValue, CommitError, Dynamo, Item, Part, StoreError};
use kernel::Timestamp;

use super::keys;
use crate::limit::{Limit, Rule};

/// Counts tries. Access pattern: `limit.charge`.
#[derive(Debug, Clone)]
pub struct Limits {
    dynamo: Dynamo,
    table: String,
}

/// Limits to charge for one subject: an identifier's index, a hashed source address, or a shard.
#[derive(Debug, Clone)]
pub struct Charge {
    /// The limits.
    pub limits: &'static [Limit],
    /// Whom they count. Never personal data in the clear.
    pub subject: String,
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charged {
    /// It is within all limits, and counted.
    Within,
    /// A limit is reached; nothing was counted.
    Exceeded {
        /// When the next try may succeed, in seconds.
        retry_after_s: u32,
    },
}

impl Limits {
    /// On the identity table.
    pub fn new(dynamo: Dynamo, table: &str) -> Self {
        Self {
            dynamo,
            table: table.to_owned(),
        }
    }

    /// Counts a try against all limits at once, or against none of them when one is reached: each is a condition of
    /// one transaction, so no number of tries at the same time gets past a limit.
    pub async fn charge(&self, charges: &[Charge]) -> Result<Charged, StoreError> {
        let now = self.dynamo.ambient().now();
        let parts = charges
            .iter()
            .flat_map(|charge| charge.limits.iter().map(|limit| self.part(limit, &charge.subject, now)))
            .collect();
        match self.dynamo.commit(parts).await {
            Ok(()) => Ok(Charged::Within),
            Err(CommitError::Refused(refusals)) => {
                let wait = refusals
                    .iter()
                    .map(|refusal| wait(refusal.reason, refusal.item.as_ref(), now))
                    .max();
                let retry_after_s = u32::try_from(wait.unwrap_or(1).max(1)).unwrap_or(u32::MAX);
                Ok(Charged::Exceeded { retry_after_s })
            }
            Err(CommitError::Conflict) => Err(StoreError::Throttled),
            Err(CommitError::Store(error)) => Err(error),
        }
    }

    /// Takes back a try that turned out right: only wrong ones use a limit up, and a caller who is right is not kept
    /// out. Pauses stay. A window that has ended meanwhile is left alone.
    pub async fn forgive(&self, charge: &Charge) -> Result<(), StoreError> {
        let now = self.dynamo.ambient().now().seconds();
        for limit in charge.limits {
            let Rule::Window { seconds, .. } = limit.rule else {
                continue;
            };
            let start = now.saturating_sub(now.rem_euclid(seconds.max(1)));
            let key = keys::counter(limit.name, &charge.subject, start);
            let part = Part::update(&self.table, key, "ADD tries :less")
                .when("tries > :none")
                .number(":less", -1)
                .number(":none", 0)
                .refused(());
            self.dynamo.commit(vec![part]).await.or_else(CommitError::first)?;
        }
        Ok(())
    }

    fn part(&self, limit: &Limit, subject: &str, now: Timestamp) -> Part<Rule> {
        let (now, rule) = (now.seconds(), limit.rule);
        let part = match rule {
            Rule::Spacing { seconds } => Part::update(
                &self.table,
                keys::spacing(limit.name, subject),
                "SET last_at = :now, expires_at = :end, #entity = :entity, v = :one",
            )
            .when("attribute_not_exists(last_at) OR last_at <= :due")
            .number(":now", now)
            .number(":due", now.saturating_sub(seconds))
            .number(":end", now.saturating_add(seconds)),
            Rule::Window { seconds, max } => {
                let start = now.saturating_sub(now.rem_euclid(seconds.max(1)));
                Part::update(
                    &self.table,
                    keys::counter(limit.name, subject, start),
                    "ADD tries :one SET expires_at = :end, #entity = :entity, v = :one",
                )
                .when("attribute_not_exists(tries) OR tries < :max")
                .number(":max", max)
                .number(":end", start.saturating_add(seconds))
            }
        };
        part.name("#entity", "entity")
            .text(":entity", "limit")
            .number(":one", 1)
            .refused(rule)
    }
}

/// Seconds until the limit gives way.
fn wait(rule: Rule, item: Option<&Item>, now: Timestamp) -> i64 {
    let now = now.seconds();
    match rule {
        Rule::Window { seconds, .. } => seconds.saturating_sub(now.rem_euclid(seconds.max(1))),
        Rule::Spacing { seconds } => {
            let last = item
                .and_then(|item| item.get("last_at"))
                .and_then(|value| AttributeValue::as_n(value).ok())
                .and_then(|number| number.parse::<i64>().ok());
            last.map_or(seconds, |last| last.saturating_add(seconds).saturating_sub(now))
        }
    }
}
