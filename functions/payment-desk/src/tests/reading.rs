//! What staff read, and who may.

use payments::{Refused, provider::Refusal};

use super::*;

const READS: &[&str] = &[
    "GET /v1/orders/{id}/payments",
    "GET /v1/orders/{id}/ledger",
    "GET /v1/ledger/accounts/{account}/entries",
    "GET /v1/ledger/accounts/{account}/balance",
    "GET /v1/payments/disputes",
    "GET /v1/payments/cases",
    "GET /v1/payments/notices/{provider}",
    "GET /v1/payments/notices/{provider}/{delivery}",
];
const WRITES: &[(&str, &str)] = &[
    ("POST /v1/orders/{id}/refunds", "payments.refund"),
    ("POST /v1/orders/{id}/refunds", "payments.refund.large"),
    ("POST /v1/orders/{id}/refunds/{refund}/paid-out", "payments.cash"),
    ("POST /v1/orders/{id}/payments/hold", "payments.review"),
    ("POST /v1/orders/{id}/payments/release", "payments.review"),
    ("POST /v1/orders/{id}/escrow/release", "payments.review"),
    ("POST /v1/payments/cases/{id}/resolve", "payments.review"),
    (
        "POST /v1/payments/notices/{provider}/{delivery}/redrive",
        "payments.review",
    ),
];

#[tokio::test]
async fn each_route_asks_for_a_role_that_allows_it() {
    let desk = Desk::new().await;
    let status = |route: &'static str, role: Option<&'static str>| {
        let (desk, path) = (&desk, route.split_once(' ').unwrap().1);
        async move { desk.call(route, path, role, ("k", None), Value::Null).await.0 }
    };
    for route in READS {
        assert_eq!(status(route, None).await, 401, "{route}");
        for role in ["orders", "courier"] {
            assert_eq!(status(route, Some(role)).await, 403, "{route}");
        }
        for role in READERS {
            assert!(![401, 403].contains(&status(route, Some(role)).await), "{route} {role}");
        }
    }
    for (route, role) in WRITES {
        assert_eq!(status(route, None).await, 401, "{route}");
        for other in ["orders", "payments.read", "courier"] {
            assert_eq!(status(route, Some(other)).await, 403, "{route}");
        }
        for role in [role, "admin"] {
            assert!(![401, 403].contains(&status(route, Some(role)).await), "{route} {role}");
        }
    }
    assert_eq!(status("GET /v1/payments/other", Some("admin")).await, 404);
}

#[tokio::test]
async fn an_orders_money_is_told_in_plain_words_with_its_sources_and_without_payloads() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    let money = desk.money(&order).await;
    assert_eq!(
        (&money["status"], &money["captured"]["amount"]),
        (&json!("paid"), &json!(TOTAL))
    );
    let fact = &money["facts"][0];
    assert_eq!(
        (&fact["says"], &fact["source"]),
        (&json!("52.00 CNY came in"), &json!("query")),
        "{money}"
    );
    assert_eq!(
        (&money["tries"][0]["state"], money["tries"][0].get("started")),
        (&json!("open"), None)
    );
    let path = format!("/v1/orders/{}/payments", OrderId::generate(&desk.world.ambient()));
    assert_eq!(desk.get("/v1/orders/{id}/payments", &path).await.0, 404);
}

#[tokio::test]
async fn the_ledger_answers_by_order_account_and_day() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    let path = format!("/v1/orders/{}/ledger", order.id());
    let (_, ledger) = desk.get("/v1/orders/{id}/ledger", &path).await;
    assert_eq!(ledger["items"][0]["entries"].as_array().unwrap().len(), 2);
    let day = desk.world.now().day();
    let route = "/v1/ledger/accounts/{account}/entries";
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/ledger/accounts/provider_clearing:stripe/entries?currency=CNY&day={day}{cursor}");
        let (status, page) = desk.get(route, &path).await;
        assert_eq!(status, 200, "{page}");
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!((found.len(), &found[0]["amount"]["amount"]), (1, &json!(TOTAL)));
    let balance = "/v1/ledger/accounts/{account}/balance";
    let (_, sales) = desk
        .get(balance, "/v1/ledger/accounts/sales/balance?currency=CNY")
        .await;
    assert_eq!(sales["balance"]["amount"], -TOTAL);
    for (path, expected) in [
        ("/v1/ledger/accounts/sales/balance", 400),
        ("/v1/ledger/accounts/sales/balance?currency=CNY&day=2026-02-30", 400),
        ("/v1/ledger/accounts/loot/balance?currency=CNY", 404),
    ] {
        assert_eq!(desk.get(balance, path).await.0, expected, "{path}");
    }
    let path = format!("/v1/ledger/accounts/sales/entries?currency=CNY&day={day}&cursor=9.x");
    assert_eq!(desk.get(route, &path).await.0, 400);
}

#[tokio::test]
async fn a_notice_is_seen_without_its_content_and_handed_on_again() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    let money = desk.money(&order).await;
    let delivery = money["facts"][0]["delivery"].as_str().unwrap().to_owned();
    let route = "/v1/payments/notices/{provider}/{delivery}";
    let path = format!("/v1/payments/notices/stripe/{delivery}");
    let (status, notice) = desk.get(route, &path).await;
    assert_eq!(
        (status, notice.get("body"), &notice["source"]),
        (200, None, &json!("query")),
        "{notice}"
    );
    assert_eq!(desk.get(route, "/v1/payments/notices/stripe/evt_9").await.0, 404);
    let before = desk.named("payment.noticed").await;
    let redrive = format!("POST {route}/redrive");
    for key in ["k1", "k1", "k2"] {
        let path = format!("{path}/redrive");
        let answer = desk
            .call(&redrive, &path, Some("payments.review"), (key, None), Value::Null)
            .await;
        assert_eq!(answer.0, 202);
    }
    assert_eq!(desk.named("payment.noticed").await, before + 2);
}

#[tokio::test]
async fn refused_notices_are_listed_by_the_hour_without_their_bodies() {
    let desk = Desk::new().await;
    let now = desk.world.now();
    let refused = Refused::new(
        Provider::Stripe,
        Refusal::SignatureWrong,
        b"secret",
        "127.0.0.1".to_owned(),
        now,
    );
    desk.ports.payments.keep_refused(refused).await.unwrap();
    let route = "/v1/payments/notices/{provider}";
    let (status, listed) = desk.get(route, "/v1/payments/notices/stripe").await;
    assert_eq!(
        (status, &listed["items"][0]["reason"]),
        (200, &json!("signature_wrong")),
        "{listed}"
    );
    assert!(!listed.to_string().contains("secret"));
    let other = format!("/v1/payments/notices/stripe?refused_in={}", now.plus_seconds(3_600));
    let (_, later) = desk.get(route, &other).await;
    assert_eq!(later["items"], json!([]));
    assert_eq!(
        desk.get(route, "/v1/payments/notices/stripe?refused_in=noon").await.0,
        400
    );
    assert_eq!(
        desk.get("/v1/payments/disputes", "/v1/payments/disputes?day=2026-11-22")
            .await
            .0,
        200
    );
}
