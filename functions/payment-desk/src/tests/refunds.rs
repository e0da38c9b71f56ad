//! Refunds by staff.

use futures::future::join_all;

use super::*;

fn amount(amount: i64) -> Value {
    json!({"amount": cny(amount), "reason": "goodwill", "note": "sorry"})
}

fn units(order: &Order, line: usize, quantity: u32) -> Value {
    json!({"lines": [{"line_id": order.lines()[line].id, "quantity": quantity}], "reason": "returned"})
}

#[tokio::test]
async fn an_amount_is_asked_back_once_and_the_order_tells_it() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    let first = desk.refund(&order, "payments.refund", "k1", 1, amount(1_500)).await;
    assert_eq!(
        (first.0, &first.1["refundable"]["amount"]),
        (201, &json!(TOTAL - 1_500)),
        "{first:?}"
    );
    assert_eq!(first.1["refunds"][0]["progress"], "requested");
    assert_eq!(
        desk.refund(&order, "payments.refund", "k1", 1, amount(1_500)).await,
        first
    );
    assert_eq!(desk.refund(&order, "payments.refund", "k1", 1, amount(1)).await.0, 422);
    assert_eq!(
        desk.refund(&order, "payments.refund", "k2", 1, amount(100)).await.0,
        412
    );
    assert_eq!(desk.named("payment.refund_requested").await, 1);
    let told = desk.load(&order).await;
    let adjustment = told.adjustments().last().unwrap();
    assert_eq!(
        (adjustment.amount, &json!(adjustment.id)),
        (Some(cny(-1_500)), &first.1["refunds"][0]["id"])
    );
    let money = desk.money(&order).await;
    assert_eq!(
        (&money["version"], &money["refunds"][0]["reason"]),
        (&json!(2), &json!("goodwill"))
    );
}

#[tokio::test]
async fn units_are_worth_their_share_and_are_never_refunded_twice() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    let (status, body) = desk
        .refund(&order, "payments.refund", "k1", 1, units(&order, 0, 2))
        .await;
    assert_eq!(
        (status, &body["refunds"][0]["amount"]["amount"]),
        (201, &json!(2_000)),
        "{body}"
    );
    let (status, problem) = desk.refund(&order, "admin", "k2", 2, units(&order, 0, 2)).await;
    assert_eq!((status, &problem["line_id"]), (422, &json!(order.lines()[0].id)));
    let (status, body) = desk.refund(&order, "admin", "k3", 2, units(&order, 0, 1)).await;
    assert_eq!(
        (status, &body["refunds"][0]["amount"]["amount"]),
        (201, &json!(1_000)),
        "{body}"
    );
    assert_eq!(desk.refund(&order, "admin", "k4", 3, units(&order, 0, 1)).await.0, 422);
    assert_eq!(
        desk.load(&order).await.adjustments().last().unwrap().lines[0].quantity,
        -1
    );
}

#[tokio::test]
async fn the_limit_is_of_all_refunds_of_an_order_and_the_larger_role_has_none() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    assert_eq!(
        desk.refund(&order, "payments.refund", "k1", 1, amount(1_500)).await.0,
        201
    );
    let (status, problem) = desk.refund(&order, "payments.refund", "k2", 2, amount(501)).await;
    assert_eq!((status, &problem["limit"]), (403, &json!(2_000)));
    assert_eq!(
        desk.refund(&order, "payments.refund", "k3", 2, amount(500)).await.0,
        201
    );
    assert_eq!(
        desk.refund(&order, "payments.refund.large", "k4", 3, amount(1_000))
            .await
            .0,
        201
    );
}

