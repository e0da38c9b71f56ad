use super::*;
use crate::{Card, ReservationState, Settlement};

#[tokio::test]
async fn stock_that_came_in_is_free() {
    let shop = Shop::with_stock(7).await;
    assert_eq!(shop.free().await, 7);
    assert_eq!(shop.totals().await, [7, 0, 0, 7]);
}

#[tokio::test]
async fn what_was_never_booked_is_not_there() {
    let shop = Shop::new().await;
    assert_eq!(shop.free().await, 0);
    assert_eq!(
        reserve(&shop.inventory, shop.order(), &[(shop.variant, 1)]).await,
        Outcome::Short
    );
}

#[tokio::test]
async fn an_order_reserves_once() {
    let shop = Shop::with_stock(7).await;
    let order = shop.order();
    assert_eq!(
        reserve(&shop.inventory, order, &[(shop.variant, 2)]).await,
        Outcome::Held
    );
    let again = reserve(&shop.inventory, order, &[(shop.variant, 2)]).await;
    assert_eq!(again, Outcome::Refused(StockRefusal::AlreadyReserved));
    assert_eq!(shop.totals().await, [5, 2, 0, 7]);
}

#[tokio::test]
async fn giving_back_twice_gives_back_once() {
    let shop = Shop::with_stock(7).await;
    let order = shop.order();
    reserve(&shop.inventory, order, &[(shop.variant, 3)]).await;
    let held = shop.inventory.reservation(order).await.unwrap().unwrap();
    let parts = shop.inventory.release(&held).unwrap();
    shop.inventory.dynamo().commit(parts.clone()).await.unwrap();
    let stale = shop
        .inventory
        .dynamo()
        .commit(parts)
        .await
        .unwrap_err()
        .first()
        .unwrap();
    assert_eq!(stale, StockRefusal::Settled);
    let released = shop.inventory.reservation(order).await.unwrap().unwrap();
    assert_eq!(released.state, ReservationState::Released);
    assert!(shop.inventory.release(&released).unwrap().is_empty());
    assert_eq!(shop.totals().await, [7, 0, 0, 7]);
}

#[tokio::test]
async fn shipping_twice_ships_once_and_cannot_be_given_back() {
    let shop = Shop::with_stock(7).await;
    let order = shop.order();
    reserve(&shop.inventory, order, &[(shop.variant, 3)]).await;
    let held = shop.inventory.reservation(order).await.unwrap().unwrap();
    shop.inventory
        .dynamo()
        .commit(shop.inventory.fulfil(&held).unwrap())
        .await
        .unwrap();
    for parts in [
        shop.inventory.fulfil(&held).unwrap(),
        shop.inventory.release(&held).unwrap(),
    ] {
        assert_eq!(
            shop.inventory
                .dynamo()
                .commit(parts)
                .await
                .unwrap_err()
                .first()
                .unwrap(),
            StockRefusal::Settled
        );
    }
    assert_eq!(shop.totals().await, [4, 0, 3, 7]);
    let again = reserve(&shop.inventory, order, &[(shop.variant, 1)]).await;
    assert_eq!(again, Outcome::Refused(StockRefusal::AlreadyReserved));
}

#[tokio::test]
async fn an_order_whose_stock_was_given_back_may_reserve_again_and_old_parts_do_not_touch_it() {
    let shop = Shop::with_stock(7).await;
    let order = shop.order();
    reserve(&shop.inventory, order, &[(shop.variant, 3)]).await;
    let first = shop.inventory.reservation(order).await.unwrap().unwrap();
    shop.inventory
        .dynamo()
        .commit(shop.inventory.release(&first).unwrap())
        .await
        .unwrap();
    assert_eq!(
        reserve(&shop.inventory, order, &[(shop.variant, 3)]).await,
        Outcome::Held
    );
    let stale = shop
        .inventory
        .dynamo()
        .commit(shop.inventory.release(&first).unwrap())
        .await
        .unwrap_err();
    assert_eq!(stale.first().unwrap(), StockRefusal::Settled);
    assert_eq!(shop.totals().await, [4, 3, 0, 7]);
}

#[tokio::test]
async fn a_parcel_takes_part_and_the_rest_is_given_back() {
    let shop = Shop::with_stock(7).await;
    let order = shop.order();
    reserve(&shop.inventory, order, &[(shop.variant, 5)]).await;
    let held = shop.inventory.reservation(order).await.unwrap().unwrap();
    let parcel = shop
        .inventory
        .settle(&held, &[(shop.variant, 2)], Settlement::Fulfil)
        .unwrap()
        .unwrap();
    shop.inventory.dynamo().commit(parcel).await.unwrap();
    assert_eq!(shop.totals().await, [2, 3, 2, 7]);
    let held = shop.inventory.reservation(order).await.unwrap().unwrap();
    assert_eq!(held.state, ReservationState::Held);
    shop.inventory
        .dynamo()
        .commit(shop.inventory.release(&held).unwrap())
        .await
        .unwrap();
    assert_eq!(shop.totals().await, [5, 0, 2, 7]);
}

