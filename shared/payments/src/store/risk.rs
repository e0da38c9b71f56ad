//! Risk rules, and the counters that they look at.

use std::collections::HashMap;

use dynamo::{AttributeValue, CommitError, Consistency, Item, Part, Record, StoreError, to_item};
use kernel::{Actor, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Payments, Stale, keys};
use crate::risk::{Attempt, Dimension, Rule, Rules, Velocities, Velocity, Window};

/// How long a counter outlives its window, in seconds.
const COUNTER_KEPT_S: i64 = 3_600;

impl Record for Rules {
    const ENTITY: &'static str = "risk-rules";
    const SHAPE: u16 = 1;
}

/// Rules as somebody put them in force: kept for ever, so that what was in force when can be told.
#[derive(Serialize, Deserialize)]
struct RulesChange {
    rules: Vec<Rule>,
    version: u64,
    by: Actor,
    at: Timestamp,
}

impl Record for RulesChange {
    const ENTITY: &'static str = "risk-rules-change";
    const SHAPE: u16 = 1;
}

/// An attempt passed a limit at the moment when it was counted: others were quicker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeyondLimit(pub Dimension);

impl Payments {
    /// The rules in force: an operator's, or those that come with the product. Access pattern `payments.risk.rules`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn risk_rules(&self) -> Result<Rules, StoreError> {
        let found: Option<Rules> = self
            .dynamo
            .get(&self.table, &keys::risk_rules(), Consistency::Strong)
            .await?;
        Ok(found.unwrap_or_default())
    }

    /// The parts that put rules in force over exactly the version before, and keep who did. Refused when somebody else was
    /// quicker. Access pattern `payments.risk.change`.
    ///
    /// # Errors
    ///
    /// When an item does not serialise.
    pub fn risk_rules_parts(&self, rules: &Rules, by: Actor) -> Result<Vec<Part<Stale>>, StoreError> {
        let change = RulesChange {
            rules: rules.rules.clone(),
            version: rules.version,
            by,
            at: self.dynamo.ambient().now(),
        };
        let item = to_item(&keys::risk_rules(), rules)?;
        let part = match rules.version {
            0 | 1 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version - 1),
        };
        let kept = to_item(&keys::risk_rules_change(rules.version), &change)?;
        Ok(vec![
            part.refused(Stale),
            Part::insert(&self.table, kept).refused(Stale),
        ])
    }

    /// Puts rules in force: the parts above, alone.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub async fn put_risk_rules(&self, rules: &Rules, by: Actor) -> Result<Option<Stale>, StoreError> {
        match self.dynamo.commit(self.risk_rules_parts(rules, by)?).await {
            Ok(()) => Ok(None),
            Err(CommitError::Refused(_)) => Ok(Some(Stale)),
            Err(error) => error.first().map(Some),
        }
    }

    /// What an attempt's subjects did so far, in its currency. Access pattern `payments.risk.velocities`: one batch.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn velocities(&self, attempt: &Attempt, now: Timestamp) -> Result<Velocities, StoreError> {
        let mut wanted = HashMap::new();
        let mut counters = Vec::new();
        for (dimension, subject) in &attempt.subjects {
            for window in Window::ALL {
                let key = keys::velocity(*dimension, subject, attempt.amount.currency(), &window.bucket(now));
                wanted.insert((key.pk.clone(), key.sk.clone()), (*dimension, window));
                counters.push(key);
            }
        }
        let found = self
            .dynamo
            .batch_get_items(&self.table, &counters, Consistency::Eventual)
            .await?;
        let seen = found.iter().filter_map(|item| {
            let of = wanted.get(&(text(item, "pk"), text(item, "sk")))?;
            let velocity = Velocity {
                count: u32::try_from(number(item, "started")).unwrap_or(u32::MAX),
                amount: number(item, "amount"),
            };
            Some((*of, velocity))
        });
        Ok(seen.collect())
    }

    /// The parts that count an attempt as it is written. Where a rule refuses beyond a number or a sum, the counter itself
    /// does, so that no burst passes it. A dimension that no rule looks at is not counted: a storefront's own server is one
    /// address for all its payers, and one counter of them all would be where they queue. Access pattern
    /// `payments.risk.count`.
    pub fn velocity_parts(&self, rules: &Rules, attempt: &Attempt, now: Timestamp) -> Vec<Part<BeyondLimit>> {
        self.counters(attempt, now)
            .into_iter()
            .filter(|((dimension, _), _)| rules.looks_at(*dimension))
            .map(|(of, part)| limited(part, rules, attempt, of))
            .collect()
    }

    /// The parts that count an attempt by every dimension, without limits.
    pub(super) fn counters(&self, attempt: &Attempt, now: Timestamp) -> Vec<Counter> {
        let currency = attempt.amount.currency();
        let counted = |dimension: Dimension, subject: &str, window: Window| {
            let key = keys::velocity(dimension, subject, currency, &window.bucket(now));
            let until = now.plus_seconds(window.seconds() + COUNTER_KEPT_S).seconds();
            let part = Part::update(
                &self.table,
                key,
                "ADD started :one, amount :amount SET expires_at = :until",
            )
            .number(":one", 1)
            .number(":amount", attempt.amount.amount())
            .number(":until", until)
            .refused(BeyondLimit(dimension));
            ((dimension, window), part)
        };
        let subjects = attempt.subjects.iter();
        subjects
            .flat_map(|(dimension, subject)| Window::ALL.map(|window| counted(*dimension, subject, window)))
            .collect()
    }
}

/// A counter, and what it counts.
pub(super) type Counter = ((Dimension, Window), Part<BeyondLimit>);

/// A counter with the conditions of the rules that refuse beyond it. The attempt by itself is within every limit, or it was
/// refused before.
fn limited(
    part: Part<BeyondLimit>,
    rules: &Rules,
    attempt: &Attempt,
    (dimension, window): (Dimension, Window),
) -> Part<BeyondLimit> {
    let amount = attempt.amount;
    let count = rules.refused_beyond(dimension, window);
    let sum = rules.refused_beyond_sum(dimension, window, amount.currency());
    let (few, little) = (
        "(attribute_not_exists(started) OR started < :limit)",
        "(attribute_not_exists(amount) OR amount <= :room)",
    );
    let room = sum.map(|sum| sum.saturating_sub(amount.amount()));
    match (count, room) {
        (None, None) => part,
        (Some(limit), None) => part.when(few).number(":limit", limit),
        (None, Some(room)) => part.when(little).number(":room", room),
        (Some(limit), Some(room)) => {
            let both = part.when(&format!("{few} AND {little}"));
            both.number(":limit", limit).number(":room", room)
        }
    }
}

fn text(item: &Item, name: &str) -> String {
    match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    }
}

fn number(item: &Item, name: &str) -> i64 {
    match item.get(name) {
        Some(AttributeValue::N(number)) => number.parse().unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