#[tokio::test]
async fn many_refunds_at_once_never_exceed_what_was_captured() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    let (desk, order) = (&desk, &order);
    let tries = (0..6).map(|n| async move {
        let key = format!("k{n}");
        let mut last = 0;
        // As a client does: read the version, ask, and read again when it moved on.
        for round in 0..4 {
            let version = desk.money(order).await["version"].as_u64().unwrap();
            last = desk
                .refund(order, "admin", &format!("{key}-{round}"), version, amount(2_000))
                .await
                .0;
            if last != 412 && last != 503 {
                break;
            }
        }
        last
    });
    let statuses = join_all(tries).await;
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        2,
        "{statuses:?}"
    );
    let money = desk.money(order).await;
    let asked: i64 = money["refunds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refund| refund["amount"]["amount"].as_i64().unwrap())
        .sum();
    assert_eq!((asked, &money["refundable"]["amount"]), (4_000, &json!(1_200)));
}

#[tokio::test]
async fn what_is_too_much_or_no_refund_is_refused() {
    let desk = Desk::new().await;
    let order = desk.order(TOTAL).await;
    let line = order.lines()[0].id;
    let (status, problem) = desk.refund(&order, "admin", "k", 1, amount(TOTAL + 1)).await;
    assert_eq!((status, &problem["refundable"]), (422, &json!(TOTAL)));
    for (body, expected) in [
        (amount(0), 422),
        (
            json!({"amount": {"amount": 1, "currency": "USD"}, "reason": "goodwill"}),
            422,
        ),
        (json!({"amount": cny(1), "reason": "paid_twice"}), 422),
        (json!({"amount": cny(1), "reason": "boredom"}), 400),
        (json!({"reason": "goodwill"}), 422),
        (
            json!({"amount": cny(1), "lines": [{"line_id": line, "quantity": 1}], "reason": "goodwill"}),
            422,
        ),
        (
            json!({"lines": [{"line_id": line, "quantity": 0}], "reason": "returned"}),
            422,
        ),
        (
            json!({"lines": [{"line_id": line, "quantity": 1}, {"line_id": line, "quantity": 1}], "reason": "returned"}),
            422,
        ),
    ] {
        let text = body.to_string();
        assert_eq!(desk.refund(&order, "admin", "k", 1, body).await.0, expected, "{text}");
    }
    let unpaid = desk.order(0).await;
    assert_eq!(desk.refund(&unpaid, "admin", "k", 0, amount(1)).await.0, 422);
    assert_eq!(desk.named("payment.refund_requested").await, 0);
}

#[tokio::test]
async fn cash_is_paid_out_by_hand_and_told_to_settlement_once() {
    let desk = Desk::new().await;
    let order = desk.order(0).await;
    let cash = desk.intent(order.id(), Provider::CashOnDelivery, Mode::Cash, "pay_1");
    assert_eq!(desk.ports.payments.put_intent(&cash).await.unwrap(), None);
    desk.told(&order, &cash, FactKind::Captured { received: cny(TOTAL) })
        .await;
    let (_, asked) = desk.refund(&order, "admin", "k1", 1, amount(700)).await;
    let id = asked["refunds"][0]["id"].as_str().unwrap();
    let route = "POST /v1/orders/{id}/refunds/{refund}/paid-out";
    let path = format!("/v1/orders/{}/refunds/{id}/paid-out", order.id());
    let before = desk.named("payment.noticed").await;
    let first = desk
        .call(route, &path, Some("payments.cash"), ("p1", None), Value::Null)
        .await;
    assert_eq!(first.0, 202, "{first:?}");
    assert_eq!(
        desk.call(route, &path, Some("payments.cash"), ("p1", None), Value::Null)
            .await,
        first
    );
    assert_eq!(desk.named("payment.noticed").await, before + 1);
    let (_, bank) = desk
        .get(
            "/v1/ledger/accounts/{account}/balance",
            "/v1/ledger/accounts/bank/balance?currency=CNY",
        )
        .await;
    assert_eq!(bank["balance"]["amount"], -700);
    let card = desk.order(TOTAL).await;
    let (_, asked) = desk.refund(&card, "admin", "k2", 1, amount(700)).await;
    let path = format!(
        "/v1/orders/{}/refunds/{}/paid-out",
        card.id(),
        asked["refunds"][0]["id"].as_str().unwrap()
    );
    assert_eq!(
        desk.call(route, &path, Some("payments.cash"), ("p2", None), Value::Null)
            .await
            .0,
        409
    );
}
