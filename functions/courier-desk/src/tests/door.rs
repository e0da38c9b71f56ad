//! At the door.

use payments::{Fact, FactKind, MoneyState, NoticeSource, OrderStanding, OrderStep, Status, provider, settle};

use super::*;

/// What settlement is told of an order, oldest first.
async fn facts(shop: &Shop) -> Vec<Fact> {
    let mut facts = Vec::new();
    for event in shop.named("payment.noticed").await {
        let (name, delivery) = (event["provider"].as_str().unwrap(), event["delivery"].as_str().unwrap());
        let notice = shop
            .ports
            .payments
            .notice(name.parse().unwrap(), &delivery.parse().unwrap())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(notice.source, NoticeSource::Courier);
        let Ok(provider::Parsed::Told(reading)) = provider::read(&notice) else {
            panic!("unreadable: {notice:?}");
        };
        facts.extend(reading.facts);
    }
    facts
}

#[tokio::test]
async fn what_is_collected_is_held_and_told_to_settlement_once() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    let first = shop.collect(&order, "k1", TOTAL).await;
    assert_eq!(
        (first.0, &first.1["state"]),
        (201, &json!("cod_collected")),
        "{first:?}"
    );
    assert_eq!(first.1["evidence"], json!({"by": "code"}));
    assert_eq!(shop.collect(&order, "k1", TOTAL).await, first);
    assert_eq!(shop.collect(&order, "k2", TOTAL).await.0, 409);
    let cash = shop.cash().await;
    assert_eq!(cash["in_hand"]["amount"], TOTAL);
    assert_eq!(cash["collections"]["items"].as_array().unwrap().len(), 1);
    assert!(!cash.to_string().contains("pay_"), "the code follows from it: {cash}");
    let facts = facts(&shop).await;
    let state = MoneyState::opening(order.id(), order.total());
    let open = (OrderStanding::Open, order.value());
    let settled = settle(&state, &[], &facts, open, shop.world.now(), || unreachable!()).unwrap();
    assert_eq!((settled.order, settled.state.status()), (OrderStep::Pay, Status::Paid));
}

#[tokio::test]
async fn less_than_due_is_kept_as_short_and_becomes_a_case() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    let (status, body) = shop.collect(&order, "k1", 5_000).await;
    assert_eq!(
        (status, &body["state"], &body["short_by"]["amount"]),
        (201, &json!("cod_short"), &json!(200))
    );
    let cases = shop
        .ports
        .payments
        .cases(&shop.world.now().day(), None)
        .await
        .unwrap()
        .items;
    assert_eq!((cases.len(), cases[0].there), (1, Some(sample::cny(5_000))));
}

#[tokio::test]
async fn a_buyer_who_refuses_may_pay_on_another_visit() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    let body = json!({"order_id": order.id(), "reason": "not at home"});
    let first = shop.post("refusals", "k1", body.clone()).await;
    assert_eq!((first.0, &first.1["state"]), (201, &json!("cod_refused")), "{first:?}");
    assert_eq!(shop.post("refusals", "k1", body.clone()).await, first);
    shop.world.clock().advance_seconds(60);
    assert_eq!(shop.collect(&order, "k2", TOTAL).await.0, 201);
    assert_eq!(shop.post("refusals", "k3", body).await.0, 409);
    let kinds: Vec<_> = facts(&shop).await.into_iter().map(|fact| fact.kind).collect();
    assert!(
        matches!(kinds.as_slice(), [FactKind::Progress { .. }, FactKind::Captured { .. }]),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn what_is_not_due_or_not_proved_is_refused() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    let unpaid = shop.placed().await;
    let photo = || json!({"photo_url": "https://cdn.example/p.jpg"});
    let with = |order: &Order, amount: Value, evidence: Value| json!({"order_id": order.id(), "amount": amount, "evidence": evidence});
    let cny = |amount: i64| json!(sample::cny(amount));
    for (body, expected) in [
        (with(&unpaid, cny(TOTAL), photo()), 409),
        (
            json!({"order_id": OrderId::generate(&shop.world.ambient()), "amount": cny(1), "evidence": photo()}),
            404,
        ),
        (with(&order, cny(TOTAL + 1), photo()), 422),
        (with(&order, cny(0), photo()), 422),
        (with(&order, cny(-1), photo()), 422),
        (with(&order, json!({"amount": 1, "currency": "USD"}), photo()), 422),
        (with(&order, cny(TOTAL), json!({"code": "no"})), 422),
        (
            with(&order, cny(TOTAL), json!({"photo_url": "http://cdn.example/p.jpg"})),
            422,
        ),
        (with(&order, cny(TOTAL), json!({})), 400),
    ] {
        let text = body.to_string();
        assert_eq!(shop.post("collections", "k", body).await.0, expected, "{text}");
    }
    assert_eq!(shop.cash().await["in_hand"]["amount"], 0);
    assert_eq!(
        shop.post("collections", "k9", with(&order, cny(TOTAL), photo()))
            .await
            .0,
        201
    );
}

#[tokio::test]
async fn two_couriers_at_one_door_collect_once() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    let (first, second) = tokio::join!(shop.collect(&order, "k1", TOTAL), shop.collect(&order, "k2", TOTAL));
    let mut statuses = [first.0, second.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    assert_eq!(shop.cash().await["in_hand"]["amount"], TOTAL);
}
