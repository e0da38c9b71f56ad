use identity::{AccountState, Family, Password, Role, Staff, StaffRefusal};
use kernel::{Id, StaffId};
use privacy::Place;

use super::*;

const REFRESH: &str = "POST /v1/sessions/refresh";
const SIGN_OUT: &str = "POST /v1/sessions/sign-out";

fn showing(token: &str) -> Call {
    with(json!({"refresh_token": token}))
}

#[tokio::test]
async fn refresh_tokens_rotate() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let mut answer = registered(&world, &ports).await;
    let subject = claims(&world, &answer).sub;
    for _ in 0..3 {
        world.clock().advance_seconds(800);
        let before = refresh_token(&answer);
        let response = call(&ports, REFRESH, showing(&before)).await;
        assert_eq!(status(&response), 200);
        answer = body(&response);
        assert_ne!(refresh_token(&answer), before);
        let claims = claims(&world, &answer);
        assert_eq!((claims.sub, claims.scope.as_str()), (subject.clone(), "customer"));
        assert_eq!(claims.exp - claims.iat, 900);
    }
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_gets_it_again() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let first = refresh_token(&registered(&world, &ports).await);
    let lost = body(&call(&ports, REFRESH, showing(&first)).await);
    world.clock().advance_seconds(5);
    let retried = body(&call(&ports, REFRESH, showing(&first)).await);
    assert_eq!(refresh_token(&lost), refresh_token(&retried));
}

#[tokio::test]
async fn an_old_token_used_again_ends_the_session() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let first = refresh_token(&registered(&world, &ports).await);
    let second = refresh_token(&body(&call(&ports, REFRESH, showing(&first)).await));
    world.clock().advance_seconds(11);
    assert_eq!(status(&call(&ports, REFRESH, showing(&first)).await), 401);
    assert_eq!(
        status(&call(&ports, REFRESH, showing(&second)).await),
        401,
        "the thief's and the owner's alike"
    );
}

#[tokio::test]
async fn refreshes_at_once_agree() {
    let world = World::new(&["identity"]).await;
    let ports = std::sync::Arc::new(ports(&world));
    let first = refresh_token(&registered(&world, &ports).await);
    let tries = (0..6).map(|_| {
        let (ports, first) = (ports.clone(), first.clone());
        tokio::spawn(async move { refresh_token(&body(&call(&ports, REFRESH, showing(&first)).await)) })
    });
    let mut seen = std::collections::BTreeSet::new();
    for each in tries.collect::<Vec<_>>() {
        seen.insert(each.await.unwrap());
    }
    assert_eq!(seen.len(), 1);
    let only = seen.into_iter().next().unwrap();
    assert_eq!(status(&call(&ports, REFRESH, showing(&only)).await), 200);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_says_nothing_else() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let token = refresh_token(&registered(&world, &ports).await);
    let mut forged = token.clone();
    forged.replace_range(
        token.len() - 4..token.len() - 3,
        if token.ends_with('A') { "B" } else { "A" },
    );
    for nothing in ["nonsense", forged.as_str()] {
        assert_eq!(status(&call(&ports, SIGN_OUT, showing(nothing)).await), 204);
    }
    let next = refresh_token(&body(&call(&ports, REFRESH, showing(&token)).await));
    for _ in 0..2 {
        assert_eq!(status(&call(&ports, SIGN_OUT, showing(&next)).await), 204);
    }
    assert_eq!(status(&call(&ports, REFRESH, showing(&next)).await), 401);
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_however_often_it_is_refreshed() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let mut token = refresh_token(&registered(&world, &ports).await);
    for _ in 0..29 {
        world.clock().advance_seconds(86_400);
        token = refresh_token(&body(&call(&ports, REFRESH, showing(&token)).await));
    }
    world.clock().advance_seconds(86_400);
    assert_eq!(status(&call(&ports, REFRESH, showing(&token)).await), 401);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let answer = registered(&world, &ports).await;
    for text in ["", "x", answer["access_token"].as_str().unwrap()] {
        assert_eq!(status(&call(&ports, REFRESH, showing(text)).await), 401);
    }
    assert_eq!(status(&call(&ports, REFRESH, with(json!({}))).await), 400);
}

#[tokio::test]
async fn me_is_the_callers_own_account_and_nobody_elses() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let id = registered(&world, &ports).await["customer"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let me = |caller| {
        call(
            &ports,
            "GET /v1/me",
            Call {
                caller,
                ..Call::default()
            },
        )
    };
    assert_eq!(status(&me(None).await), 401);
    assert_eq!(status(&me(Some((id, "customer"))).await), 200);
    assert_eq!(
        status(&me(Some(("stf_00000000000000000000000000000000".to_owned(), "staff"))).await),
        403
    );
    assert_eq!(
        status(&me(Some(("cus_00000000000000000000000000000000".to_owned(), "customer"))).await),
        404
    );
    assert_eq!(status(&call(&ports, "GET /v1/other", Call::default()).await), 404);
}

#[tokio::test]
async fn staff_refresh_with_their_roles_of_now_until_they_are_disabled() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let staff = staff(&world, &ports).await;
    let (family, token) = Family::start(&staff.id.to_string(), 3_600, &peppers(), &world.ambient());
    let part = ports.sessions.start::<StaffRefusal>(&family).unwrap();
    world.dynamo().commit(vec![part]).await.unwrap();
    let promoted = staff.clone().with_roles(vec![Role::Admin]);
    world
        .dynamo()
        .commit(vec![ports.staff.change(&staff, &promoted).unwrap()])
        .await
        .unwrap();
    let answer = body(&call(&ports, REFRESH, showing(&token.text())).await);
    let found = claims(&world, &answer);
    assert_eq!((found.scope.as_str(), found.roles), ("staff", vec!["admin".to_owned()]));
    world.clock().advance_seconds(1);
    let disabled = promoted.clone().disabled(world.now());
    world
        .dynamo()
        .commit(vec![ports.staff.change(&promoted, &disabled).unwrap()])
        .await
        .unwrap();
    assert_eq!(
        status(&call(&ports, REFRESH, showing(&refresh_token(&answer))).await),
        401
    );
}

async fn staff(world: &World, ports: &Ports) -> Staff {
    let ambient = world.ambient();
    let id = StaffId::generate(&ambient);
    let (key, person) = ports.vault.create().unwrap();
    let place = Place {
        entity: "staff",
        id: "x",
        field: "x",
    };
    let password = Password::chosen("staple correct horse", 12).unwrap();
    let staff = Staff {
        id,
        person: key.id(),
        email: key.seal(&ambient, place, &"bo@shop.example").unwrap(),
        email_index: "index".to_owned(),
        name: key.seal(&ambient, place, &"Bo").unwrap(),
        password: ports.hasher.hash(password).await.unwrap(),
        roles: vec![Role::Stock],
        state: AccountState::Active,
        sessions_from: world.now(),
        created_at: world.now(),
        version: 1,
    };
    let mut writes = ports.staff.create(&staff).unwrap();
    writes.push(person);
    world.dynamo().commit(writes).await.unwrap();
    staff
}
