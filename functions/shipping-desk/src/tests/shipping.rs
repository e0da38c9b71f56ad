//! Shipping and splitting.

use fulfilment::{ParcelKey, Provider, Scan, Shipment, StateName};
use kernel::ShipmentId;
use serde_json::{Value, json};

use super::{Call, Shop};

/// A shipment that is packed, at version 3.
async fn packed(shop: &Shop) -> Vec<Shipment> {
    let shipments = shop.allocate().await;
    for shipment in &shipments {
        for (index, step) in ["pick", "pack"].into_iter().enumerate() {
            let version = 1 + u64::try_from(index).unwrap();
            assert_eq!(Call::change(step, shipment.id, step, version).send(shop).await.0, 200);
        }
    }
    shipments
}

fn ship(id: ShipmentId, key: &str, number: &str) -> Call {
    Call::change("ship", id, key, 3).body(json!({"carrier": "shunfeng", "number": number}))
}

async fn stock(shop: &Shop) -> [i64; 3] {
    let mut sums = [0; 3];
    for item in shop
        .world
        .items("InventoryTable")
        .await
        .iter()
        .filter(|item| item["entity"]["S"] == "level")
    {
        for (sum, name) in sums.iter_mut().zip(["free", "reserved", "sold"]) {
            *sum += item[name]["N"].as_str().unwrap().parse::<i64>().unwrap();
        }
    }
    sums
}

#[tokio::test]
async fn shipping_changes_shipment_order_stock_and_parcel_at_once() {
    let shop = Shop::paid().await;
    let shipments = packed(&shop).await;
    assert_eq!(stock(&shop).await, [15, 5, 0]);
    let call = ship(shipments[0].id, "k", "sf1234567");
    let (status, body) = call.send(&shop).await;
    assert_eq!(
        (status, &body["state"], &body["tracking"]["carrier"]),
        (200, &json!("shipped"), &json!("sf-express"))
    );
    assert_eq!(call.send(&shop).await, (200, body));
    assert_eq!(shop.count("order.shipped").await, 1);
    assert_eq!(shop.count("shipment.shipped").await, 1);
    assert_eq!(shop.count("tracking.noticed").await, 0);
    let order = shop.order().await;
    assert_eq!(
        (order.shipments().len(), order.shipments()[0].number.as_str()),
        (1, "SF1234567")
    );
    let units: u32 = shipments[0].units().iter().map(|unit| unit.quantity).sum();
    assert_eq!(stock(&shop).await, [15, 5 - i64::from(units), i64::from(units)]);
    assert_eq!(ship(shipments[1].id, "k2", "SF7654321").send(&shop).await.0, 200);
    assert_eq!(stock(&shop).await, [15, 0, 5]);
}

