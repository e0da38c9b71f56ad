//! Never an oversell: many buyers, little stock, expiry racing payment.

use std::time::Duration;

use kernel::Timestamp;
use serde_json::Value;
use tests::{doubles::stripe::Pay, shop::instrument};

use super::Stage;

/// Buyers at once.
const BUYERS: usize = 200;
/// Units of each of the two goods.
const STOCK: u32 = 20;
/// Orders that are paid; the others expire.
const PAID: usize = 10;

/// Free, reserved, sold and received of a variant.
async fn levels(stage: &Stage, variant: &str) -> [i64; 4] {
    let stock = stage.shop.staff.get(&format!("/v1/stock/{variant}")).await.expect(200);
    ["free", "reserved", "sold", "booked"].map(|name| stock[name].as_i64().unwrap_or_else(|| panic!("{stock}")))
}

async fn buy(stage: &Stage, goods: &[String; 2]) -> Option<(String, String)> {
    let session = stage.shop.open(&[(&goods[0], 1), (&goods[1], 1)]).await.expect(201);
    let id = session["id"].as_str()?.to_owned();
    if session["status"] != "ready_for_complete" {
        return None;
    }
    let done = stage.shop.complete(&id, &instrument("stripe", "later")).await;
    let done: Value = done.expect(200);
    let order = done["order"]["id"].as_str()?.to_owned();
    let payment = stage.shop.start_payment(&id, &order).await;
    Some((order, payment))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_get_exactly_what_there_is() {
    let stage = std::sync::Arc::new(Stage::with(&[("PaymentDueSeconds", "30")]).await);
    let goods = [
        stage.goods("Scarce one", STOCK).await,
        stage.goods("Scarce two", STOCK).await,
    ];
    let buyers: Vec<_> = (0..BUYERS)
        .map(|_| {
            let (stage, goods) = (std::sync::Arc::clone(&stage), goods.clone());
            tokio::spawn(async move { buy(&stage, &goods).await })
        })
        .collect();
    let mut placed = Vec::new();
    for buyer in buyers {
        placed.extend(buyer.await.unwrap());
        for variant in &goods {
            let [free, reserved, sold, received] = levels(&stage, variant).await;
            assert!(
                free >= 0 && free + reserved + sold == received,
                "{free} {reserved} {sold} {received}"
            );
        }
    }
    assert_eq!(
        placed.len(),
        usize::try_from(STOCK).unwrap(),
        "every unit is sold, and none twice"
    );

    // Half of the orders are paid around the moment at which all of them are due to expire.
    let mut paying = Vec::new();
    for (nth, (order, payment)) in placed.iter().take(PAID).cloned().enumerate() {
        let stage = std::sync::Arc::clone(&stage);
        let due = stage.shop.order(&order).await["state"]["due_at"]
            .as_str()
            .unwrap()
            .to_owned();
        paying.push(tokio::spawn(async move {
            while wall_clock() < due.parse().unwrap() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(Duration::from_millis(40 * u64::try_from(nth).unwrap())).await;
            stage.stripe.pay(&Pay::exactly(&payment)).await
        }));
    }
    for paid in paying {
        while !paid.is_finished() {
            let _ = stage.platform.sources.fire("OrderExpiryFunction").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        paid.await.unwrap();
    }
    let _ = stage.platform.sources.fire("OrderExpiryFunction").await;
    stage.settle().await;
    for (order, _) in placed.iter().take(PAID) {
        stage
            .shop
            .until(order, |order| order["payment"]["status"] == "paid")
            .await;
    }
    for variant in &goods {
        let [free, reserved, sold, received] = levels(&stage, variant).await;
        assert_eq!(
            [free + reserved + sold, reserved + sold],
            [received, i64::try_from(PAID).unwrap()],
            "what was paid is kept, and nothing else"
        );
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the platform under test runs on the wall clock"
)]
fn wall_clock() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}
