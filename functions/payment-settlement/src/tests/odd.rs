//! Money that does not fit: never silent, and never booked where it is not ours.

use sales::order::{Act, Cancel};

use super::*;

async fn pay(shop: &mut Shop, order: OrderId, object: &str, asked: i64, received: i64) {
    let payment = shop.intent(order, object, asked, Mode::PaymentIntent).await;
    let told = intent_object(object, order, payment, asked, received);
    shop.notice(&format!("evt_{object}"), "payment_intent.succeeded", told)
        .await;
    shop.settle().await;
}

async fn expire(shop: &mut Shop, order: OrderId) {
    shop.world.clock().advance_seconds(1_801);
    let act = Act::by(kernel::Actor::system("test"), shop.world.now());
    let loaded = shop.load(order).await;
    let expired = shop
        .ports
        .orders
        .expire(&shop.ports.inventory, loaded, &act)
        .await
        .unwrap();
    assert_eq!(shop.ports.orders.commit(expired.parts).await.unwrap(), None);
}

async fn asked_back(shop: &Shop) -> Vec<(i64, String)> {
    let events = shop.events("payment.refund_requested").await.into_iter();
    events
        .map(|event| {
            (
                event["amount"]["amount"].as_i64().unwrap(),
                event["reason"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn too_little_holds_the_order_until_the_rest_comes() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    pay(&mut shop, order, "pi_1", TOTAL, TOTAL - 200).await;
    assert_eq!(shop.state(order).await, "on_hold");
    assert_eq!(shop.books().await["customer_deposits"], 200 - TOTAL);
    assert_eq!(shop.cases().await, [r#"{"hold":{"S":"underpaid"}}"#]);
    pay(&mut shop, order, "pi_2", 200, 200).await;
    assert_eq!(shop.state(order).await, "confirmed");
    assert_eq!(
        shop.books().await,
        BTreeMap::from([("clearing".to_owned(), TOTAL), ("sales".to_owned(), -TOTAL)])
    );
    assert_eq!(asked_back(&shop).await, []);
}

#[tokio::test]
async fn too_much_holds_the_order_and_asks_the_rest_back() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    pay(&mut shop, order, "pi_1", TOTAL, TOTAL + 300).await;
    assert_eq!(shop.state(order).await, "on_hold");
    assert_eq!(shop.books().await["overpayments"], -300);
    assert_eq!(asked_back(&shop).await, [(300, "overpaid".to_owned())]);
    assert_eq!(shop.cases().await, [r#"{"hold":{"S":"overpaid"}}"#]);
    shop.notice(
        "evt_re",
        "refund.updated",
        refund_object("re_1", "pi_1", 300, "succeeded"),
    )
    .await;
    shop.settle().await;
    assert_eq!(shop.state(order).await, "confirmed");
    assert_eq!(
        shop.books().await,
        BTreeMap::from([("clearing".to_owned(), TOTAL), ("sales".to_owned(), -TOTAL)])
    );
    assert_eq!(asked_back(&shop).await.len(), 1);
}

#[tokio::test]
async fn the_second_payment_is_asked_back_and_the_order_stays_paid() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    pay(&mut shop, order, "pi_1", TOTAL, TOTAL).await;
    pay(&mut shop, order, "pi_2", TOTAL, TOTAL).await;
    assert_eq!(shop.state(order).await, "confirmed");
    assert_eq!(asked_back(&shop).await, [(TOTAL, "paid_twice".to_owned())]);
    assert_eq!(shop.books().await["overpayments"], -TOTAL);
    assert_eq!(shop.events("order.paid").await.len(), 1);
}

#[tokio::test]
async fn money_after_expiry_reserves_again() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    expire(&mut shop, order).await;
    pay(&mut shop, order, "pi_1", TOTAL, TOTAL).await;
    assert_eq!(shop.state(order).await, "confirmed");
    let held = shop.ports.inventory.reservation(order).await.unwrap().unwrap();
    assert_eq!(held.remaining().iter().map(|(_, quantity)| quantity).sum::<u32>(), 5);
    assert_eq!(asked_back(&shop).await, []);
}

#[tokio::test]
async fn money_after_expiry_without_stock_goes_back() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    expire(&mut shop, order).await;
    // Another buyer takes the last one.
    let loaded = shop.load(order).await;
    let variant = loaded.lines()[0].variant;
    let plan = shop
        .ports
        .inventory
        .plan(OrderId::generate(&shop.world.ambient()), &[(variant, 1)])
        .await
        .unwrap();
    shop.world
        .dynamo()
        .commit(shop.ports.inventory.reserve(&plan).unwrap())
        .await
        .unwrap();
    pay(&mut shop, order, "pi_1", TOTAL, TOTAL).await;
    assert_eq!(shop.state(order).await, "expired");
    assert_eq!(asked_back(&shop).await, [(TOTAL, "paid_after_close".to_owned())]);
    assert_eq!(shop.books().await["refunds_payable"], -TOTAL);
    assert_eq!(shop.events("order.paid").await.len(), 0);
    assert_eq!(shop.cases().await, [r#"{"hold":{"S":"paid_after_close"}}"#]);
    assert_eq!(
        format!("{:?}", shop.load(order).await.payment().status),
        "PaidAfterCancel"
    );
}

#[tokio::test]
async fn cancelling_a_paid_order_asks_its_money_back_once() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    pay(&mut shop, order, "pi_1", TOTAL, TOTAL).await;
    let act = Act::by(kernel::Actor::system("test"), shop.world.now());
    let loaded = shop.load(order).await;
    let cancelled = shop
        .ports
        .orders
        .cancel(&shop.ports.inventory, loaded, &Cancel::Whole, &act)
        .await
        .unwrap();
    assert_eq!(shop.ports.orders.commit(cancelled.parts).await.unwrap(), None);
    shop.settle().await;
    shop.seen.clear();
    shop.settle().await;
    assert_eq!(asked_back(&shop).await, [(TOTAL, "order_cancelled".to_owned())]);
    let books = shop.books().await;
    assert_eq!((books["refunds_payable"], books.get("sales")), (-TOTAL, None));
}

#[tokio::test]
async fn what_does_not_fit_our_record_books_nothing() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    let payment = shop.intent(order, "pi_1", TOTAL, Mode::PaymentIntent).await;
    let right = intent_object("pi_1", order, payment, TOTAL, TOTAL);
    let with = |path: &str, value: Value| {
        let mut object = right.clone();
        *object.pointer_mut(path).unwrap() = value;
        object
    };
    let ambient = shop.world.ambient();
    let nobody = OrderId::generate(&ambient).to_string();
    let nothing = PaymentId::generate(&ambient).to_string();
    let live =
        json!({"id": "evt_live", "type": "payment_intent.succeeded", "livemode": true, "data": {"object": right}});
    let kind = "payment_intent.succeeded";
    for (delivery, object, reason) in [
        ("evt_amount", with("/amount", json!(1)), "wrong_amount"),
        ("evt_currency", with("/currency", json!("usd")), "wrong_currency"),
        ("evt_object", with("/id", json!("pi_2")), "wrong_object"),
        ("evt_order", with("/metadata/order_id", json!(nobody)), "unknown_order"),
        (
            "evt_payment",
            with("/metadata/payment_id", json!(nothing)),
            "unknown_payment",
        ),
        ("evt_stranger", with("/metadata", json!({})), "unknown_payment"),
        ("evt_garbled", with("/amount_received", json!("5200")), "unreadable"),
    ] {
        let before = shop.cases().await.len();
        shop.notice(delivery, kind, object).await;
        shop.settle().await;
        assert_eq!(shop.cases().await.len(), before + 1, "{delivery}");
        assert!(
            shop.cases().await.iter().any(|case| case.contains(reason)),
            "{delivery}"
        );
    }
    shop.raw_notice("evt_live", kind, live.to_string()).await;
    shop.settle().await;
    assert!(shop.cases().await.iter().any(|case| case.contains("wrong_mode")));
    // Settling each of them once more opens no second case and tells nobody twice.
    let told = shop.events("payment.held").await.len();
    shop.seen.clear();
    shop.settle().await;
    assert_eq!(
        (shop.cases().await.len(), shop.events("payment.held").await.len()),
        (8, told)
    );
    assert_eq!(shop.books().await, BTreeMap::new());
    assert_eq!(shop.load(order).await.version(), 1);
}

#[tokio::test]
async fn expiry_racing_with_the_payment_neither_loses_the_order_nor_its_stock() {
    for _ in 0..8 {
        let mut shop = Shop::new().await;
        let order = shop.order().await;
        let payment = shop.intent(order, "pi_1", TOTAL, Mode::PaymentIntent).await;
        let told = intent_object("pi_1", order, payment, TOTAL, TOTAL);
        shop.notice("evt_1", "payment_intent.succeeded", told).await;
        shop.world.clock().advance_seconds(1_801);
        let waiting = shop.waiting().await;
        let loaded = shop.load(order).await;
        let (ports, now) = (shop.ports.clone(), shop.world.now());
        let expiry = tokio::spawn(async move {
            let act = Act::by(kernel::Actor::system("test"), now);
            let expired = ports.orders.expire(&ports.inventory, loaded, &act).await.unwrap();
            // Refused when the payment was quicker.
            ports.orders.commit(expired.parts).await.unwrap()
        });
        let ports = shop.ports.clone();
        let paying = tokio::spawn(async move { one(&ports, waiting[0].clone()).await });
        let (_, paid) = (expiry.await.unwrap(), paying.await.unwrap());
        assert!(paid.is_ok(), "{paid:?}");
        shop.settle().await;
        assert_eq!(shop.state(order).await, "confirmed");
        let held = shop.ports.inventory.reservation(order).await.unwrap().unwrap();
        assert_eq!(held.remaining().iter().map(|(_, quantity)| quantity).sum::<u32>(), 5);
        assert_eq!(shop.events("order.paid").await.len(), 1);
        assert_eq!(asked_back(&shop).await, []);
    }
}
