use super::*;

const ASK: &str = "POST /v1/customers/codes";
const REGISTER: &str = "POST /v1/customers";

#[tokio::test]
async fn a_customer_registers_with_the_code_that_reached_the_address() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let wanted =
        json!({"email": "Ada.Marker@MAIL.example", "password": PASSWORD, "name": "Ada Marker", "language": "en"});
    let asked = call(&ports, REGISTER, keyed("k1", wanted)).await;
    let code_id = body(&asked)["code_id"].as_str().unwrap().to_owned();
    let (address, digits) = sent(&world, &code_id).await;
    assert_eq!(address, EMAIL);
    assert_eq!(world.events().await[0].data["language"], "en");
    let response = verify(&ports, &code_id, &digits).await;
    assert_eq!(status(&response), 201);
    let answer = body(&response);
    let claims = claims(&world, &answer);
    assert_eq!(
        (claims.sub.as_str(), claims.scope.as_str()),
        (answer["customer"]["id"].as_str().unwrap(), "customer")
    );
    let me = Call {
        caller: Some((claims.sub, "customer")),
        ..Call::default()
    };
    let me = body(&call(&ports, "GET /v1/me", me).await);
    assert_eq!(
        (&me["email"], &me["name"], &me["has_password"]),
        (&json!(EMAIL), &json!("Ada Marker"), &json!(true))
    );
}

#[tokio::test]
async fn a_code_makes_an_account_the_first_time_and_signs_in_to_it_after() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let first = sign_in_by_code(&world, &ports, ASK, "k1", json!({"phone": PHONE})).await;
    world.clock().advance_seconds(60);
    let second = sign_in_by_code(&world, &ports, ASK, "k2", json!({"phone": "+86 138 0013 8000"})).await;
    assert_eq!((status(&first), status(&second)), (201, 200));
    assert_eq!(body(&first)["customer"]["id"], body(&second)["customer"]["id"]);
    assert_eq!(
        world.items("PersonKeysTable").await.len(),
        1,
        "the second code's person is erased"
    );
}

#[tokio::test]
async fn who_registers_an_address_that_has_an_account_is_told_the_same_and_changes_nothing() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let first = registered(&world, &ports).await;
    world.clock().advance_seconds(60);
    let other = json!({"email": EMAIL, "password": "another password", "name": "Eve"});
    let asked = call(&ports, REGISTER, keyed("k2", other)).await;
    let fresh = call(
        &ports,
        REGISTER,
        keyed(
            "k3",
            json!({"email": "new@mail.example", "password": "another password"}),
        ),
    )
    .await;
    assert_eq!((status(&asked), status(&fresh)), (202, 202));
    let members = |response| body(response).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&asked), members(&fresh));
    let code_id = body(&asked)["code_id"].as_str().unwrap().to_owned();
    let (_, digits) = sent(&world, &code_id).await;
    let answer = body(&verify(&ports, &code_id, &digits).await);
    assert_eq!(answer["customer"]["id"], first["customer"]["id"]);
    let by = |password: &str| with(json!({"email": EMAIL, "password": password}));
    assert_eq!(
        status(&call(&ports, "POST /v1/customers/sign-in", by("another password")).await),
        401
    );
    assert_eq!(
        status(&call(&ports, "POST /v1/customers/sign-in", by(PASSWORD)).await),
        200
    );
}

#[tokio::test]
async fn of_registrations_for_one_address_at_once_one_account_comes() {
    let world = World::new(&["identity"]).await;
    let ports = std::sync::Arc::new(ports(&world));
    let mut codes = Vec::new();
    for n in 0..4 {
        let asked = call(&ports, ASK, keyed(&format!("k{n}"), json!({"phone": PHONE}))).await;
        codes.push(body(&asked)["code_id"].as_str().unwrap().to_owned());
        world.clock().advance_seconds(60);
    }
    let mut tries = Vec::new();
    for code_id in codes {
        let (_, digits) = sent(&world, &code_id).await;
        let ports = ports.clone();
        tries.push(tokio::spawn(async move { verify(&ports, &code_id, &digits).await }));
    }
    let (mut statuses, mut ids) = (Vec::new(), std::collections::BTreeSet::new());
    for each in tries {
        let response = each.await.unwrap();
        statuses.push(status(&response));
        ids.insert(body(&response)["customer"]["id"].to_string());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 201]);
    assert_eq!(ids.len(), 1);
    let accounts = world
        .items("IdentityTable")
        .await
        .into_iter()
        .filter(|item| item["entity"]["S"] == "customer");
    assert_eq!(accounts.count(), 1);
}

#[tokio::test]
async fn the_sixth_try_is_refused_even_when_it_is_right() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let asked = call(&ports, ASK, keyed("k1", json!({"phone": PHONE}))).await;
    let code_id = body(&asked)["code_id"].as_str().unwrap().to_owned();
    let (_, digits) = sent(&world, &code_id).await;
    let wrong = if digits == "000000" { "000001" } else { "000000" };
    let mut answers = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let response = verify(&ports, &code_id, wrong).await;
        assert_eq!(status(&response), 401);
        answers.insert(body(&response).to_string());
    }
    let sixth = verify(&ports, &code_id, &digits).await;
    assert_eq!(status(&sixth), 401);
    answers.insert(body(&sixth).to_string());
    assert_eq!(answers.len(), 1, "the answer does not tell wrong from over");
}