#[tokio::test]
async fn a_movement_is_booked_once() {
    let shop = Shop::new().await;
    let movement = shop.movement(5, shop.place);
    book(&shop.inventory, &movement).await.unwrap();
    assert_eq!(book(&shop.inventory, &movement).await, Err(BookRefusal::AlreadyBooked));
    assert_eq!(shop.totals().await, [5, 0, 0, 5]);
    assert_eq!(
        shop.inventory.movements(shop.variant, 10, None).await.unwrap().items,
        [movement]
    );
}

#[tokio::test]
async fn reserved_stock_cannot_be_adjusted_away() {
    let shop = Shop::with_stock(5).await;
    reserve(&shop.inventory, shop.order(), &[(shop.variant, 3)]).await;
    let refused = book(&shop.inventory, &shop.movement(-3, shop.place)).await;
    assert_eq!(refused, Err(BookRefusal::NotFree { free: 2, asked: 3 }));
    book(&shop.inventory, &shop.movement(-2, shop.place)).await.unwrap();
    assert_eq!(shop.totals().await, [0, 3, 0, 3]);
}

#[tokio::test]
async fn a_location_must_exist() {
    let shop = Shop::new().await;
    let nowhere = LocationId::generate(&shop.world.ambient());
    assert_eq!(
        book(&shop.inventory, &shop.movement(1, nowhere)).await,
        Err(BookRefusal::UnknownLocation)
    );
}

#[tokio::test]
async fn falling_below_the_threshold_is_told_once_per_crossing() {
    let shop = Shop::with_stock(10).await;
    let (card, _) = shop.inventory.levels(shop.variant).await.unwrap();
    let card = card.unwrap();
    let with_threshold = Card {
        threshold: Some(9),
        ..card.clone()
    };
    let part = shop.inventory.save_card(&with_threshold, card.version).unwrap();
    shop.inventory.dynamo().commit(vec![part]).await.unwrap();
    for _ in 0..3 {
        assert_eq!(
            reserve(&shop.inventory, shop.order(), &[(shop.variant, 1)]).await,
            Outcome::Held
        );
    }
    assert_eq!(shop.world.events().await.len(), 1);
    assert_eq!(shop.world.events().await[0].data["free"], 8);
    shop.receive(5).await;
    assert_eq!(shop.world.events().await.len(), 1);
    reserve(&shop.inventory, shop.order(), &[(shop.variant, 4)]).await;
    assert_eq!(shop.world.events().await.len(), 2);
}

#[tokio::test]
async fn a_stale_card_is_not_overwritten() {
    let shop = Shop::with_stock(1).await;
    let card = shop.inventory.levels(shop.variant).await.unwrap().0.unwrap();
    for expected in [Ok(()), Err(())] {
        let part = shop
            .inventory
            .save_card(&card.clone().with_shards(4), card.version)
            .unwrap();
        assert_eq!(shop.inventory.dynamo().commit(vec![part]).await.map_err(drop), expected);
    }
}

#[tokio::test]
async fn availability_of_many_variants_is_read_at_once() {
    let shop = Shop::with_stock(3).await;
    let mut variants: Vec<_> = (0..150).map(|_| VariantId::generate(&shop.world.ambient())).collect();
    variants.push(shop.variant);
    let free = shop.inventory.availability(&variants).await.unwrap();
    assert_eq!((free.len(), free[&shop.variant], free[&variants[0]]), (151, 3, 0));
}

#[tokio::test]
async fn a_threshold_that_buyers_cross_together_is_told_by_whoever_finds_too_little() {
    let shop = Shop::with_stock(4).await;
    let card = shop.inventory.levels(shop.variant).await.unwrap().0.unwrap();
    let version = card.version;
    let part = shop
        .inventory
        .save_card(
            &Card {
                threshold: Some(3),
                ..card
            },
            version,
        )
        .unwrap();
    shop.inventory.dynamo().commit(vec![part]).await.unwrap();
    let mut plans = Vec::new();
    for _ in 0..2 {
        plans.push(shop.inventory.plan(shop.order(), &[(shop.variant, 1)]).await.unwrap());
    }
    for plan in plans {
        commit(&shop.inventory, &plan).await.unwrap();
    }
    assert!(shop.world.events().await.is_empty(), "each saw three left");
    for _ in 0..2 {
        assert_eq!(
            reserve(&shop.inventory, shop.order(), &[(shop.variant, 3)]).await,
            Outcome::Short
        );
    }
    let events = shop.world.events().await;
    assert_eq!((events.len(), &events[0].data["free"]), (1, &serde_json::json!(2)));
}
