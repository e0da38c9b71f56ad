//! From the courier's hand to the bank.

use futures::future::join_all;

use super::*;

#[tokio::test]
async fn cash_goes_from_hand_to_transit_to_bank() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    shop.collect(&order, "k1", TOTAL).await;
    let (status, handed) = shop.hand_in("k2", TOTAL).await;
    assert_eq!((status, &handed["cash"]["in_hand"]["amount"]), (201, &json!(0)));
    assert_eq!(shop.hand_in("k2", TOTAL).await, (201, handed.clone()));
    assert_eq!(shop.cash().await["collections"]["items"][0]["state"], "cod_remitted");
    let transit = BTreeMap::from([("cash_in_transit".to_owned(), TOTAL), ("clearing".to_owned(), -TOTAL)]);
    assert_eq!(shop.books().await, transit);
    let counted = shop.count(&handed, "k3", TOTAL).await;
    assert_eq!(
        (counted.0, &counted.1["remittance"]["state"]["is"]),
        (200, &json!("banked")),
        "{counted:?}"
    );
    assert_eq!(shop.count(&handed, "k3", TOTAL).await, counted);
    assert_eq!(shop.count(&handed, "k4", TOTAL).await.0, 409);
    assert_eq!(shop.cash().await["collections"]["items"][0]["state"], "settled");
    let bank = BTreeMap::from([("bank".to_owned(), TOTAL), ("clearing".to_owned(), -TOTAL)]);
    assert_eq!(shop.books().await, bank);
}

#[tokio::test]
async fn what_was_counted_otherwise_goes_back_into_the_hand() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    shop.collect(&order, "k1", TOTAL).await;
    let (_, handed) = shop.hand_in("k2", TOTAL).await;
    let (status, body) = shop.count(&handed, "k3", TOTAL - 100).await;
    assert_eq!(
        (status, &body["remittance"]["state"]["is"]),
        (200, &json!("given_back")),
        "{body}"
    );
    let cash = shop.cash().await;
    assert_eq!(
        (&cash["in_hand"]["amount"], &cash["uncounted"]["amount"]),
        (&json!(TOTAL), &json!(0))
    );
    assert!(shop.books().await.is_empty());
}

#[tokio::test]
async fn nobody_hands_in_more_than_they_hold_or_counts_their_own() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    assert_eq!(shop.hand_in("k0", 1).await.0, 422);
    shop.collect(&order, "k1", TOTAL).await;
    let (status, problem) = shop.hand_in("k2", TOTAL + 1).await;
    assert_eq!((status, &problem["held"]), (422, &json!(TOTAL)));
    assert_eq!(shop.hand_in("k3", 0).await.0, 422);
    let (_, handed) = shop.hand_in("k4", TOTAL).await;
    let id = handed["remittance"]["id"].as_str().unwrap();
    let route = "POST /v1/payments/couriers/{id}/remittances/{remittance}/count";
    let body = json!({"counted": sample::cny(TOTAL)});
    for (whose, expected) in [(shop.courier, 403), (shop.cashier, 404)] {
        let path = format!("/v1/payments/couriers/{whose}/remittances/{id}/count");
        let caller = Some((shop.courier, "payments.cash"));
        assert_eq!(shop.call(route, &path, caller, "k5", body.clone()).await.0, expected);
    }
}

#[tokio::test]
async fn hand_ins_at_once_never_exceed_what_is_held() {
    let shop = Shop::new().await;
    let order = shop.promised().await;
    shop.collect(&order, "k", TOTAL).await;
    let keys: Vec<String> = (0..6).map(|n| format!("h{n}")).collect();
    let tries = join_all(keys.iter().map(|key| shop.hand_in(key, 2_000))).await;
    let done = tries.iter().filter(|(status, _)| *status == 201).count();
    assert!(
        tries.iter().all(|(status, _)| [201, 422, 503].contains(status)),
        "{tries:?}"
    );
    let cash = shop.cash().await;
    let handed = i64::try_from(done).unwrap() * 2_000;
    assert!(handed <= TOTAL);
    assert_eq!(cash["remitted"]["amount"], handed);
    assert_eq!(
        shop.books().await.get("cash_in_transit").copied().unwrap_or_default(),
        handed
    );
}

#[tokio::test]
async fn staff_read_a_couriers_cash_and_a_cursor_of_another_is_refused() {
    let shop = Shop::new().await;
    for n in 0..3 {
        shop.world.clock().advance_seconds(1);
        let order = shop.promised().await;
        assert_eq!(shop.collect(&order, &format!("k{n}"), TOTAL).await.0, 201);
    }
    let route = "GET /v1/payments/couriers/{id}/cash";
    let read = |courier: StaffId, query: String| {
        let path = format!("/v1/payments/couriers/{courier}/cash?{query}");
        let shop = &shop;
        async move {
            shop.call(route, &path, Some((shop.cashier, "payments.read")), "", Value::Null)
                .await
        }
    };
    let (status, first) = read(shop.courier, "currency=CNY&limit=2".to_owned()).await;
    assert_eq!((status, &first["in_hand"]["amount"]), (200, &json!(3 * TOTAL)));
    let next = first["collections"]["next"].as_str().unwrap();
    let (_, rest) = read(shop.courier, format!("currency=CNY&collections={next}")).await;
    assert_eq!(rest["collections"]["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        read(shop.cashier, format!("currency=CNY&collections={next}")).await.0,
        400
    );
    assert_eq!(read(shop.courier, "currency=XXQ".to_owned()).await.0, 400);
}
