//! Cash on delivery: the order leaves before its money comes, and the money goes from door to bank.

use serde_json::{Value, json};
use tests::shop::Member;

use super::{Stage, Started, cases, start};

fn cny(amount: i64) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

/// An order that is paid at the door, and on its way there; and who carries it.
async fn on_its_way(stage: &Stage, number: &str) -> (Started, Member) {
    let started = start(stage, ("cash_on_delivery", "cash")).await;
    let order = stage.shop.order(&started.order).await;
    assert_eq!(
        (
            &order["state"]["name"],
            &order["on_delivery"],
            &order["payment"]["status"]
        ),
        (&json!("confirmed"), &json!(true), &json!("unpaid"))
    );
    stage.settle().await;
    let shipment = stage.shop.shipments(&started.order).await.pop();
    let shipment = shipment.expect("an order is allocated before its payment");
    let picked = stage.shop.step(&shipment, "pick", &json!({})).await;
    let packed = stage.shop.step(&picked, "pack", &json!({})).await;
    let shipped = json!({"carrier": "shunfeng", "number": number});
    stage.shop.step(&packed, "ship", &shipped).await;
    stage.settle().await;
    (started, stage.shop.hire(&["courier"]).await)
}

fn collection(started: &Started, amount: i64) -> Value {
    let code = &started.answer["client_secret"];
    json!({"order_id": started.order, "amount": cny(amount), "evidence": {"code": code}})
}

