//! Completing: the order, its payment, and what cannot be.

use kernel::OrderId;
use sales::order::StateName;

use super::*;

fn order_id(answer: &Answer) -> OrderId {
    answer.body["order"]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("no order in {}", answer.text))
        .parse()
        .unwrap()
}

#[tokio::test]
async fn completing_places_the_order_with_everything_at_once() {
    let shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 2).await;
    let done = shop.complete(&id, "k2", &pay("stripe", "tok_secret")).await;
    assert_eq!(
        (done.status, done.body["status"].as_str()),
        (200, Some("completed")),
        "{}",
        done.text
    );
    assert!(!done.text.contains("tok_secret"));
    assert!(
        done.body["order"]["permalink_url"]
            .as_str()
            .unwrap()
            .starts_with("https://shop.example/orders/ord_")
    );
    let order = shop.ports.orders.get(order_id(&done)).await.unwrap().unwrap();
    assert_eq!(order.state().name(), StateName::AwaitingPayment);
    assert_eq!(order.total().amount(), 15_000);
    assert_eq!(order.platform().unwrap().profile, PLATFORM);
    assert_eq!(order.locale(), Some("zh-CN"));
    assert_eq!(shop.free(shop.goods).await, 998);
    assert_eq!(shop.events("order.placed").await, 1);
    assert_eq!(shop.events("payment.noticed").await, 0);
    assert_eq!(shop.count("TimersTable", "timer").await, 1);
    assert_eq!(shop.get(&id).await.body, done.body);
    let key = shop.ports.vault.open(order.person()).await.unwrap().unwrap();
    let entity = order.id().to_string();
    let place = privacy::Place {
        entity: sales::order::SEALED_ENTITY,
        id: &entity,
        field: sales::order::BUYER_FIELD,
    };
    let buyer: sales::order::Buyer = key.open(place, order.buyer()).unwrap();
    assert_eq!(buyer.email.as_deref(), Some("ada@example.com"));
}

#[tokio::test]
async fn a_repeated_completion_has_one_order_and_one_answer_and_a_new_one_is_refused() {
    let shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 1).await;
    let done = shop.complete(&id, "k2", &pay("stripe", "t")).await;
    let again = shop.complete(&id, "k2", &pay("stripe", "t")).await;
    assert_eq!((again.status, &again.text), (200, &done.text));
    assert_eq!(shop.complete(&id, "k2", &pay("stripe", "other")).await.status, 409);
    let new = shop.complete(&id, "k3", &pay("stripe", "t")).await;
    assert_eq!((new.status, new.body["code"].as_str()), (409, Some("invalid_state")));
    assert_eq!(
        shop.call("POST /checkout-sessions/{id}/cancel", &id, "k4", &Value::Null)
            .await
            .status,
        409
    );
    assert_eq!(
        shop.call("PUT /checkout-sessions/{id}", &id, "k5", &basket(shop.goods, 1))
            .await
            .status,
        409
    );
    assert_eq!(shop.count("SalesTable", "order").await, 1);
    assert_eq!(shop.free(shop.goods).await, 999);
}

#[tokio::test]
async fn the_instant_handler_notices_its_payment_with_the_order() {
    let shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 1).await;
    let done = shop.complete(&id, "k2", &pay("dev.tradepost.instant", "success")).await;
    assert_eq!(done.body["status"], "completed", "{}", done.text);
    assert_eq!(shop.events("payment.noticed").await, 1);
}

#[tokio::test]
async fn a_declined_payment_reserves_nothing_and_can_be_tried_again() {
    let shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 1).await;
    let declined = shop.complete(&id, "k2", &pay("dev.tradepost.instant", "fail")).await;
    assert_eq!(
        (declined.status, declined.body["status"].as_str()),
        (200, Some("ready_for_complete"))
    );
    assert_eq!(codes(&declined), ["payment_failed"]);
    assert_eq!(declined.body["messages"][0]["severity"], "recoverable");
    assert_eq!(
        (shop.free(shop.goods).await, shop.count("SalesTable", "order").await),
        (1_000, 0)
    );
    let escalated = shop
        .complete(&id, "k3", &pay("dev.tradepost.instant", "escalate"))
        .await;
    assert_eq!(escalated.body["status"], "requires_escalation");
    let done = shop.complete(&id, "k4", &pay("dev.tradepost.instant", "success")).await;
    assert_eq!(done.body["status"], "completed", "{}", done.text);
    assert_eq!(codes(&done), Vec::<&str>::new());
}

