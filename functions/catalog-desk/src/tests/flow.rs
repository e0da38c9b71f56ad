use super::*;

#[tokio::test]
async fn a_product_goes_from_draft_to_the_shop_and_off_again() {
    let desk = Desk::with_category().await;
    let published = desk.published().await;
    assert_eq!(published.body["state"]["name"], "published");
    assert_eq!(published.etag.as_deref(), Some("\"3\""));
    let page = desk
        .ports
        .catalog
        .search(&catalog::Criteria::new(Some("跑鞋")), 10, None)
        .await
        .unwrap();
    assert_eq!(page.listings.len(), 1);
    desk.world.clock().advance_seconds(1);
    let gone = desk.step("unpublish", &published, &desk.writer).await;
    assert_eq!((gone.status, &gone.body["live"]), (200, &json!(false)));
    let names: Vec<_> = desk.world.events().await.into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["product.published", "product.unpublished"]);
}

#[tokio::test]
async fn whoever_wrote_it_cannot_approve_it() {
    let desk = Desk::with_category().await;
    let submitted = desk.step("submit", &desk.created().await, &desk.writer).await;
    assert_eq!(desk.step("approve", &submitted, &desk.writer).await.status, 403);
    let admin = Person {
        roles: "[admin]",
        ..desk.writer.clone()
    };
    assert_eq!(desk.step("approve", &submitted, &admin).await.status, 200);
}

