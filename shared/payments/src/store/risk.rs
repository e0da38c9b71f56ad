//! Risk rules, and the counters that they look at.

use dynamo::{CommitError, Consistency, Part, Record, StoreError, to_item};
use kernel::Timestamp;

use super::{Payments, Stale, keys};
use crate::risk::{Attempt, Dimension, Rules, Velocities, Velocity, Window};

/// How long a counter outlives its window, in seconds.
const COUNTER_KEPT_S: i64 = 3_600;

impl Record for Rules {
    const ENTITY: &'static str = "risk-rules";
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
            .get(&self.table, &keys::risk_rules(), Consistency::Eventual)
            .await?;
        Ok(found.unwrap_or_default())
    }

    /// Puts rules in force, over exactly the version before. Access pattern `payments.risk.change`.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub async fn put_risk_rules(&self, rules: &Rules) -> Result<Option<Stale>, StoreError> {
        let item = to_item(&keys::risk_rules(), rules)?;
        let part = match rules.version {
            0 | 1 => Part::insert(&self.table, item),
            version => Part::replace(&self.table, item, version - 1),
        };
        match self.dynamo.commit(vec![part.refused(Stale)]).await {
            Ok(()) => Ok(None),
            Err(CommitError::Refused(_)) => Ok(Some(Stale)),
            Err(error) => error.first().map(Some),
        }
    }

    /// What an attempt's subjects did so far, in its currency. Access pattern `payments.risk.velocities`.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub async fn velocities(&self, attempt: &Attempt, now: Timestamp) -> Result<Velocities, StoreError> {
        let mut wanted = Vec::new();
        for (dimension, subject) in &attempt.subjects {
            for window in Window::ALL {
                let key = keys::velocity(*dimension, subject, attempt.amount.currency(), &window.bucket(now));
                wanted.push(((*dimension, window), key));
            }
        }
        let mut velocities = Velocities::new();
        for (of, key) in wanted {
            let item = self.dynamo.get_item(&self.table, &key, Consistency::Eventual).await?;
            let Some(item) = item else { continue };
            let number = |name: &str| match item.get(name) {
                Some(dynamo::AttributeValue::N(number)) => number.parse().unwrap_or_default(),
                _ => 0_i64,
            };
            let velocity = Velocity {
                count: u32::try_from(number("started")).unwrap_or(u32::MAX),
                amount: number("amount"),
            };
            velocities.insert(of, velocity);
        }
        Ok(velocities)
    }

    /// The parts that count an attempt as it starts. Where a rule refuses beyond a number, the counter itself does, so that
    /// no burst passes it. Access pattern `payments.risk.count`.
    pub fn velocity_parts(&self, rules: &Rules, attempt: &Attempt, now: Timestamp) -> Vec<Part<BeyondLimit>> {
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
            match rules.refused_beyond(dimension, window) {
                Some(limit) => part
                    .when("attribute_not_exists(started) OR started < :limit")
                    .number(":limit", limit),
                None => part,
            }
        };
        let subjects = attempt.subjects.iter();
        subjects
            .flat_map(|(dimension, subject)| Window::ALL.map(|window| counted(*dimension, subject, window)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kernel::Money;
    use testkit::World;

    use super::*;
    use crate::risk::{Condition, Outcome, Rule, subject};

    async fn payments() -> (World, Payments) {
        let world = World::new(&["payments"]).await;
        let payments = Payments::new(
            world.dynamo(),
            world.table("PaymentsTable"),
            world.table("LedgerTable"),
            world.outbox(),
        );
        (world, payments)
    }

    fn attempt(amount: i64) -> Attempt {
        Attempt {
            amount: Money::new(amount, "CNY".parse().unwrap()).unwrap(),
            subjects: BTreeMap::from([(Dimension::Device, subject(Dimension::Device, "d-1"))]),
        }
    }

    fn at_most(limit: u32) -> Rules {
        let when = Condition::CountOver {
            by: Dimension::Device,
            window: Window::Hour,
            limit,
        };
        let rule = Rule {
            name: "device".to_owned(),
            when,
            then: Outcome::Refuse,
        };
        Rules {
            rules: vec![rule],
            version: 1,
        }
    }

    #[tokio::test]
    async fn what_started_is_counted_by_hour_and_by_day() {
        let (world, payments) = payments().await;
        let now = world.now();
        for amount in [100, 250] {
            let parts = payments.velocity_parts(&Rules::default(), &attempt(amount), now);
            world.dynamo().commit(parts).await.unwrap();
        }
        let seen = payments.velocities(&attempt(1), now).await.unwrap();
        let both = Velocity { count: 2, amount: 350 };
        assert_eq!(seen.get(&(Dimension::Device, Window::Hour)), Some(&both));
        assert_eq!(seen.get(&(Dimension::Device, Window::Day)), Some(&both));
        let later = payments.velocities(&attempt(1), now.plus_seconds(3_600)).await.unwrap();
        assert_eq!(later.get(&(Dimension::Device, Window::Hour)), None);
    }

    #[tokio::test]
    async fn no_burst_passes_a_number_that_refuses() {
        let (world, payments) = payments().await;
        let (rules, now) = (at_most(3), world.now());
        let tries = (0..12).map(|_| {
            let parts = payments.velocity_parts(&rules, &attempt(1), now);
            let dynamo = world.dynamo();
            async move {
                for _ in 0..50 {
                    match dynamo.commit(parts.clone()).await {
                        Ok(()) => return true,
                        Err(CommitError::Refused(_)) => return false,
                        Err(_) => tokio::task::yield_now().await,
                    }
                }
                false
            }
        });
        let started = futures::future::join_all(tries).await;
        assert_eq!(started.into_iter().filter(|started| *started).count(), 3);
    }

    #[tokio::test]
    async fn rules_change_over_the_version_before_only() {
        let (_world, payments) = payments().await;
        assert_eq!(payments.risk_rules().await.unwrap(), Rules::default());
        assert_eq!(payments.put_risk_rules(&at_most(3)).await.unwrap(), None);
        assert_eq!(payments.put_risk_rules(&at_most(4)).await.unwrap(), Some(Stale));
        let next = Rules {
            version: 2,
            ..at_most(4)
        };
        assert_eq!(payments.put_risk_rules(&next).await.unwrap(), None);
        assert_eq!(payments.risk_rules().await.unwrap(), next);
    }
}