#[tokio::test]
async fn many_clerks_at_once_ship_a_parcel_once() {
    let shop = std::sync::Arc::new(Shop::paid().await);
    let id = packed(&shop).await[0].id;
    let tasks: Vec<_> = (0..6)
        .map(|n| {
            let shop = shop.clone();
            tokio::spawn(async move { ship(id, &format!("k{n}"), &format!("SF100000{n}")).send(&shop).await.0 })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers, [200, 412, 412, 412, 412, 412]);
    assert_eq!(shop.count("order.shipped").await, 1);
}

#[tokio::test]
async fn a_number_belongs_to_one_shipment() {
    let shop = Shop::paid().await;
    let shipments = packed(&shop).await;
    assert_eq!(ship(shipments[0].id, "k", "SF1234567").send(&shop).await.0, 200);
    let (status, body) = ship(shipments[1].id, "k", "SF1234567").send(&shop).await;
    assert_eq!((status, &body["errors"][0]["pointer"]), (409, &json!("/number")));
}

#[tokio::test]
async fn scans_that_came_first_ask_for_another_look() {
    let shop = Shop::paid().await;
    let shipments = packed(&shop).await;
    let key = ParcelKey {
        carrier: "sf-express".parse().unwrap(),
        number: "SF1234567".parse().unwrap(),
    };
    let scan = Scan {
        at: shop.world.now(),
        code: "1".to_owned(),
        place: String::new(),
        provider: Provider::Kuaidi100,
        time_text: String::new(),
    };
    let (parcel, _) = shop.fulfilment.parcel(&key).await.unwrap().absorb(&[scan], None);
    let part = shop.fulfilment.save_parcel(parcel, shop.world.now(), ()).unwrap();
    shop.world.dynamo().commit(vec![part]).await.unwrap();
    assert_eq!(ship(shipments[0].id, "k", "SF1234567").send(&shop).await.0, 200);
    assert_eq!(shop.count("tracking.noticed").await, 1);
    let parcel = shop.fulfilment.parcel(&key).await.unwrap();
    assert_eq!(
        (parcel.owner.unwrap().shipment, parcel.scans.len()),
        (shipments[0].id, 1)
    );
}

#[tokio::test]
async fn bad_parcels_are_refused_with_their_place() {
    let shop = Shop::paid().await;
    let id = packed(&shop).await[0].id;
    for (body, pointer) in [
        (json!({"carrier": "s#f", "number": "SF1234567"}), "/carrier"),
        (json!({"carrier": "sf", "number": "1"}), "/number"),
        (
            json!({"carrier": "sf", "number": "SF1234567", "tracking_url": "javascript:x"}),
            "/tracking_url",
        ),
    ] {
        let (status, answer) = Call::change("ship", id, "k", 3).body(body).send(&shop).await;
        assert_eq!((status, &answer["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    assert_eq!(
        Call::change("ship", id, "k", 3)
            .body(json!({"carrier": 1}))
            .send(&shop)
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn a_split_shipment_leaves_in_two_parcels() {
    let shop = Shop::paid().await;
    let shipments = packed(&shop).await;
    let whole = shipments
        .iter()
        .find(|shipment| shipment.lines[0].line == shop.lines[0])
        .unwrap();
    let lines = json!({"lines": [{"line_id": shop.lines[0], "quantity": 1}]});
    let (status, body) = Call::change("split", whole.id, "s", 3).body(lines).send(&shop).await;
    assert_eq!((status, &body["lines"][0]["quantity"]), (200, &json!(2)));
    let second: ShipmentId = body["split_off"]["id"].as_str().unwrap().parse().unwrap();
    let first = Call::change("ship", whole.id, "k", 4).body(json!({"carrier": "sf", "number": "SF1234567"}));
    assert_eq!(first.send(&shop).await.0, 200);
    let other = Call::change("ship", second, "k", 1).body(json!({"carrier": "sf", "number": "SF1234568"}));
    assert_eq!(other.send(&shop).await.0, 200);
    assert_eq!(shop.order().await.shipments().len(), 2);
    let too_many = json!({"lines": [{"line_id": shop.lines[1], "quantity": 9}]});
    let rest = shipments.iter().find(|shipment| shipment.id != whole.id).unwrap();
    assert_eq!(
        Call::change("split", rest.id, "s", 3)
            .body(too_many)
            .send(&shop)
            .await
            .0,
        422
    );
}

#[tokio::test]
async fn units_that_were_cancelled_meanwhile_do_not_leave() {
    let shop = Shop::paid().await;
    let shipments = packed(&shop).await;
    let whole = sales::order::Cancel::Whole;
    shop.save(shop.order().await.cancel(&whole, &shop.act()).unwrap()).await;
    let (status, _) = ship(shipments[0].id, "k", "SF1234567").send(&shop).await;
    assert_eq!(status, 409);
    let kept = shop.fulfilment.shipment(shipments[0].id).await.unwrap().unwrap();
    assert_eq!(kept.state.name(), StateName::Packed);
}

#[tokio::test]
async fn a_parcel_can_be_given_up() {
    let shop = Shop::paid().await;
    let id = packed(&shop).await[0].id;
    assert_eq!(ship(id, "k", "SF1234567").send(&shop).await.0, 200);
    let (status, body) = Call::change("lost", id, "l", 4).body(Value::Null).send(&shop).await;
    assert_eq!((status, &body["state"]), (200, &json!("lost")));
    assert_eq!(shop.count("shipment.exception").await, 1);
    let order = shop.order().await;
    assert_eq!(
        order.shipment(id).unwrap().status,
        sales::order::ShipmentStatus::Exception
    );
}

#[tokio::test]
async fn a_number_that_was_corrected_before_it_was_entered_ships_with_the_right_carrier() {
    let shop = Shop::paid().await;
    let id = packed(&shop).await[0].id;
    let old = ParcelKey {
        carrier: "sf-express".parse().unwrap(),
        number: "SF1234567".parse().unwrap(),
    };
    let mut parcel = shop.fulfilment.parcel(&old).await.unwrap();
    parcel.moved_to = Some("ems".parse().unwrap());
    let part = shop.fulfilment.save_parcel(parcel, shop.world.now(), ()).unwrap();
    shop.world.dynamo().commit(vec![part]).await.unwrap();
    let (status, body) = ship(id, "k", "SF1234567").send(&shop).await;
    assert_eq!((status, &body["tracking"]["carrier"]), (200, &json!("ems")));
    let ems = ParcelKey {
        carrier: "ems".parse().unwrap(),
        ..old
    };
    assert_eq!(shop.fulfilment.parcel(&ems).await.unwrap().owner.unwrap().shipment, id);
}