#[tokio::test]
async fn roles_are_needed() {
    let desk = Desk::with_category().await;
    let stock = Person {
        roles: "[stock]",
        ..desk.writer.clone()
    };
    assert_eq!(
        desk.call("GET /v1/products", &[], &Value::Null, &stock, None)
            .await
            .status,
        403
    );
    assert_eq!(
        desk.call("POST /v1/products", &[], &product(), &desk.approver, None)
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn the_same_request_is_done_once_and_another_with_its_key_not_at_all() {
    let desk = Desk::with_category().await;
    let first = desk
        .keyed("POST /v1/products", &[], &product(), &desk.writer, None, "k1")
        .await;
    let again = desk
        .keyed("POST /v1/products", &[], &product(), &desk.writer, None, "k1")
        .await;
    assert_eq!(
        (again.status, &again.body, &again.etag),
        (201, &first.body, &first.etag)
    );
    let mut other = product();
    other["tags"] = json!(["new"]);
    assert_eq!(
        desk.keyed("POST /v1/products", &[], &other, &desk.writer, None, "k1")
            .await
            .status,
        422
    );
    let drafts = desk
        .call("GET /v1/products", &[], &Value::Null, &desk.writer, None)
        .await;
    assert_eq!(drafts.body["items"].as_array().unwrap().len(), 1);
    let approvals = desk.published().await;
    assert_eq!(approvals.status, 200);
}

#[tokio::test]
async fn a_repeated_approval_answers_the_first_ones_answer() {
    let desk = Desk::with_category().await;
    let submitted = desk.step("submit", &desk.created().await, &desk.writer).await;
    let id = submitted.body["id"].as_str().unwrap().to_owned();
    let path = [("id", id.as_str())];
    let (route, etag) = ("POST /v1/products/{id}/approve", submitted.etag.as_deref());
    for _ in 0..2 {
        assert_eq!(
            desk.keyed(route, &path, &Value::Null, &desk.approver, etag, "k")
                .await
                .body["version"],
            3
        );
    }
    assert_eq!(desk.world.events().await.len(), 1);
}

#[tokio::test]
async fn a_stale_copy_is_refused_and_a_missing_tag_too() {
    let desk = Desk::with_category().await;
    let created = desk.created().await;
    desk.step("submit", &created, &desk.writer).await;
    assert_eq!(desk.step("submit", &created, &desk.writer).await.status, 412);
    let untagged = Answer { etag: None, ..created };
    assert_eq!(desk.step("submit", &untagged, &desk.writer).await.status, 428);
}

#[tokio::test]
async fn the_state_says_what_can_be_done() {
    let desk = Desk::with_category().await;
    let created = desk.created().await;
    assert_eq!(desk.step("approve", &created, &desk.approver).await.status, 409);
    assert_eq!(desk.step("unpublish", &created, &desk.writer).await.status, 409);
    let submitted = desk.step("submit", &created, &desk.writer).await;
    let rejected = desk.step("reject", &submitted, &desk.approver).await;
    assert_eq!(rejected.body["state"]["reason"], "blurred");
}

#[tokio::test]
async fn an_edit_keeps_the_ids_of_article_numbers_it_knows() {
    let desk = Desk::with_category().await;
    let published = desk.published().await;
    let id = published.body["id"].as_str().unwrap().to_owned();
    let edited = desk
        .call(
            "PUT /v1/products/{id}",
            &[("id", &id)],
            &product(),
            &desk.writer,
            published.etag.as_deref(),
        )
        .await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    assert_eq!(
        edited.body["content"]["variants"],
        published.body["content"]["variants"]
    );
    assert_eq!(
        (&edited.body["state"]["name"], &edited.body["live"]),
        (&json!("draft"), &json!(true))
    );
    let mut fewer = product();
    fewer["variants"].as_array_mut().unwrap().pop();
    let lost = desk
        .call(
            "PUT /v1/products/{id}",
            &[("id", &id)],
            &fewer,
            &desk.writer,
            edited.etag.as_deref(),
        )
        .await;
    assert_eq!(lost.status, 422);
}

#[tokio::test]
async fn bad_input_is_told_where_it_is_bad() {
    let desk = Desk::with_category().await;
    let mut bad = product();
    bad["variants"][0]["prices"][0]["amount"] = json!(0);
    bad["media"][0]["url"] = json!("javascript:alert(1)");
    let answer = desk.call("POST /v1/products", &[], &bad, &desk.writer, None).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.body["errors"][0]["pointer"], "/media/0/url");
    assert_eq!(answer.body["errors"][1]["pointer"], "/variants/0/prices");
    for malformed in [json!([]), json!({}), json!({"variants": 7})] {
        assert_eq!(
            desk.call("POST /v1/products", &[], &malformed, &desk.writer, None)
                .await
                .status,
            400
        );
    }
    let mut incomplete = product();
    incomplete["attributes"] = json!({});
    let draft = desk
        .call("POST /v1/products", &[], &incomplete, &desk.writer, None)
        .await;
    assert_eq!(draft.status, 201, "a draft may be incomplete");
    assert_eq!(
        desk.step("submit", &draft, &desk.writer).await.body["errors"][0]["pointer"],
        "/attributes/material"
    );
}

#[tokio::test]
async fn categories_are_kept_in_a_tree() {
    let desk = Desk::with_category().await;
    assert_eq!(
        desk.call("POST /v1/categories", &[], &category(), &desk.writer, None)
            .await
            .status,
        409
    );
    let below = json!({"slug": "trail", "parent": "shoes", "title": {"en": "Trail"}});
    let made = desk.call("POST /v1/categories", &[], &below, &desk.writer, None).await;
    assert_eq!(made.status, 201);
    let moved = json!({"slug": "trail", "parent": "hats", "title": {"en": "Trail"}});
    let refused = desk
        .call(
            "PUT /v1/categories/{slug}",
            &[("slug", "trail")],
            &moved,
            &desk.writer,
            made.etag.as_deref(),
        )
        .await;
    assert_eq!(refused.status, 422);
    let listed = desk
        .call("GET /v1/categories", &[], &Value::Null, &desk.approver, None)
        .await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let desk = Desk::new().await;
    for id in ["prd_0190163d8694739b841f0101010101a1", "x"] {
        assert_eq!(
            desk.call("GET /v1/products/{id}", &[("id", id)], &Value::Null, &desk.writer, None)
                .await
                .status,
            404
        );
    }
}
