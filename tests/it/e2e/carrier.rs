//! Carriers as they are: they tell late, twice, out of order, before anybody asked, and others tell in their name.

use serde_json::{Value, json};
use tests::{
    client::Api,
    doubles::{
        carrier::{CarrierDouble, Keys, Parcel, Provider, Step, Telling, Told},
        stripe::Pay,
    },
};

use super::Stage;

/// Table name of the local platform.
const OUTBOX: &str = "tradepost-OutboxTable";
/// When the parcel was picked up, by the carrier's clock, which is its own: long before the order was placed.
const PICKED_UP_AT_S: i64 = 1_767_258_000;
/// What 快递100 takes for received.
const KUAIDI100_RECEIVED: &str = r#"{"result":true,"returnCode":"200","message":"成功"}"#;
/// What 快递100 takes for refused.
const KUAIDI100_REFUSED: &str = r#"{"result":false,"returnCode":"500","message":"失败"}"#;

async fn carriers(stage: &Stage) -> CarrierDouble {
    CarrierDouble::start(0, &stage.platform.base_url, Keys::development()).await
}

/// A parcel whose steps are an hour apart.
fn parcel(provider: Provider, number: &str, steps: &[(Step, i64)]) -> Parcel {
    Parcel {
        provider,
        carrier: match provider {
            Provider::Kuaidi100 => "shunfeng",
            Provider::Easypost => "USPS",
        }
        .to_owned(),
        number: number.to_owned(),
        steps: steps
            .iter()
            .map(|(step, hour)| (*step, PICKED_UP_AT_S + hour * 3_600))
            .collect(),
    }
}

/// A paid order, and its shipment, packed.
async fn packed(stage: &Stage, goods: &str) -> (String, Value) {
    let variant = stage.goods(goods, 5).await;
    let (session, order) = stage.shop.place(&[(&variant, 1)]).await;
    let payment = stage.shop.start_payment(&session, &order).await;
    stage.stripe.pay(&Pay::exactly(&payment)).await;
    stage
        .shop
        .until(&order, |order| order["payment"]["status"] == "paid")
        .await;
    stage.settle().await;
    let shipment = stage.shop.shipments(&order).await.pop().expect("a shipment");
    let picked = stage.shop.step(&shipment, "pick", &json!({})).await;
    (order, stage.shop.step(&picked, "pack", &json!({})).await)
}

async fn ship(stage: &Stage, packed: &Value, carrier: &str, number: &str) {
    let body = json!({"carrier": carrier, "number": number});
    stage.shop.step(packed, "ship", &body).await;
    stage.settle().await;
}