#[tokio::test]
async fn tries_at_the_same_time_do_not_get_past_the_limit_either() {
    let world = World::new(&["identity"]).await;
    let ports = std::sync::Arc::new(ports(&world));
    let asked = call(&ports, ASK, keyed("k1", json!({"phone": PHONE}))).await;
    let code_id = body(&asked)["code_id"].as_str().unwrap().to_owned();
    let tries = (0..20).map(|_| {
        let (ports, code_id) = (ports.clone(), code_id.clone());
        tokio::spawn(async move { verify(&ports, &code_id, "not a code").await.status().as_u16() })
    });
    for each in tries.collect::<Vec<_>>() {
        assert_eq!(each.await.unwrap(), 401);
    }
    let kept = world
        .items("IdentityTable")
        .await
        .into_iter()
        .find(|item| item["entity"]["S"] == "code")
        .unwrap();
    assert_eq!(kept["tries"]["N"], "5");
}

#[tokio::test]
async fn a_code_is_used_once_and_ends_after_ten_minutes() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let asked = call(&ports, ASK, keyed("k1", json!({"phone": PHONE}))).await;
    let code_id = body(&asked)["code_id"].as_str().unwrap().to_owned();
    let (_, digits) = sent(&world, &code_id).await;
    let both = tokio::join!(verify(&ports, &code_id, &digits), verify(&ports, &code_id, &digits));
    let mut statuses = [status(&both.0), status(&both.1)];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401]);

    let asked = call(&ports, ASK, keyed("k2", json!({"email": EMAIL}))).await;
    let code_id = body(&asked)["code_id"].as_str().unwrap().to_owned();
    let (_, digits) = sent(&world, &code_id).await;
    world.clock().advance_seconds(600);
    assert_eq!(status(&verify(&ports, &code_id, &digits).await), 401);
}

#[tokio::test]
async fn a_code_is_good_for_its_own_request_only() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let first = body(&call(&ports, ASK, keyed("k1", json!({"phone": PHONE}))).await);
    let second = body(&call(&ports, ASK, keyed("k2", json!({"email": EMAIL}))).await);
    let (_, digits) = sent(&world, first["code_id"].as_str().unwrap()).await;
    assert_eq!(
        status(&verify(&ports, second["code_id"].as_str().unwrap(), &digits).await),
        401
    );
    assert_eq!(
        status(&verify(&ports, "otc_00000000000000000000000000000000", &digits).await),
        401
    );
    assert_eq!(status(&verify(&ports, "nonsense", &digits).await), 401);
}

#[tokio::test]
async fn a_request_sent_again_with_its_key_sends_one_message() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let first = call(&ports, ASK, keyed("k1", json!({"phone": PHONE}))).await;
    let again = call(&ports, ASK, keyed("k1", json!({"phone": PHONE}))).await;
    assert_eq!((status(&again), body(&again)), (202, body(&first)));
    assert_eq!(world.events().await.len(), 1);
    let other = call(&ports, ASK, keyed("k1", json!({"phone": PHONE, "language": "en"}))).await;
    assert_eq!(status(&other), 422);
    let keyless = call(&ports, ASK, with(json!({"phone": PHONE}))).await;
    assert_eq!(status(&keyless), 400);
}

#[tokio::test]
async fn codes_are_limited_by_address_and_by_source_whoever_asks() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    assert_eq!(
        status(&call(&ports, ASK, keyed("k1", json!({"phone": PHONE}))).await),
        202
    );
    let soon = call(&ports, REGISTER, keyed("k2", json!({"phone": PHONE}))).await;
    assert_eq!(status(&soon), 429);
    assert_eq!(soon.headers()["retry-after"], "60");
    let mut statuses = Vec::new();
    for n in 0..30 {
        let one = keyed("k", json!({"phone": format!("139001380{n:02}")}));
        statuses.push(status(&call(&ports, ASK, one).await));
    }
    assert_eq!(statuses.iter().filter(|&&status| status == 202).count(), 29);
    assert_eq!(statuses[29], 429, "the source's 31st in the hour");
    let elsewhere = Call {
        address: Some("192.0.2.8".to_owned()),
        ..keyed("k", json!({"phone": "13900138099"}))
    };
    assert_eq!(status(&call(&ports, ASK, elsewhere).await), 202);
}

#[tokio::test]
async fn bad_input_names_its_place() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    for (wanted, status_wanted, pointer) in [
        (json!({"email": "nobody"}), 422, "/email"),
        (json!({"phone": "12"}), 422, "/phone"),
        (json!({"phone": "+49 151 1234 5678"}), 422, "/phone"),
        (json!({"phone": PHONE, "email": EMAIL}), 422, ""),
        (json!({}), 422, ""),
        (json!({"email": EMAIL, "password": "short"}), 422, "/password"),
        (json!({"email": EMAIL, "name": "a\u{0}b"}), 422, "/name"),
    ] {
        let response = call(&ports, REGISTER, keyed("k", wanted.clone())).await;
        assert_eq!(status(&response), status_wanted, "{wanted}");
        assert_eq!(body(&response)["errors"][0]["pointer"], pointer, "{wanted}");
    }
    for wanted in [
        json!({"email": EMAIL, "roles": ["admin"]}),
        json!({"email": 1}),
        json!("x"),
    ] {
        assert_eq!(status(&call(&ports, REGISTER, keyed("k", wanted)).await), 400);
    }
    assert!(world.events().await.is_empty() && world.items("PersonKeysTable").await.is_empty());
}
