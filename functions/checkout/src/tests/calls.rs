//! Create, get, update, cancel; keys, owners, bad input.

use kernel::VariantId;

use super::*;

#[tokio::test]
async fn a_session_is_made_with_our_prices_and_read_back() {
    let shop = Shop::with(5).await;
    let created = shop.create("k1", &basket(shop.goods, 2)).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let body = &created.body;
    assert_eq!(body["line_items"][0]["item"]["price"], 7_000);
    assert_eq!(body["line_items"][0]["item"]["title"], "茶叶罐");
    assert_eq!(body["currency"], "CNY");
    let amounts: Vec<_> = body["totals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (t["type"].as_str().unwrap(), t["amount"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        amounts,
        [("subtotal", 14_000), ("fulfillment", 1_000), ("total", 15_000)]
    );
    assert_eq!(
        body["fulfillment"]["methods"][0]["groups"][0]["options"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(body["buyer"]["consent"]["marketing"], false);
    assert!(
        body["continue_url"]
            .as_str()
            .unwrap()
            .starts_with("https://shop.example/checkout/chk_")
    );
    let names: Vec<_> = body["ucp"]["capabilities"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        names,
        [
            "dev.ucp.shopping.buyer_consent",
            "dev.ucp.shopping.checkout",
            "dev.ucp.shopping.fulfillment"
        ]
    );
    assert_eq!(body["ucp"]["payment_handlers"].as_object().unwrap().len(), 2);
    let read = shop.get(body["id"].as_str().unwrap()).await;
    assert_eq!((read.status, &read.body), (200, body));
}

#[tokio::test]
async fn personal_data_are_kept_sealed_in_every_table() {
    let shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 1).await;
    shop.complete(&id, "k2", &pay("stripe", "tok_secret")).await;
    for table in [
        "SalesTable",
        "IdempotencyTable",
        "OutboxTable",
        "InventoryTable",
        "PaymentsTable",
        "TimersTable",
    ] {
        let all = serde_json::to_string(&shop.world.items(table).await).unwrap();
        for secret in [
            "ada@example.com",
            "Lovelace",
            "13800000000",
            "Analytical Way",
            "tok_secret",
        ] {
            assert!(!all.contains(secret), "{secret} in {table}");
        }
    }
}

#[tokio::test]
async fn a_key_gives_one_session_and_the_same_bytes_again() {
    let shop = Shop::with(5).await;
    let first = shop.create("k1", &basket(shop.goods, 1)).await;
    shop.world.clock().advance_seconds(60);
    let again = shop.create("k1", &basket(shop.goods, 1)).await;
    assert_eq!((again.status, again.text), (201, first.text));
    assert_eq!(shop.count("SalesTable", "checkout").await, 1);
    let other = shop.create("k1", &basket(shop.goods, 2)).await;
    assert_eq!(
        (other.status, other.body["code"].as_str()),
        (409, Some("idempotency_conflict"))
    );
    let theirs = shop
        .call_as(OTHER, "POST /checkout-sessions", "", "k1", &basket(shop.goods, 1))
        .await;
    assert_eq!(theirs.status, 201);
    assert_eq!(shop.count("SalesTable", "checkout").await, 2);
}

#[tokio::test]
async fn equal_requests_at_once_make_one_session() {
    let shop = Arc::new(Shop::with(5).await);
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let shop = Arc::clone(&shop);
            tokio::spawn(async move { shop.create("k1", &basket(shop.goods, 1)).await.text })
        })
        .collect();
    let mut texts = std::collections::BTreeSet::new();
    for task in tasks {
        texts.insert(task.await.unwrap());
    }
    assert_eq!(texts.len(), 1);
    assert_eq!(shop.count("SalesTable", "checkout").await, 1);
}

