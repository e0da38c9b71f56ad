//! Notices folded into parcel, shipment and order, over embedded tables.

mod odd;
#[path = "../../shipping-desk/src/tests/shop.rs"]
mod shop;

use fulfilment::{Owner, StateName, Status};
use queue::SqsMessage;
use sales::order::{LineQuantity, NewShipment, ShipmentStatus};
use serde_json::{Value, json};
use shop::Shop;

use super::*;

const SILENCE_S: i64 = 3_600;
const NUMBER: &str = "SF1234567";

fn ports(shop: &Shop) -> Ports {
    Ports {
        fulfilment: shop.fulfilment.clone(),
        orders: shop.orders.clone(),
        timers: shop.world.timers(),
        ambient: shop.world.ambient(),
        silence_s: SILENCE_S,
    }
}

fn key(carrier: &str) -> ParcelKey {
    ParcelKey {
        carrier: carrier.parse().unwrap(),
        number: NUMBER.parse().unwrap(),
    }
}

/// Ships the first shipment of the order as the desk does, and gives it.
async fn ship(shop: &Shop, shipment: Shipment, carrier: &str) -> Shipment {
    let now = shop.world.now();
    let picking = shipment.start_picking(now).unwrap();
    commit(shop, shop.fulfilment.save(&picking, None, ()).unwrap()).await;
    let packed = picking.shipment.pack(now).unwrap();
    commit(shop, shop.fulfilment.save(&packed, None, ()).unwrap()).await;
    let shipped = packed
        .shipment
        .ship(key(carrier), "https://x.example".to_owned(), now, SILENCE_S)
        .unwrap();
    let units = shipped.shipment.units();
    let new = NewShipment {
        id: shipped.shipment.id,
        carrier: carrier.to_owned(),
        number: NUMBER.to_owned(),
        tracking_url: "https://x.example".to_owned(),
        lines: units
            .iter()
            .map(|unit| LineQuantity {
                line: unit.line,
                quantity: unit.quantity,
            })
            .collect(),
    };
    shop.save(shop.order().await.ship(new, &shop.act()).unwrap()).await;
    let mut parts = shop.fulfilment.save(&shipped, None, ()).unwrap();
    let mut parcel = shop.fulfilment.parcel(&key(carrier)).await.unwrap();
    parcel.owner = Some(Owner {
        shipment: shipped.shipment.id,
        order: shop.order,
    });
    parts.push(shop.fulfilment.save_parcel(parcel, now, ()).unwrap());
    commit(shop, parts).await;
    shipped.shipment
}

async fn commit(shop: &Shop, parts: Vec<Part<()>>) {
    shop.world
        .dynamo()
        .commit(parts)
        .await
        .map_err(CommitError::first)
        .unwrap();
}

/// A shop whose first shipment is with the carrier.
async fn shipped() -> (Shop, Shipment) {
    let shop = Shop::paid().await;
    let first = shop.allocate().await.remove(0);
    let shipment = ship(&shop, first, "sf-express").await;
    (shop, shipment)
}

/// A notice of scans: (minute of the hour, code).
fn notice(scans: &[(u8, &str)]) -> Value {
    let data: Vec<Value> = scans
        .iter()
        .map(|(minute, code)| json!({"ftime": format!("2026-04-08 17:{minute:02}:00"), "statusCode": code}))
        .collect();
    json!({"status": "polling", "lastResult": {"com": "shunfeng", "nu": NUMBER, "state": "0", "data": data}})
}

fn form(param: &Value) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("param", &param.to_string());
    form.finish().into_bytes()
}

/// Keeps a notice as the webhook does, and gives the event that tells of it.
async fn keep(shop: &Shop, param: &Value) -> Envelope {
    let body = form(param);
    let parcel = Provider::Kuaidi100.parse(&body).unwrap().parcel;
    shop.fulfilment
        .keep_notice(Provider::Kuaidi100, &parcel, &body)
        .await
        .unwrap();
    let told = last_noticed(shop).await;
    shop.world.clock().advance_seconds(1);
    told
}

async fn last_noticed(shop: &Shop) -> Envelope {
    shop.world
        .events()
        .await
        .into_iter()
        .rfind(|event| event.name == "tracking.noticed")
        .unwrap()
}

/// Hands an event to the function; tells whether it was done.
async fn deliver(shop: &Shop, envelope: &Envelope) -> bool {
    let mut message = SqsMessage::default();
    message.message_id = Some("1".to_owned());
    message.body = Some(serde_json::to_string(envelope).unwrap());
    let mut batch = SqsEvent::default();
    batch.records = vec![message];
    handle(&ports(shop), batch).await.batch_item_failures.is_empty()
}

