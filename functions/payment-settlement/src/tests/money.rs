//! Money that fits, told once, often, late and in any order.

use super::*;

#[tokio::test]
async fn a_payment_confirms_the_order_and_its_stock_stays_held() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    let payment = shop.intent(order, "pi_1", TOTAL, Mode::PaymentIntent).await;
    shop.notice(
        "evt_1",
        "payment_intent.succeeded",
        intent_object("pi_1", order, payment, TOTAL, TOTAL),
    )
    .await;
    shop.settle().await;
    assert_eq!(shop.state(order).await, "confirmed");
    assert_eq!(shop.load(order).await.payment().captured, sample::cny(TOTAL));
    assert_eq!(shop.events("order.paid").await.len(), 1);
    assert_eq!(
        shop.books().await,
        BTreeMap::from([("clearing".to_owned(), TOTAL), ("sales".to_owned(), -TOTAL)])
    );
    let held = shop.ports.inventory.reservation(order).await.unwrap().unwrap();
    assert_eq!(held.remaining().iter().map(|(_, quantity)| quantity).sum::<u32>(), 5);
    assert_eq!(shop.cases().await, Vec::<String>::new());
}

#[tokio::test]
async fn many_copies_at_once_book_once() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    let payment = shop.intent(order, "pi_1", TOTAL, Mode::PaymentIntent).await;
    let object = intent_object("pi_1", order, payment, TOTAL, TOTAL);
    assert_eq!(
        shop.notice("evt_1", "payment_intent.succeeded", object.clone()).await,
        Kept::New
    );
    assert_eq!(
        shop.notice("evt_1", "payment_intent.succeeded", object.clone()).await,
        Kept::Duplicate
    );
    assert_eq!(
        shop.notice("evt_2", "payment_intent.succeeded", object.clone()).await,
        Kept::New
    );
    let waiting = shop.waiting().await;
    assert_eq!(waiting.len(), 2);
    let copies = waiting.iter().cycle().take(8).cloned().map(|envelope| {
        let ports = shop.ports.clone();
        tokio::spawn(async move { one(&ports, envelope).await })
    });
    for copy in copies.collect::<Vec<_>>() {
        // One that lost every race goes back to the queue.
        let _: Result<(), Failure> = copy.await.unwrap();
    }
    shop.settle().await;
    // Long after every window of deduplication.
    shop.world.clock().advance_seconds(26 * 3_600);
    assert_eq!(
        shop.notice("evt_3", "payment_intent.succeeded", object).await,
        Kept::New
    );
    shop.settle().await;
    assert_eq!(shop.events("order.paid").await.len(), 1);
    assert_eq!(shop.books().await["clearing"], TOTAL);
    assert_eq!(shop.load(order).await.version(), 2);
}

#[tokio::test]
async fn every_order_of_notices_ends_alike() {
    let mut outcomes = BTreeSet::new();
    let mut runs = 0;
    for permutation in permutations(4) {
        let mut shop = Shop::new().await;
        let (session, pi) = (format!("cs_{runs}"), format!("pi_{runs}"));
        let order = shop.order().await;
        let payment = shop.intent(order, &session, TOTAL, Mode::CheckoutSession).await;
        let metadata = json!({"order_id": order.to_string(), "payment_id": payment.to_string()});
        let completed = json!({"id": session, "payment_intent": pi, "payment_status": "paid", "amount_total": TOTAL, "currency": "cny", "metadata": metadata});
        let notices = [
            (
                "payment_intent.succeeded",
                intent_object(&pi, order, payment, TOTAL, TOTAL),
            ),
            ("checkout.session.completed", completed),
            (
                "refund.updated",
                refund_object(&format!("re_{runs}"), &pi, 700, "succeeded"),
            ),
            (
                "charge.refunded",
                json!({"id": "ch_1", "payment_intent": pi, "amount_refunded": 900, "currency": "cny"}),
            ),
        ];
        for index in permutation {
            let (kind, object) = &notices[index];
            shop.notice(&format!("evt_{runs}_{index}"), kind, object.clone()).await;
            shop.settle().await;
        }
        let loaded = shop.load(order).await;
        outcomes.insert(format!(
            "{} {:?} {:?}",
            loaded.state().name(),
            loaded.payment(),
            shop.books().await
        ));
        runs += 1;
    }
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.contains("confirmed") && outcome.contains("PartiallyRefunded"))
    );
    assert_eq!(runs, 24);
}

fn permutations(length: usize) -> Vec<Vec<usize>> {
    if length == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(length - 1);
    let longer = |short: &Vec<usize>| {
        let short = short.clone();
        (0..length).map(move |at| {
            let mut long = short.clone();
            long.insert(at, length - 1);
            long
        })
    };
    shorter.iter().flat_map(longer).collect()
}

#[tokio::test]
async fn an_instant_payment_settles_like_any_other_where_it_is_enabled() {
    let mut shop = Shop::new().await;
    let order = shop.order().await;
    let parts = shop.ports.payments.instant(order, sample::cny(TOTAL), &()).unwrap();
    shop.world.dynamo().commit(parts).await.unwrap();
    shop.settle().await;
    assert_eq!(shop.state(order).await, "confirmed");

    let other = shop.order().await;
    let parts = shop.ports.payments.instant(other, sample::cny(TOTAL), &()).unwrap();
    shop.world.dynamo().commit(parts).await.unwrap();
    shop.ports.development_payments = false;
    shop.settle().await;
    assert_eq!(shop.state(other).await, "awaiting_payment");
    assert!(shop.cases().await[0].contains("provider_disabled"));
}