#[tokio::test]
async fn a_missing_key_an_unknown_call_and_a_body_that_is_no_checkout_are_refused() {
    let shop = Shop::with(5).await;
    let no_key = answer(
        &shop.ports,
        request(PLATFORM, "POST /checkout-sessions", "", None, &basket(shop.goods, 1)),
    )
    .await;
    assert_eq!(
        (no_key.status, no_key.body["code"].as_str()),
        (400, Some("invalid_idempotency_key"))
    );
    for (at, bad) in [
        json!({}),
        json!({"line_items": [{"quantity": 1}]}),
        json!({"line_items": [{"item": {"id": "x"}, "quantity": "1"}]}),
        json!([]),
    ]
    .iter()
    .enumerate()
    {
        let refused = shop.create(&format!("bad{at}"), bad).await;
        assert_eq!(
            (refused.status, refused.body["code"].as_str()),
            (400, Some("invalid_request")),
            "{bad}"
        );
    }
    let unknown = shop.call("PATCH /checkout-sessions/{id}", "x", "k", &json!({})).await;
    assert_eq!(unknown.status, 400);
    let large = json!({"line_items": [], "x": "y".repeat(300_000)});
    assert_eq!(shop.create("large", &large).await.status, 413);
}

#[tokio::test]
async fn nothing_to_sell_is_an_answer_without_a_session() {
    let shop = Shop::with(0).await;
    for (at, variant) in [
        shop.scarce.to_string(),
        VariantId::generate(&shop.world.ambient()).to_string(),
        "x".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let body = json!({"line_items": [{"item": {"id": variant}, "quantity": 1}]});
        let refused = shop.create(&format!("k{at}"), &body).await;
        assert_eq!(
            (refused.status, refused.body["ucp"]["status"].as_str()),
            (200, Some("error")),
            "{}",
            refused.text
        );
        assert_eq!(refused.body["messages"][0]["severity"], "unrecoverable");
        assert_eq!(refused.body["messages"][0]["path"], "$.line_items[0]");
        assert!(refused.body.get("id").is_none());
    }
    assert_eq!(shop.count("SalesTable", "checkout").await, 0);
}

#[tokio::test]
async fn bad_lines_are_left_out_and_told_with_their_place() {
    let shop = Shop::with(3).await;
    let mut body = basket(shop.goods, 1);
    body["line_items"].as_array_mut().unwrap().extend([
        json!({"item": {"id": shop.scarce}, "quantity": 4}),
        json!({"item": {"id": shop.goods}, "quantity": -1}),
        json!({"item": {"id": shop.goods}, "quantity": 1e30}),
    ]);
    let created = shop.create("k1", &body).await;
    assert_eq!(
        (created.status, created.body["status"].as_str()),
        (201, Some("incomplete"))
    );
    assert_eq!(
        codes(&created),
        ["out_of_stock", "quantity_invalid", "quantity_invalid"]
    );
    assert_eq!(created.body["line_items"].as_array().unwrap().len(), 2);
    let id = created.body["id"].as_str().unwrap();
    let done = shop.complete(id, "k2", &pay("stripe", "t")).await;
    assert_eq!((done.status, done.body["status"].as_str()), (200, Some("incomplete")));
    assert_eq!(shop.count("SalesTable", "order").await, 0);
}

#[tokio::test]
async fn an_update_replaces_everything_and_keeps_line_ids() {
    let shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 1).await;
    let line = shop.get(&id).await.body["line_items"][0]["id"].clone();
    let update = json!({"line_items": [{"id": line, "item": {"id": shop.goods}, "quantity": 3}, {"item": {"id": shop.scarce}, "quantity": 1}]});
    let updated = shop.call("PUT /checkout-sessions/{id}", &id, "k2", &update).await;
    assert_eq!(
        (updated.status, updated.body["status"].as_str()),
        (200, Some("incomplete")),
        "{}",
        updated.text
    );
    assert_eq!(updated.body["line_items"][0]["id"], line);
    assert_eq!(updated.body["line_items"][0]["quantity"], 3);
    assert!(updated.body.get("buyer").is_none());
    assert_eq!(codes(&updated), ["field_required"]);
    let again = shop.call("PUT /checkout-sessions/{id}", &id, "k2", &update).await;
    assert_eq!(again.text, updated.text);
}