#[tokio::test]
async fn a_handler_that_is_not_offered_is_refused_before_anything_is_done() {
    let shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 1).await;
    let refused = shop.complete(&id, "k2", &pay("com.other.pay", "t")).await;
    assert_eq!(codes(&refused), ["payment_handler_unknown"]);
    let none = shop.complete(&id, "k3", &json!({"payment": {"instruments": []}})).await;
    assert_eq!(codes(&none), ["field_required"]);
    assert_eq!(shop.complete(&id, "k4", &json!({})).await.status, 400);
    // Above its maximum the Stripe handler is not offered, so it is not taken either.
    let large = shop.create("k5", &basket(shop.goods, 200)).await;
    assert_eq!(
        large.body["ucp"]["payment_handlers"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["dev.tradepost.instant"]
    );
}

#[tokio::test]
async fn claims_that_we_know_must_be_verified_and_others_do_not_matter() {
    let shop = Shop::with(5).await;
    let mut body = basket(shop.goods, 1);
    body["context"]["eligibility"] = json!(["dev.tradepost.member", "org.school.student"]);
    let created = shop.create("k1", &body).await;
    assert_eq!(
        (codes(&created), created.body["status"].as_str()),
        (vec!["eligibility_not_accepted"], Some("ready_for_complete"))
    );
    let id = created.body["id"].as_str().unwrap();
    let refused = shop.complete(id, "k2", &pay("stripe", "t")).await;
    assert_eq!(
        (codes(&refused), refused.body["status"].as_str()),
        (
            vec!["eligibility_not_accepted", "eligibility_invalid"],
            Some("ready_for_complete")
        )
    );
}

#[tokio::test]
async fn the_price_at_completion_is_the_one_of_that_moment() {
    let mut shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 1).await;
    let dearer = sellable(shop.goods, 9_000);
    Arc::get_mut(&mut shop.ports).unwrap().shelf.insert(dearer.id, dearer);
    let done = shop.complete(&id, "k2", &pay("stripe", "t")).await;
    assert_eq!(done.body["totals"][0]["amount"], 9_000);
    assert_eq!(
        shop.ports
            .orders
            .get(order_id(&done))
            .await
            .unwrap()
            .unwrap()
            .total()
            .amount(),
        10_000
    );
}

#[tokio::test]
async fn goods_that_were_withdrawn_or_sold_meanwhile_keep_the_session_open() {
    let mut shop = Shop::with(2).await;
    let (first, second) = (
        shop.ready("k1", shop.scarce, 2).await,
        shop.ready("k2", shop.scarce, 1).await,
    );
    let withdrawn = shop.ready("k3", shop.goods, 1).await;
    assert_eq!(
        shop.complete(&first, "c1", &pay("stripe", "t")).await.body["status"],
        "completed"
    );
    let late = shop.complete(&second, "c2", &pay("stripe", "t")).await;
    assert_eq!(
        (late.status, late.body["status"].as_str()),
        (200, Some("incomplete")),
        "{}",
        late.text
    );
    assert_eq!(codes(&late), ["out_of_stock"]);
    let goods = shop.goods;
    Arc::get_mut(&mut shop.ports)
        .unwrap()
        .shelf
        .get_mut(&goods)
        .unwrap()
        .published = false;
    assert_eq!(
        codes(&shop.complete(&withdrawn, "c3", &pay("stripe", "t")).await),
        ["item_unavailable"]
    );
    assert_eq!(shop.count("SalesTable", "order").await, 1);
}