/// Where the cash of an order is.
async fn whereabouts(stage: &Stage, order: &str) -> Value {
    stage.shop.money(order).await["tries"][0]["cash"]["state"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_goes_from_the_door_to_the_bank() {
    let stage = Stage::set().await;
    let (started, courier) = on_its_way(&stage, "SF8000000001").await;
    assert_eq!(whereabouts(&stage, &started.order).await, "cod_pending");
    let total = started.amount();
    let wrong = json!({"order_id": started.order, "amount": cny(total), "evidence": {"code": "no"}});
    courier.api.post("/v1/courier/collections", &wrong).await.expect(422);
    let (door, body) = ("/v1/courier/collections", collection(&started, total));
    let collected = courier.api.post(door, &body).await.expect(201);
    assert_eq!(collected["state"], "cod_collected", "{collected}");
    courier.api.post(door, &body).await.expect(409);
    stage
        .shop
        .until(&started.order, |order| order["payment"]["status"] == "paid")
        .await;
    let cash = courier.api.get("/v1/courier/cash?currency=CNY").await.expect(200);
    assert_eq!(cash["in_hand"], cny(total));

    let more = json!({"amount": cny(total + 1)});
    courier.api.post("/v1/courier/remittances", &more).await.expect(422);
    let all = json!({"amount": cny(total)});
    let handed = courier.api.post("/v1/courier/remittances", &all).await.expect(201);
    assert_eq!(whereabouts(&stage, &started.order).await, "cod_remitted");
    let (courier_id, id) = (&courier.id, handed["remittance"]["id"].as_str().unwrap());
    let count = format!("/v1/payments/couriers/{courier_id}/remittances/{id}/count");
    let counted = json!({"counted": cny(total)});
    courier.api.post(&count, &counted).await.expect(403);
    let cashier = stage.shop.hire(&["payments.cash"]).await;
    cashier.api.post(&count, &counted).await.expect(200);
    let path = format!("/v1/payments/couriers/{courier_id}/cash?currency=CNY");
    let cash = cashier.api.get(&path).await.expect(200);
    assert_eq!((&cash["in_hand"], &cash["uncounted"]), (&cny(0), &cny(0)), "{cash}");
    assert_eq!(whereabouts(&stage, &started.order).await, "settled");
    let path = "/v1/ledger/accounts/bank/balance?currency=CNY";
    assert_eq!(stage.shop.staff.get(path).await.expect(200)["balance"], cny(total));
    assert_eq!(cases(&stage).await, []);
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_at_the_door_waits_for_staff_who_may_take_it_for_enough() {
    let stage = Stage::set().await;
    let (started, courier) = on_its_way(&stage, "SF8000000002").await;
    let short = collection(&started, started.amount() - 100);
    let collected = courier.api.post("/v1/courier/collections", &short).await.expect(201);
    assert_eq!(
        (&collected["state"], &collected["short_by"]),
        (&json!("cod_short"), &cny(100)),
        "{collected}"
    );
    let held = |order: &Value| order["payment"]["status"] == "underpaid_hold";
    stage.shop.until(&started.order, held).await;
    let reasons: Vec<String> = cases(&stage).await.into_iter().map(|(why, _)| why).collect();
    assert!(reasons.contains(&"cash_short".to_owned()), "{reasons:?}");
    let handed = json!({"amount": cny(started.amount() - 100)});
    let handed = courier.api.post("/v1/courier/remittances", &handed).await.expect(201);

    // What is counted is not what was said: the courier has it again.
    let (courier_id, id) = (&courier.id, handed["remittance"]["id"].as_str().unwrap());
    let count = format!("/v1/payments/couriers/{courier_id}/remittances/{id}/count");
    stage
        .shop
        .staff
        .post(&count, &json!({"counted": cny(1)}))
        .await
        .expect(200);
    let cash = courier.api.get("/v1/courier/cash?currency=CNY").await.expect(200);
    assert_eq!(cash["in_hand"], cny(started.amount() - 100));

    let release = format!("/v1/orders/{}/payments/release", started.order);
    let reason = json!({"reason": "the buyer had no change"});
    stage.shop.staff.post(&release, &reason).await.expect(200);
    let paid = stage.shop.order(&started.order).await;
    assert_eq!(paid["payment"]["status"], "paid", "{paid}");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_does_not_pay_at_the_door_may_pay_on_the_next_visit() {
    let stage = Stage::set().await;
    let (started, courier) = on_its_way(&stage, "SF8000000003").await;
    let refused = json!({"order_id": started.order, "reason": "nobody was at home"});
    stage
        .shop
        .agent
        .post("/v1/courier/refusals", &refused)
        .await
        .expect(401);
    courier.api.post("/v1/courier/refusals", &refused).await.expect(201);
    stage.settle().await;
    assert_eq!(whereabouts(&stage, &started.order).await, "cod_refused");
    assert_eq!(stage.shop.money(&started.order).await["status"], "unpaid");
    let body = collection(&started, started.amount());
    courier.api.post("/v1/courier/collections", &body).await.expect(201);
    stage
        .shop
        .until(&started.order, |order| order["payment"]["status"] == "paid")
        .await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_goes_back_is_paid_out_by_hand() {
    let stage = Stage::set().await;
    let (started, courier) = on_its_way(&stage, "SF8000000004").await;
    let (order, total) = (&started.order, started.amount());
    let body = collection(&started, total);
    courier.api.post("/v1/courier/collections", &body).await.expect(201);
    stage
        .shop
        .until(order, |order| order["payment"]["status"] == "paid")
        .await;
    let version = stage.shop.money(order).await["version"].clone();
    let some = json!({"amount": cny(300), "reason": "damaged"});
    let asked = stage.shop.refund(&stage.shop.staff, order, &version, &some).await;
    let refund = asked.expect(201)["refunds"][0]["id"].as_str().unwrap().to_owned();
    let by_hand = |money: &Value| money["refunds"][0]["progress"] == "needs_person";
    stage.shop.until_money(order, by_hand).await;
    assert_eq!(cases(&stage).await, [("refund_refused".to_owned(), refund.clone())]);
    let path = format!("/v1/orders/{order}/refunds/{refund}/paid-out");
    courier.api.post(&path, &json!({})).await.expect(403);
    stage.shop.staff.post(&path, &json!({})).await.expect(202);
    let settled = |money: &Value| money["refunds"][0]["progress"] == "settled";
    let money = stage.shop.until_money(order, settled).await;
    assert_eq!(
        (&money["status"], &money["refunded"]),
        (&json!("partially_refunded"), &cny(300))
    );
    stage.shop.staff.post(&path, &json!({})).await.expect(409);
    let path = "/v1/ledger/accounts/bank/balance?currency=CNY";
    assert_eq!(stage.shop.staff.get(path).await.expect(200)["balance"], cny(-300));
    stage.audit().await;
}
