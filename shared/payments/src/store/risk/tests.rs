//! Rules and counters over embedded DynamoDB.

use std::collections::BTreeMap;

use kernel::Money;
use testkit::World;

use super::*;
use crate::risk::{Condition, Outcome, Rule, subject};

fn who() -> Actor {
    Actor::system("test")
}

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
    let (world, payments) = payments().await;
    assert_eq!(payments.risk_rules().await.unwrap(), Rules::default());
    assert_eq!(payments.put_risk_rules(&at_most(3), who()).await.unwrap(), None);
    assert_eq!(payments.put_risk_rules(&at_most(4), who()).await.unwrap(), Some(Stale));
    let next = Rules {
        version: 2,
        ..at_most(4)
    };
    assert_eq!(payments.put_risk_rules(&next, who()).await.unwrap(), None);
    assert_eq!(payments.risk_rules().await.unwrap(), next);
    let items = world.items("PaymentsTable").await.into_iter();
    let kept: Vec<_> = items
        .filter(|item| item["entity"]["S"] == "risk-rules-change")
        .map(|item| item["version"]["N"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(kept, ["1", "2"]);
}

#[tokio::test]
async fn rules_of_every_kind_read_back() {
    let (_world, payments) = payments().await;
    let limits = || BTreeMap::from([("CNY".parse().unwrap(), 5), ("USD".parse().unwrap(), 7)]);
    let (by, window) = (Dimension::Card, Window::Day);
    let whens = [
        Condition::AmountOver { limits: limits() },
        Condition::SumOver {
            by,
            window,
            limits: limits(),
        },
        Condition::CountOver { by, window, limit: 3 },
    ];
    let named = |(place, when)| Rule {
        name: format!("r{place}"),
        when,
        then: Outcome::StepUp,
    };
    let rules = Rules {
        rules: whens.into_iter().enumerate().map(named).collect(),
        version: 1,
    };
    assert_eq!(payments.put_risk_rules(&rules, who()).await.unwrap(), None);
    assert_eq!(payments.risk_rules().await.unwrap(), rules);
}

#[tokio::test]
async fn no_burst_passes_a_sum_that_refuses() {
    let (world, payments) = payments().await;
    let mut rules = at_most(100);
    let when = Condition::SumOver {
        by: Dimension::Device,
        window: Window::Hour,
        limits: BTreeMap::from([("CNY".parse().unwrap(), 1_000)]),
    };
    rules.rules.push(Rule {
        name: "sum".to_owned(),
        when,
        then: Outcome::Refuse,
    });
    let mut started = 0;
    for _ in 0..5 {
        let parts = payments.velocity_parts(&rules, &attempt(300), world.now());
        match world.dynamo().commit(parts).await {
            Ok(()) => started += 1,
            Err(error) => assert_eq!(error.first().unwrap(), BeyondLimit(Dimension::Device)),
        }
    }
    assert_eq!(started, 3);
    let parts = payments.velocity_parts(&rules, &attempt(100), world.now());
    world.dynamo().commit(parts).await.unwrap();
}