async fn hear(shop: &Shop, param: &Value) {
    let envelope = keep(shop, param).await;
    assert!(deliver(shop, &envelope).await);
}

async fn state(shop: &Shop, shipment: &Shipment) -> (StateName, Status) {
    let now = shop.fulfilment.shipment(shipment.id).await.unwrap().unwrap();
    (now.state.name(), now.consignment().unwrap().status)
}

async fn order_status(shop: &Shop, shipment: &Shipment) -> ShipmentStatus {
    shop.order().await.shipment(shipment.id).unwrap().status
}

#[tokio::test]
async fn scans_move_parcel_shipment_and_order_to_the_door() {
    let (shop, shipment) = shipped().await;
    hear(&shop, &notice(&[(1, "1")])).await;
    assert_eq!(state(&shop, &shipment).await, (StateName::InTransit, Status::PickedUp));
    assert_eq!(order_status(&shop, &shipment).await, ShipmentStatus::InTransit);
    hear(&shop, &notice(&[(1, "1"), (5, "5"), (9, "3")])).await;
    assert_eq!(state(&shop, &shipment).await, (StateName::Delivered, Status::Delivered));
    assert_eq!(order_status(&shop, &shipment).await, ShipmentStatus::Delivered);
    for name in ["shipment.delivered", "order.delivered"] {
        assert_eq!(shop.count(name).await, 1, "{name}");
    }
}

#[tokio::test]
async fn the_last_parcel_completes_the_order() {
    let shop = Shop::paid().await;
    let shipments = shop.allocate().await;
    for (index, shipment) in shipments.into_iter().enumerate() {
        let carrier = ["sf-express", "yto"][index];
        ship(&shop, shipment, carrier).await;
        let mut param = notice(&[(9, "3")]);
        param["lastResult"]["com"] = json!(["shunfeng", "yuantong"][index]);
        hear(&shop, &param).await;
    }
    assert_eq!(shop.order().await.state().name(), sales::order::StateName::Completed);
}

#[tokio::test]
async fn a_notice_that_is_handled_twice_changes_nothing_the_second_time() {
    let (shop, _) = shipped().await;
    let envelope = keep(&shop, &notice(&[(1, "1"), (9, "3")])).await;
    assert!(deliver(&shop, &envelope).await);
    let before = (
        shop.told().await,
        shop.world.items("FulfilmentTable").await.len(),
        shop.order().await,
    );
    assert!(deliver(&shop, &envelope).await);
    let after = (
        shop.told().await,
        shop.world.items("FulfilmentTable").await.len(),
        shop.order().await,
    );
    assert_eq!(before, after);
}

#[tokio::test]
async fn every_order_of_notices_ends_the_same() {
    let notices = [
        notice(&[(1, "1")]),
        notice(&[(1, "1"), (3, "2")]),
        notice(&[(9, "3"), (3, "2"), (1, "1")]),
        notice(&[(5, "5")]),
    ];
    let orders = [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2], [0, 0, 2, 2]];
    for order in orders {
        let (shop, shipment) = shipped().await;
        for index in order {
            hear(&shop, &notices[index]).await;
        }
        assert_eq!(
            state(&shop, &shipment).await,
            (StateName::Delivered, Status::Delivered),
            "{order:?}"
        );
        assert_eq!(
            order_status(&shop, &shipment).await,
            ShipmentStatus::Delivered,
            "{order:?}"
        );
        assert_eq!(shop.count("order.delivered").await, 1, "{order:?}");
    }
}

#[tokio::test]
async fn notices_at_once_lose_nothing() {
    let (shop, shipment) = shipped().await;
    let shop = std::sync::Arc::new(shop);
    let mut envelopes = Vec::new();
    for minute in 1..=4 {
        envelopes.push(keep(&shop, &notice(&[(minute, "0")])).await);
    }
    envelopes.push(keep(&shop, &notice(&[(9, "3")])).await);
    let tasks: Vec<_> = envelopes
        .into_iter()
        .map(|envelope| {
            let shop = shop.clone();
            tokio::spawn(async move {
                // A message that lost every race comes again.
                while !deliver(&shop, &envelope).await {}
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(shop.fulfilment.parcel(&key("sf-express")).await.unwrap().scans.len(), 5);
    assert_eq!(state(&shop, &shipment).await, (StateName::Delivered, Status::Delivered));
    assert_eq!(shop.count("order.delivered").await, 1);
}
