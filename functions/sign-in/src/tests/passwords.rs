use super::*;

const SIGN_IN: &str = "POST /v1/customers/sign-in";

fn by(email: &str, password: &str) -> Call {
    with(json!({"email": email, "password": password}))
}

#[tokio::test]
async fn a_password_signs_in_to_its_account_only() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let id = registered(&world, &ports).await["customer"]["id"].clone();
    let good = call(&ports, SIGN_IN, by(" ADA.marker@mail.example", PASSWORD)).await;
    assert_eq!((status(&good), &body(&good)["customer"]["id"]), (200, &id));
    let wrong = call(&ports, SIGN_IN, by(EMAIL, "wrong password")).await;
    let unknown = call(&ports, SIGN_IN, by("bo@mail.example", PASSWORD)).await;
    let long = call(&ports, SIGN_IN, by(EMAIL, &"x".repeat(10_000))).await;
    assert_eq!((status(&wrong), status(&unknown), status(&long)), (401, 401, 401));
    assert_eq!(body(&wrong), body(&unknown));
    assert_eq!(body(&wrong), body(&long));
}

#[tokio::test]
async fn an_account_without_a_password_takes_none() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    let made = sign_in_by_code(&world, &ports, "POST /v1/customers/codes", "k", json!({"email": EMAIL})).await;
    assert_eq!(status(&made), 201);
    assert_eq!(status(&call(&ports, SIGN_IN, by(EMAIL, "")).await), 401);
}

#[tokio::test]
async fn tries_are_limited_by_account_wherever_they_come_from() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    registered(&world, &ports).await;
    for n in 0..10 {
        let one = Call {
            address: Some(format!("198.51.100.{n}")),
            ..by(EMAIL, "guess")
        };
        assert_eq!(status(&call(&ports, SIGN_IN, one).await), 401);
    }
    let right = call(&ports, SIGN_IN, by(EMAIL, PASSWORD)).await;
    assert_eq!(status(&right), 429);
    assert!(right.headers().contains_key("retry-after"));
    let unknown = call(&ports, SIGN_IN, by("bo@mail.example", "guess")).await;
    assert_eq!(status(&unknown), 401);
}

#[tokio::test]
async fn tries_are_limited_by_source_whichever_accounts_they_name() {
    let world = World::new(&["identity"]).await;
    let ports = ports(&world);
    for n in 0..60 {
        let one = by(&format!("a{n}@mail.example"), "guess");
        assert_eq!(status(&call(&ports, SIGN_IN, one).await), 401);
    }
    assert_eq!(
        status(&call(&ports, SIGN_IN, by("a99@mail.example", "guess")).await),
        429
    );
}

#[tokio::test]
async fn a_password_under_an_old_pepper_is_hashed_anew_when_it_signs_in() {
    let world = World::new(&["identity"]).await;
    registered(&world, &ports(&world)).await;
    let json = format!(
        r#"{{"current":"2","keys":{{"1":"pepper-of-the-tests-not-a-secret-1","2":"{}"}}}}"#,
        "n".repeat(40)
    );
    let ports = ports_with(&world, Peppers::parse(&SecretString::from(json)).unwrap());
    let pepper = async || {
        let items = world.items("IdentityTable").await;
        let account = items
            .into_iter()
            .find(|item| item["entity"]["S"] == "customer")
            .unwrap();
        account["password"]["M"]["pepper"]["S"].clone()
    };
    assert_eq!(pepper().await, "1");
    assert_eq!(status(&call(&ports, SIGN_IN, by(EMAIL, PASSWORD)).await), 200);
    assert_eq!(pepper().await, "2");
    assert_eq!(status(&call(&ports, SIGN_IN, by(EMAIL, PASSWORD)).await), 200);
}