#[tokio::test]
async fn a_session_exists_for_its_own_platform_only() {
    let shop = Shop::with(5).await;
    let id = shop.ready("k1", shop.goods, 1).await;
    for (route, body) in [
        ("GET /checkout-sessions/{id}", Value::Null),
        ("PUT /checkout-sessions/{id}", basket(shop.goods, 1)),
        ("POST /checkout-sessions/{id}/complete", pay("stripe", "t")),
        ("POST /checkout-sessions/{id}/cancel", Value::Null),
    ] {
        let refused = shop.call_as(OTHER, route, &id, "k", &body).await;
        assert_eq!(
            (refused.status, refused.body["ucp"]["status"].as_str()),
            (200, Some("error")),
            "{route}"
        );
        assert_eq!(codes(&refused), ["not_found"]);
    }
    assert_eq!(codes(&shop.get("nothing").await), ["not_found"]);
}

#[tokio::test]
async fn a_session_is_given_up_once_and_expires_by_itself() {
    let shop = Shop::with(5).await;
    let (id, second) = (
        shop.ready("k1", shop.goods, 1).await,
        shop.ready("k2", shop.goods, 1).await,
    );
    let canceled = shop
        .call("POST /checkout-sessions/{id}/cancel", &id, "c1", &Value::Null)
        .await;
    assert_eq!(
        (canceled.status, canceled.body["status"].as_str()),
        (200, Some("canceled"))
    );
    assert!(canceled.body.get("continue_url").is_none());
    let again = shop
        .call("POST /checkout-sessions/{id}/cancel", &id, "c2", &Value::Null)
        .await;
    assert_eq!(
        (again.status, again.body["code"].as_str()),
        (409, Some("invalid_state"))
    );
    shop.world.clock().advance_seconds(6 * 3_600);
    let expired = shop.get(&second).await;
    assert_eq!(expired.body["status"], "canceled");
    assert_eq!(codes(&expired), ["session_expired"]);
    assert_eq!(shop.complete(&second, "c3", &pay("stripe", "t")).await.status, 409);
}

#[tokio::test]
async fn a_platform_without_fulfilment_sends_the_buyer_to_our_pages() {
    let shop = Shop::with(5).await;
    let body = json!({"line_items": [{"item": {"id": shop.goods}, "quantity": 1}]});
    let created = shop.call_as(SIMPLE, "POST /checkout-sessions", "", "k1", &body).await;
    assert_eq!(created.body["status"], "requires_escalation");
    assert_eq!(created.body["messages"][0]["severity"], "requires_buyer_input");
    assert!(created.body.get("fulfillment").is_none());
    assert!(created.body["continue_url"].is_string());
}

#[tokio::test]
async fn answers_are_signed_by_the_published_key() {
    use ucp::signature::{Target, verify};
    let shop = Shop::with(5).await;
    let created = shop.create("k1", &basket(shop.goods, 1)).await;
    let keys = shop.ports.signing_key.public_keys();
    assert_eq!(
        verify(
            &Target::Response { status: 201 },
            &created.headers,
            created.text.as_bytes(),
            keys
        ),
        Ok(())
    );
}

#[tokio::test]
async fn without_the_store_of_answers_nothing_is_done() {
    let mut shop = Shop::with(5).await;
    let world = &shop.world;
    Arc::get_mut(&mut shop.ports).unwrap().idempotency = dynamo::Idempotency::new(world.dynamo(), "no-such-table");
    let refused = shop.create("k1", &basket(shop.goods, 1)).await;
    assert_eq!(
        (refused.status, refused.body["code"].as_str()),
        (503, Some("temporarily_unavailable"))
    );
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(shop.count("SalesTable", "checkout").await, 0);
}