/// Names of the events about an order, or of all.
async fn events(stage: &Stage, order: Option<&str>) -> Vec<String> {
    let rows = testkit::scan(&stage.platform.aws_url, OUTBOX).await;
    let envelopes = rows
        .iter()
        .map(|row| serde_json::from_str::<Value>(row["envelope"].as_s().unwrap()).unwrap());
    envelopes
        .filter(|envelope| order.is_none_or(|order| envelope["key"] == order))
        .map(|envelope| envelope["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn assert_delivered_once(stage: &Stage, order: &str) {
    let delivered = stage
        .shop
        .until(order, |order| order["state"]["name"] == "completed")
        .await;
    assert_eq!(delivered["lines"][0]["quantity"]["delivered"], 1, "{delivered}");
    stage.settle().await;
    let told = events(stage, Some(order)).await;
    for name in ["order.delivered", "shipment.delivered"] {
        let count = told.iter().filter(|event| *event == name).count();
        assert_eq!(count, 1, "{name}: {told:?}");
    }
    let webhooks = stage.agent.webhooks();
    let last = webhooks.iter().rfind(|webhook| webhook.order["id"] == order).unwrap();
    let arrivals = last.order["fulfillment"]["events"].as_array().unwrap();
    let arrivals = arrivals.iter().filter(|event| event["type"] == "delivered").count();
    assert_eq!(arrivals, 1, "{}", last.order);
}

/// Each was answered as the provider documents it for a notice that was received.
fn assert_received(provider: Provider, told: &[Told], posts: usize) {
    assert_eq!(told.len(), posts);
    let body = match provider {
        Provider::Kuaidi100 => KUAIDI100_RECEIVED,
        Provider::Easypost => "",
    };
    for told in told {
        assert_eq!((told.status, told.body.as_str(), told.received), (200, body, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_delivered_once_however_its_carrier_tells_of_it() {
    let stage = Stage::set().await;
    let double = carriers(&stage).await;
    for (provider, carrier, number) in [
        (Provider::Kuaidi100, "shunfeng", "SF7000000001"),
        (Provider::Easypost, "usps", "EZ7000000001"),
    ] {
        let (order, shipment) = packed(&stage, number).await;
        ship(&stage, &shipment, carrier, number).await;

        // Newest first and each twice: the first word that is heard of it is that it was delivered.
        let way = parcel(provider, number, &[(Step::PickedUp, 0), (Step::Delivered, 30)]);
        let backwards = Telling {
            times: 2,
            out_of_order: true,
            ..Telling::default()
        };
        let told = double.tell(&way, backwards).await.unwrap();
        assert_received(provider, &told, 4);
        assert_delivered_once(&stage, &order).await;

        // Late: what happened on the way is heard of after the end, and then everything once more.
        let before = stage.shop.order(&order).await;
        let between = [
            (Step::PickedUp, 0),
            (Step::InTransit, 5),
            (Step::Exception, 10),
            (Step::OutForDelivery, 28),
        ];
        let told = double
            .tell(&parcel(provider, number, &between), Telling::default())
            .await;
        assert_received(provider, &told.unwrap(), 4);
        let told = double.tell(&way, Telling::default()).await.unwrap();
        assert_received(provider, &told, 2);
        stage.settle().await;
        assert_eq!(
            stage.shop.order(&order).await,
            before,
            "what comes late changes nothing"
        );
        assert_delivered_once(&stage, &order).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_only_pretends_to_be_the_carrier_is_refused_and_changes_nothing() {
    let stage = Stage::set().await;
    let double = carriers(&stage).await;
    for (provider, carrier, number, refusal) in [
        (Provider::Kuaidi100, "shunfeng", "SF7000000002", KUAIDI100_REFUSED),
        (Provider::Easypost, "usps", "EZ7000000002", ""),
    ] {
        let (order, shipment) = packed(&stage, number).await;
        ship(&stage, &shipment, carrier, number).await;
        let before = (stage.shop.order(&order).await, events(&stage, None).await.len());

        let way = parcel(provider, number, &[(Step::PickedUp, 0), (Step::Delivered, 30)]);
        let forged = Telling {
            times: 2,
            forged: true,
            ..Telling::default()
        };
        let told = double.tell(&way, forged).await.unwrap();
        assert_eq!(told.len(), 4);
        for told in &told {
            assert_eq!((told.status, told.body.as_str(), told.received), (401, refusal, false));
        }
        stage.settle().await;
        let after = (stage.shop.order(&order).await, events(&stage, None).await.len());
        assert_eq!(after, before, "no order moves and no event is written");

        // The same words with the right signature move it: it was the signature that was refused.
        let told = double.tell(&way, Telling::default()).await.unwrap();
        assert_received(provider, &told, 2);
        assert_delivered_once(&stage, &order).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_is_heard_of_before_it_is_shipped_is_delivered_when_it_is() {
    let stage = Stage::set().await;
    let double = carriers(&stage).await;
    let number = "SF7000000003";
    let (order, shipment) = packed(&stage, "Early goods").await;

    // As a person at a terminal asks for it, several at the same time.
    let terminal = Api::new(&double.url());
    let asked = json!({"number": number, "steps": ["picked_up", "in_transit", "delivered"], "out_of_order": true});
    let ask = || terminal.post("/_double/tell", &asked);
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    for answer in [one, two, three] {
        let told = answer.expect(200);
        let told = told["told"].as_array().unwrap();
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|told| told["received"] == true), "{told:?}");
    }
    stage.settle().await;
    let waiting = stage.shop.order(&order).await;
    assert_eq!(waiting["lines"][0]["quantity"]["delivered"], 0, "{waiting}");

    ship(&stage, &shipment, "shunfeng", number).await;
    assert_delivered_once(&stage, &order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_double_says_what_it_was_not_told() {
    let double = CarrierDouble::start(0, "http://127.0.0.1:1", Keys::development()).await;
    let terminal = Api::new(&double.url());
    for asked in [
        json!({"steps": ["delivered"]}),
        json!({"number": "SF1"}),
        json!({"number": "SF1", "steps": ["teleported"]}),
        json!({"number": "SF1", "steps": [], "provider": "pigeons"}),
    ] {
        terminal.post("/_double/tell", &asked).await.expect(400);
    }
}
