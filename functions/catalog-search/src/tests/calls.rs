use super::*;

fn ids(products: &Value) -> Vec<String> {
    products
        .as_array()
        .unwrap()
        .iter()
        .map(|product| product["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_search_shows_what_can_be_bought_in_the_readers_language_and_currency() {
    let shop = Shop::new().await;
    let product = shop.publish("Trail Runner", &["41", "42"], &[0, 5]).await;
    let (status, answer) = shop
        .call("search", &json!({"query": "trail", "context": {"currency": "USD"}}))
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        answer["ucp"]["capabilities"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        ["dev.ucp.shopping.catalog.search"]
    );
    let found = &answer["products"][0];
    assert_eq!((&found["id"], &found["title"]), (&json!(product.id), &json!("跑鞋")));
    assert_eq!(found["price_range"]["min"], json!({"amount": 1_500, "currency": "USD"}));
    assert_eq!(found["categories"], json!([{"value": "shoes", "taxonomy": "merchant"}]));
    assert_eq!(
        found["variants"][0]["id"],
        json!(product.content.variants[1].id),
        "what is in stock comes first"
    );
    assert_eq!(
        found["variants"][1]["availability"],
        json!({"available": false, "status": "out_of_stock"})
    );
    assert_eq!(answer["pagination"], json!({"has_next_page": false}));
    assert!(answer.get("messages").is_none());
}

#[tokio::test]
async fn a_search_that_finds_nothing_is_no_error() {
    let shop = Shop::new().await;
    shop.publish("Trail Runner", &["41"], &[1]).await;
    let (status, answer) = shop.call("search", &json!({"query": "zzz_no_such_product_zzz"})).await;
    assert_eq!((status, &answer["products"]), (200, &json!([])));
    assert!(answer.get("messages").is_none());
}

#[tokio::test]
async fn a_search_needs_an_input_that_can_be_read() {
    let shop = Shop::new().await;
    for body in [
        "{}",
        r#"{"query":"  "}"#,
        r#"{"filters":{}}"#,
        "[]",
        "{",
        r#"{"query":7}"#,
        r#"{"query":"a","pagination":{"limit":0}}"#,
    ] {
        let (status, answer) = shop.call_as(PLATFORM, "search", body).await;
        assert_eq!((status, &answer["ucp"]["status"]), (400, &json!("error")), "{body}");
        assert_eq!(answer["messages"][0]["code"], "invalid_request");
    }
    let (status, _) = shop
        .call("search", &json!({"query": "*", "pagination": {"cursor": "stranger"}}))
        .await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn pages_hold_ten_by_default_and_follow_each_other() {
    let shop = Shop::new().await;
    for n in 0..12 {
        shop.publish(&format!("Runner {n}"), &["41"], &[1]).await;
    }
    let (_, first) = shop.call("search", &json!({"query": "runner"})).await;
    assert_eq!(
        (
            first["products"].as_array().unwrap().len(),
            &first["pagination"]["has_next_page"]
        ),
        (10, &json!(true))
    );
    let cursor = &first["pagination"]["cursor"];
    for body in [
        json!({"query": "runner", "cursor": cursor}),
        json!({"query": "runner", "pagination": {"cursor": cursor}}),
    ] {
        let (_, second) = shop.call("search", &body).await;
        assert_eq!(
            (ids(&second["products"]).len(), &second["pagination"]),
            (2, &json!({"has_next_page": false}))
        );
        assert!(
            ids(&second["products"])
                .iter()
                .all(|id| !ids(&first["products"]).contains(id))
        );
    }
}

#[tokio::test]
async fn filters_narrow_and_a_price_without_a_currency_is_ignored_aloud() {
    let shop = Shop::new().await;
    shop.publish("Runner", &["41"], &[1]).await;
    let count = |answer: &Value| answer["products"].as_array().unwrap().len();
    for (filters, expected) in [
        (json!({"categories": ["shoes", "hats"]}), 1),
        (json!({"categories": ["hats"]}), 0),
        (json!({"price": {"min": 1_500, "max": 1_500}}), 1),
        (json!({"price": {"max": 1_499}}), 0),
        (json!({"attributes": {"material": ["wool", "mesh"]}}), 1),
        (json!({"attributes": {"material": "wool"}}), 0),
        (json!({"attributes": {"No Slug": "x"}}), 0),
    ] {
        let (_, answer) = shop
            .call("search", &json!({"filters": filters, "context": {"currency": "USD"}}))
            .await;
        assert_eq!(count(&answer), expected, "{filters}");
    }
    let (_, answer) = shop
        .call("search", &json!({"query": "runner", "filters": {"price": {"max": 1}}}))
        .await;
    assert_eq!((count(&answer), &answer["messages"][0]["type"]), (1, &json!("warning")));
}

#[tokio::test]
async fn a_look_up_says_which_id_named_what() {
    let shop = Shop::new().await;
    let product = shop.publish("Runner", &["41", "42"], &[0, 5]).await;
    let (first, second) = (product.content.variants[0].id, product.content.variants[1].id);
    let body = json!({"ids": [product.id, product.id, first, "unknown"]});
    let (status, answer) = shop.call("lookup", &body).await;
    assert_eq!((status, ids(&answer["products"]).len()), (200, 1));
    let variants = answer["products"][0]["variants"].as_array().unwrap();
    assert_eq!((variants.len(), &variants[0]["id"]), (2, &json!(second)));
    assert_eq!(variants[0]["inputs"], json!([{"id": product.id, "match": "featured"}]));
    assert_eq!(variants[1]["inputs"], json!([{"id": first, "match": "exact"}]));
    assert_eq!(
        answer["messages"],
        json!([{"type": "info", "code": "not_found", "content": "unknown"}])
    );
    let (_, both) = shop.call("lookup", &json!({"ids": [product.id, second]})).await;
    assert_eq!(
        both["products"][0]["variants"][0]["inputs"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn a_look_up_has_bounds() {
    let shop = Shop::new().await;
    let many: Vec<String> = (0..51).map(|n| format!("x{n}")).collect();
    let (status, answer) = shop.call("lookup", &json!({"ids": many})).await;
    assert_eq!(
        (status, &answer["messages"][0]["code"]),
        (400, &json!("request_too_large"))
    );
    assert_eq!(shop.call("lookup", &json!({"ids": []})).await.0, 400);
    let (status, answer) = shop.call("lookup", &json!({"ids": many[..50]})).await;
    assert_eq!((status, answer["products"].as_array().unwrap().len()), (200, 0));
}

#[tokio::test]
async fn product_detail_narrows_by_options() {
    let shop = Shop::new().await;
    let product = shop.publish("Runner", &["41", "42", "43"], &[0, 5, 0]).await;
    let (_, answer) = shop.call("product", &json!({"id": product.id})).await;
    assert_eq!(answer["product"]["selected"], json!([{"name": "Size", "label": "42"}]));
    assert_eq!(answer["product"]["variants"].as_array().unwrap().len(), 3);
    assert_eq!(
        answer["product"]["options"][0]["values"][0],
        json!({"label": "41", "available": false, "exists": true})
    );
    let wanted = product.content.variants[2].id;
    let (_, answer) = shop.call("product", &json!({"id": wanted})).await;
    assert_eq!(answer["product"]["variants"][0]["id"], json!(wanted));
    let gone = json!({"id": product.id, "selected": [{"name": "Size", "label": "99"}]});
    let (_, answer) = shop.call("product", &gone).await;
    assert!(
        answer["product"].get("selected").is_none(),
        "what cannot be had is dropped"
    );
    let twice =
        json!({"id": product.id, "selected": [{"name": "Size", "label": "41"}, {"name": "Size", "label": "42"}]});
    assert_eq!(shop.call("product", &twice).await.0, 400);
}

#[tokio::test]
async fn a_product_that_is_not_there_is_an_outcome_and_no_transport_error() {
    let shop = Shop::new().await;
    for id in [
        "unknown",
        "prd_0190163d8694739b841f0101010101a1",
        "var_0190163d8694739b841f0101010101a1",
    ] {
        let (status, answer) = shop.call("product", &json!({"id": id})).await;
        assert_eq!((status, &answer["ucp"]["status"]), (200, &json!("error")));
        assert_eq!(
            (&answer["messages"][0]["code"], &answer["messages"][0]["severity"]),
            (&json!("not_found"), &json!("unrecoverable"))
        );
    }
    let product = shop.publish("Runner", &["41"], &[1]).await;
    let listing = shop.ports.catalog.listing(product.id).await.unwrap().unwrap();
    shop.world
        .dynamo()
        .commit(shop.ports.catalog.hide(&listing).unwrap())
        .await
        .unwrap();
    for id in [product.id.to_string(), product.content.variants[0].id.to_string()] {
        assert_eq!(
            shop.call("product", &json!({"id": id})).await.1["ucp"]["status"],
            "error"
        );
    }
}

#[tokio::test]
async fn a_platform_gets_only_what_both_sides_can_do() {
    let shop = Shop::new().await;
    let search_only = "https://search.example/profile";
    assert_eq!(shop.call_as(search_only, "search", r#"{"query":"*"}"#).await.0, 200);
    let (status, answer) = shop.call_as(search_only, "lookup", r#"{"ids":["x"]}"#).await;
    assert_eq!(
        (status, &answer["messages"][0]["code"]),
        (200, &json!("capabilities_incompatible"))
    );
    assert_eq!(
        shop.call_as("https://stranger.example/profile", "search", "{}").await.0,
        424
    );
}
