//! Holds, releases and cases.

use payments::{CaseId, CaseReason, Finding, events::latest::Why};

use super::*;

#[tokio::test]
async fn a_held_order_stops_and_goes_on_after_its_release() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    let first = desk.review(&order, "payments/hold", "k1").await;
    assert_eq!((first.0, &first.1["under_review"]), (200, &json!(true)), "{first:?}");
    assert_eq!(desk.review(&order, "payments/hold", "k1").await, first);
    assert_eq!(desk.review(&order, "payments/hold", "k2").await.0, 409);
    let body = json!({"amount": cny(1), "reason": "goodwill"});
    assert_eq!(desk.refund(&order, "admin", "k3", 1, body).await.0, 409);
    assert_eq!(desk.money(&order).await["under_review"], true);
    assert_eq!(desk.review(&order, "payments/release", "k4").await.0, 200);
    assert_eq!(desk.named("order.confirmed").await, 1);
    assert_eq!(desk.review(&order, "payments/release", "k5").await.0, 409);
}

#[tokio::test]
async fn too_little_is_released_as_enough_and_the_order_is_paid() {
    let desk = Desk::new().await;
    let order = desk.order(5_000).await;
    assert_eq!(desk.money(&order).await["hold"], "underpaid");
    let first = desk.review(&order, "payments/release", "k1").await;
    assert_eq!((first.0, &first.1["status"]), (200, &json!("paid")), "{first:?}");
    assert_eq!(desk.review(&order, "payments/release", "k1").await, first);
    let paid = desk.load(&order).await;
    assert_eq!((paid.state().name().as_str(), paid.value()), ("confirmed", cny(5_000)));
    let path = format!("/v1/orders/{}/ledger", order.id());
    let (_, ledger) = desk.get("/v1/orders/{id}/ledger", &path).await;
    let causes: Vec<_> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|posting| posting["cause"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        causes.iter().any(|cause| cause.starts_with("review#accepted")),
        "{causes:?}"
    );
}

#[tokio::test]
async fn a_hold_for_too_much_is_ended() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL + 100).await;
    assert_eq!(desk.money(&order).await["hold"], "overpaid");
    let (status, body) = desk.review(&order, "payments/release", "k1").await;
    assert_eq!((status, &body["hold"]), (200, &Value::Null), "{body}");
    let history = desk.ports.orders.history(order.id(), 100, None).await.unwrap().items;
    let last = history.last().unwrap();
    assert_eq!(last.what, "hold_ended");
    assert_eq!(
        last.reason.as_ref().map(ToString::to_string).as_deref(),
        Some("looked at it")
    );
    assert_eq!(desk.review(&order, "payments/release", "k2").await.0, 409);
}

#[tokio::test]
async fn escrow_is_released_once_and_only_where_it_is_held() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    assert_eq!(desk.review(&order, "escrow/release", "k1").await.0, 409);
    let mut money = desk
        .ports
        .payments
        .order_money(order.id(), order.value())
        .await
        .unwrap();
    money.state.escrow = payments::Escrow::Held;
    let mut held = payments::end_hold(&payments::MoneyState {
        hold: Some(payments::HoldReason::Overpaid),
        ..money.state
    })
    .unwrap();
    held.state.hold = None;
    let parts = desk.ports.payments.settle_parts(&held, None).unwrap();
    desk.world.dynamo().commit(parts).await.unwrap();
    let first = desk.review(&order, "escrow/release", "k2").await;
    assert_eq!((first.0, &first.1["escrow"]), (200, &json!("released")), "{first:?}");
    assert_eq!(desk.review(&order, "escrow/release", "k2").await, first);
    assert_eq!(desk.money(&order).await["escrow"], "released");
    assert_eq!(desk.review(&order, "escrow/release", "k3").await.0, 409);
}

#[tokio::test]
async fn a_case_is_listed_and_resolved_once() {
    let desk = Desk::new().await;
    let id = CaseId {
        day: desk.world.now().day(),
        provider: Provider::Stripe,
        of: "evt_1".parse().unwrap(),
        why: Why::Case(CaseReason::WrongAmount),
    };
    desk.ports.payments.open_finding(&id, Finding::default()).await.unwrap();
    let (status, listed) = desk.get("/v1/payments/cases", "/v1/payments/cases").await;
    assert_eq!(
        (status, &listed["items"][0]["why"]),
        (200, &json!("wrong_amount")),
        "{listed}"
    );
    let named = listed["items"][0]["id"].as_str().unwrap();
    let resolve = |key: &'static str, id: String| {
        let (desk, path) = (&desk, format!("/v1/payments/cases/{id}/resolve"));
        let body = json!({"note": "the provider was wrong"});
        async move {
            let route = "POST /v1/payments/cases/{id}/resolve";
            desk.call(route, &path, Some("payments.review"), (key, None), body)
                .await
        }
    };
    let first = resolve("k1", named.to_owned()).await;
    assert_eq!(
        (first.0, &first.1["state"]["is"]),
        (200, &json!("resolved")),
        "{first:?}"
    );
    assert_eq!(resolve("k1", named.to_owned()).await, first);
    assert_eq!(resolve("k2", named.to_owned()).await.0, 409);
    assert_eq!(resolve("k3", "2026-11-22~stripe~evt_2~silent".to_owned()).await.0, 404);
    assert_eq!(resolve("k4", "junk".to_owned()).await.0, 404);
    // One that a payment waits for is decided, not resolved.
    let id = CaseId {
        why: Why::Case(CaseReason::RiskReview),
        ..id
    };
    desk.ports.payments.open_finding(&id, Finding::default()).await.unwrap();
    assert_eq!(resolve("k5", id.to_string()).await.0, 409);
}
