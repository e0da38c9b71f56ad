use testkit::World;

use super::*;
use crate::{
    Family, FamilyState,
    limit::{CODES_PER_IDENTIFIER, Limit, Rule},
    testing::peppers,
};

fn limits(world: &World) -> Limits {
    Limits::new(world.dynamo(), world.table("IdentityTable"))
}

fn charge(limits: &'static [Limit]) -> [Charge; 1] {
    [Charge {
        limits,
        subject: "someone".to_owned(),
    }]
}

#[tokio::test]
async fn codes_are_limited_by_the_minute_the_hour_and_the_day() {
    let world = World::new(&["identity"]).await;
    let limits = limits(&world);
    // The day begins, so that no window ends while the test counts.
    world.clock().set("2026-04-09T00:00:00Z".parse().unwrap());
    let mut sent = 0;
    for minute in 0..24 * 60 {
        if limits.charge(&charge(CODES_PER_IDENTIFIER)).await.unwrap() == Charged::Within {
            sent += 1;
            let again = limits.charge(&charge(CODES_PER_IDENTIFIER)).await.unwrap();
            assert!(matches!(again, Charged::Exceeded { .. }), "twice in minute {minute}");
        }
        if minute == 59 {
            assert_eq!(sent, 5, "in the first hour");
        }
        if minute > 130 {
            break;
        }
        world.clock().advance_seconds(60);
    }
    assert_eq!(sent, 10, "in the day");
}

#[tokio::test]
async fn a_refused_try_is_told_when_to_come_back() {
    let world = World::new(&["identity"]).await;
    let limits = limits(&world);
    assert_eq!(
        limits.charge(&charge(CODES_PER_IDENTIFIER)).await.unwrap(),
        Charged::Within
    );
    world.clock().advance_seconds(20);
    let refused = limits.charge(&charge(CODES_PER_IDENTIFIER)).await.unwrap();
    assert_eq!(refused, Charged::Exceeded { retry_after_s: 40 });
}

#[tokio::test]
async fn tries_at_the_same_time_do_not_get_past_a_limit() {
    const FIVE: &[Limit] = &[
        Limit {
            name: "five",
            rule: Rule::Window { seconds: 3_600, max: 5 },
        },
        Limit {
            name: "fifty",
            rule: Rule::Window {
                seconds: 3_600,
                max: 50,
            },
        },
    ];
    let world = World::new(&["identity"]).await;
    let limits = limits(&world);
    let tries = (0..20).map(|_| {
        let limits = limits.clone();
        tokio::spawn(async move { limits.charge(&charge(FIVE)).await })
    });
    let mut within = 0;
    for each in tries.collect::<Vec<_>>() {
        within += u32::from(each.await.unwrap().unwrap() == Charged::Within);
    }
    assert_eq!(within, 5);
}

#[tokio::test]
async fn a_forgiven_try_does_not_count_and_nothing_goes_below_zero() {
    const TWO: &[Limit] = &[Limit {
        name: "two",
        rule: Rule::Window { seconds: 60, max: 2 },
    }];
    let world = World::new(&["identity"]).await;
    let limits = limits(&world);
    limits.forgive(&charge(TWO)[0]).await.unwrap();
    for _ in 0..5 {
        assert_eq!(limits.charge(&charge(TWO)).await.unwrap(), Charged::Within);
        limits.forgive(&charge(TWO)[0]).await.unwrap();
    }
    limits.forgive(&charge(TWO)[0]).await.unwrap();
    let three = [
        limits.charge(&charge(TWO)).await.unwrap(),
        limits.charge(&charge(TWO)).await.unwrap(),
        limits.charge(&charge(TWO)).await.unwrap(),
    ];
    assert_eq!(three[..2], [Charged::Within, Charged::Within]);
    assert!(matches!(three[2], Charged::Exceeded { .. }));
}

async fn started(world: &World) -> (Sessions, crate::RefreshToken) {
    let sessions = Sessions::new(world.dynamo(), world.table("IdentityTable"), peppers());
    let (family, token) = Family::start("cus_1", 3_600, &peppers(), &world.ambient());
    let part = sessions.start::<()>(&family).unwrap();
    world.dynamo().commit(vec![part]).await.unwrap();
    (sessions, token)
}

fn next(refreshed: Refreshed) -> crate::RefreshToken {
    match refreshed {
        Refreshed::Rotated { next, .. } => next,
        Refreshed::Refused { reused } => panic!("refused, reused: {reused}"),
    }
}

#[tokio::test]
async fn equal_refreshes_at_the_same_time_give_one_successor() {
    let world = World::new(&["identity"]).await;
    let (sessions, token) = started(&world).await;
    let tries = (0..8).map(|_| {
        let (sessions, token) = (sessions.clone(), token.clone());
        tokio::spawn(async move { sessions.refresh(&token).await })
    });
    let mut texts = std::collections::BTreeSet::new();
    for each in tries.collect::<Vec<_>>() {
        texts.insert(next(each.await.unwrap().unwrap()).text());
    }
    assert_eq!(texts.len(), 1);
    let stored = world.items("IdentityTable").await;
    assert_eq!(stored[0]["generation"]["N"], "1");
}

#[tokio::test]
async fn an_old_token_used_again_ends_the_family() {
    let world = World::new(&["identity"]).await;
    let (sessions, first) = started(&world).await;
    let second = next(sessions.refresh(&first).await.unwrap());
    world.clock().advance_seconds(crate::session::ROTATION_GRACE_S);
    assert!(matches!(
        sessions.refresh(&first).await.unwrap(),
        Refreshed::Refused { reused: true }
    ));
    assert!(matches!(
        sessions.refresh(&second).await.unwrap(),
        Refreshed::Refused { reused: false }
    ));
    sessions.end(second.session(), FamilyState::SignedOut).await.unwrap();
    assert_eq!(
        world.items("IdentityTable").await[0]["state"]["S"],
        "reused",
        "the first reason stays"
    );
}

#[tokio::test]
async fn a_token_of_nobody_ends_nothing() {
    let world = World::new(&["identity"]).await;
    let (sessions, token) = started(&world).await;
    let other = crate::Peppers::parse(&secrecy::SecretString::from("x".repeat(32))).unwrap();
    let invented = crate::RefreshToken::first(token.session(), &other, &world.ambient());
    assert!(matches!(
        sessions.refresh(&invented).await.unwrap(),
        Refreshed::Refused { reused: false }
    ));
    next(sessions.refresh(&token).await.unwrap());
}

#[tokio::test]
async fn neither_tokens_nor_their_parts_are_stored() {
    let world = World::new(&["identity"]).await;
    let (_, token) = started(&world).await;
    let stored = format!("{:?}", world.items("IdentityTable").await);
    let text = token.text();
    let secret = text.rsplit('.').next().unwrap();
    assert!(!stored.contains(secret) && !stored.contains(&secret[..20]));
}
