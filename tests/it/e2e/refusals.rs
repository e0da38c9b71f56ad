//! Bad callbacks: the answer that the provider understands, no money, and nothing lost.

use http::Method;
use serde_json::json;
use tests::doubles::stripe::{Pay, Telling};

use super::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn forged_wrong_and_repeated_notices_book_no_money_twice() {
    let stage = Stage::set().await;
    let variant = stage.goods("Honest goods", 5).await;
    let (session, order) = stage.shop.place(&[(&variant, 1)]).await;
    let payment = stage.shop.start_payment(&session, &order).await;
    let tell = |telling: Telling| Pay {
        telling,
        ..Pay::exactly(&payment)
    };
    for bad in [
        Telling {
            forged: true,
            ..Telling::default()
        },
        Telling {
            tampered: true,
            ..Telling::default()
        },
        Telling {
            skew_s: -301,
            ..Telling::default()
        },
        Telling {
            skew_s: 302,
            ..Telling::default()
        },
    ] {
        let told = stage.stripe.pay(&tell(bad.clone())).await;
        assert!(told.iter().all(|delivery| delivery.status == 400), "{bad:?}: {told:?}");
    }
    stage.settle().await;
    assert_eq!(stage.shop.order(&order).await["state"]["name"], "awaiting_payment");

    let repeated = Telling {
        times: 5,
        at_once: true,
        ..Telling::default()
    };
    let told = stage.stripe.pay(&tell(repeated)).await;
    assert!(told.iter().all(|delivery| delivery.status == 200), "{told:?}");
    let paid = stage
        .shop
        .until(&order, |order| order["payment"]["status"] == "paid")
        .await;
    stage.settle().await;
    let later = stage.shop.order(&order).await;
    assert_eq!(paid["payment"], later["payment"], "copies change nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_notice_is_refused_before_it_is_hashed() {
    let stage = Stage::set().await;
    let body = vec![b'x'; 256 * 1_024 + 1];
    let headers = [("content-type", "application/json"), ("stripe-signature", "t=1,v1=00")];
    let answer = stage
        .shop
        .agent
        .send(Method::POST, "/webhooks/payments/stripe", &headers, body)
        .await
        .unwrap();
    assert_eq!(answer.status, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_basket_is_told_which_line_is_wrong_and_why() {
    let stage = Stage::set().await;
    let variant = stage.goods("Counted goods", 2).await;
    for (quantity, code) in [(0, "invalid"), (1_000_000, "invalid"), (3, "out_of_stock")] {
        let session = stage.shop.open(&[(&variant, quantity)]).await;
        let messages = session.body["messages"].to_string();
        assert!(
            messages.contains("$.line_items[0]"),
            "{quantity} ({code}): {}",
            session.body
        );
    }
    let unknown = stage.shop.open(&[("var_0190a6d0000070008000000000000000", 1)]).await;
    assert!(
        unknown.body["messages"].to_string().contains("$.line_items[0]"),
        "{}",
        unknown.body
    );
    let negative = json!({"line_items": [{"item": {"id": variant}, "quantity": -1}]});
    let refused = stage
        .shop
        .agent
        .post("/ucp/2026-04-08/checkout-sessions", &negative)
        .await;
    assert!(
        refused.status == 400 || refused.body.to_string().contains("$.line_items[0]"),
        "{}",
        refused.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_with_an_authorizer_refuses_strangers() {
    let stage = Stage::set().await;
    let api = stage
        .platform
        .handles
        .stack
        .api
        .clone()
        .expect("the templates declare an API");
    let stranger = tests::client::Api::new(&stage.platform.base_url);
    let mut guarded = 0;
    for route in api.routes.iter().filter(|route| route.authorizer.is_some()) {
        let (method, path) = route.key.split_once(' ').unwrap();
        let path = path.replace(['{', '}'], "");
        let method: Method = method.parse().unwrap();
        let answer = stranger.send(method.clone(), &path, &[], Vec::new()).await.unwrap();
        assert_eq!(answer.status, 401, "{}", route.key);
        let forged = [("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")];
        let answer = stranger.send(method, &path, &forged, Vec::new()).await.unwrap();
        assert_eq!(answer.status, 401, "{}", route.key);
        guarded += 1;
    }
    assert!(guarded > 20, "{guarded} routes are guarded");
}
