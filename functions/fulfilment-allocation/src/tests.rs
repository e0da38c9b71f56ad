//! Allocation over embedded tables.

#[path = "../../shipping-desk/src/tests/shop.rs"]
mod shop;

use kernel::{Id, Timestamp};
use queue::SqsMessage;
use sales::order::{Cancel, StateName};
use shop::Shop;

use super::*;

fn ports(shop: &Shop) -> Ports {
    Ports {
        fulfilment: shop.fulfilment.clone(),
        orders: shop.orders.clone(),
        inventory: shop.inventory.clone(),
        ambient: shop.world.ambient(),
    }
}

/// Sends an order's event; tells whether it was done.
async fn send<E: Event>(shop: &Shop, event: &E) -> bool {
    let envelope = Envelope::of(event, &shop.world.ambient(), None).unwrap();
    let mut message = SqsMessage::default();
    message.message_id = Some("1".to_owned());
    message.body = Some(serde_json::to_string(&envelope).unwrap());
    let mut batch = SqsEvent::default();
    batch.records = vec![message];
    handle(&ports(shop), batch).await.batch_item_failures.is_empty()
}

fn paid(shop: &Shop) -> OrderPaid {
    OrderPaid {
        order_id: shop.order,
        version: 2,
    }
}

fn cancelled(shop: &Shop) -> OrderCancelled {
    OrderCancelled {
        order_id: shop.order,
        version: 3,
        whole: false,
        lines: Vec::new(),
    }
}

async fn units(shop: &Shop) -> Vec<(String, u32)> {
    let shipments = shop.fulfilment.of_order(shop.order).await.unwrap();
    let mut found: Vec<_> = shipments
        .iter()
        .map(|shipment| {
            (
                shipment.state.name().to_string(),
                shipment.units().iter().map(|unit| unit.quantity).sum::<u32>(),
            )
        })
        .collect();
    found.sort();
    found
}

fn state(name: &str, units: u32) -> (String, u32) {
    (name.to_owned(), units)
}

#[tokio::test]
async fn a_paid_order_becomes_one_shipment_per_place_however_often_it_is_told() {
    let shop = Shop::paid().await;
    assert!(send(&shop, &paid(&shop)).await);
    assert!(send(&shop, &paid(&shop)).await);
    assert_eq!(units(&shop).await, [state("to_pick", 2), state("to_pick", 3)]);
    assert_eq!(shop.count("shipment.created").await, 2);
    assert!(shop.order().await.allocatable().is_empty());
}

#[tokio::test]
async fn what_was_allocated_before_is_left_alone() {
    let shop = Shop::paid().await;
    let before = shop.allocate().await;
    assert!(send(&shop, &paid(&shop)).await);
    assert_eq!(shop.fulfilment.of_order(shop.order).await.unwrap(), before);
}

#[tokio::test]
async fn two_handlers_at_once_make_the_shipments_once() {
    let shop = std::sync::Arc::new(Shop::paid().await);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let shop = shop.clone();
            tokio::spawn(async move { send(&shop, &paid(&shop)).await })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap());
    }
    assert_eq!(shop.count("shipment.created").await, 2);
    assert_eq!(units(&shop).await, [state("to_pick", 2), state("to_pick", 3)]);
}

#[tokio::test]
async fn an_order_without_known_stock_becomes_one_shipment_of_no_place() {
    let mut shop = Shop::paid().await;
    let elsewhere = shop.world.table("SalesTable");
    shop.inventory = Inventory::new(shop.world.dynamo(), shop.world.outbox(), elsewhere);
    assert!(send(&shop, &paid(&shop)).await);
    let shipments = shop.fulfilment.of_order(shop.order).await.unwrap();
    assert_eq!((shipments.len(), shipments[0].location), (1, None));
}

#[tokio::test]
async fn cancelled_units_come_out_of_what_has_not_left_once() {
    let shop = Shop::paid().await;
    assert!(send(&shop, &paid(&shop)).await);
    let unit = LineQuantity {
        line: shop.lines[0],
        quantity: 2,
    };
    shop.save(
        shop.order()
            .await
            .cancel(&Cancel::Units(vec![unit]), &shop.act())
            .unwrap(),
    )
    .await;
    assert!(send(&shop, &cancelled(&shop)).await);
    assert!(send(&shop, &cancelled(&shop)).await);
    assert_eq!(units(&shop).await, [state("to_pick", 1), state("to_pick", 2)]);
}

#[tokio::test]
async fn a_cancelled_order_stops_its_shipments_and_makes_no_new_ones() {
    let shop = Shop::paid().await;
    assert!(send(&shop, &paid(&shop)).await);
    shop.save(shop.order().await.cancel(&Cancel::Whole, &shop.act()).unwrap())
        .await;
    assert!(send(&shop, &cancelled(&shop)).await);
    assert!(send(&shop, &paid(&shop)).await, "a late copy of order.paid");
    assert_eq!(units(&shop).await, [state("cancelled", 0), state("cancelled", 0)]);
    assert_eq!(shop.order().await.state().name(), StateName::Cancelled);
}

#[tokio::test]
async fn cancelling_before_the_payment_is_handled_allocates_the_rest() {
    let shop = Shop::paid().await;
    let unit = LineQuantity {
        line: shop.lines[0],
        quantity: 1,
    };
    shop.save(
        shop.order()
            .await
            .cancel(&Cancel::Units(vec![unit]), &shop.act())
            .unwrap(),
    )
    .await;
    assert!(send(&shop, &cancelled(&shop)).await);
    assert!(send(&shop, &paid(&shop)).await);
    assert_eq!(units(&shop).await, [state("to_pick", 2), state("to_pick", 2)]);
}

#[tokio::test]
async fn an_unknown_order_stays_in_the_queue() {
    let shop = Shop::paid().await;
    let unknown = OrderPaid {
        order_id: OrderId::from_parts(Timestamp::from_millis(1), [1; 10]),
        version: 2,
    };
    assert!(!send(&shop, &unknown).await);
}
