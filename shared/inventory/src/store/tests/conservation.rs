use super::*;
use crate::Settlement;

async fn shards(shop: &Shop, count: u16) {
    let card = shop.inventory.levels(shop.variant).await.unwrap().0.unwrap();
    let version = card.version;
    let part = shop.inventory.save_card(&card.with_shards(count), version).unwrap();
    shop.inventory.dynamo().commit(vec![part]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_buyers_at_once_get_exactly_the_twenty_there_are() {
    let shop = Shop::with_stock(8).await;
    shards(&shop, 4).await;
    shop.receive(12).await;
    let mut buyers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (inventory, order, variant) = (shop.inventory.clone(), shop.order(), shop.variant);
        buyers.spawn(async move { reserve(&inventory, order, &[(variant, 1)]).await });
    }
    let outcomes = buyers.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Held).count(), 20);
    assert_eq!(
        outcomes.iter().filter(|outcome| **outcome == Outcome::Short).count(),
        180
    );
    assert_eq!(shop.totals().await, [0, 20, 0, 20]);
}

/// Random commands, each of them possibly stale or repeated; the counts sum up after every one.
#[tokio::test]
async fn any_sequence_of_commands_conserves_stock() {
    let shop = Shop::with_stock(30).await;
    let second = create_place(&shop.inventory).await;
    let ambient = shop.world.ambient();
    let mut booked = 30;
    let mut reservations: Vec<Reservation> = Vec::new();
    for _ in 0..250 {
        let quantity = u32::try_from(ambient.random_below(9)).unwrap();
        let pick = usize::try_from(ambient.random_below(u64::try_from(reservations.len().max(1)).unwrap())).unwrap();
        match ambient.random_below(7) {
            0 | 1 => {
                let order = shop.order();
                if reserve(&shop.inventory, order, &[(shop.variant, quantity.max(1))]).await == Outcome::Held {
                    reservations.push(shop.inventory.reservation(order).await.unwrap().unwrap());
                }
            }
            2 | 3 if !reservations.is_empty() => {
                // As it was read when it was made: stale more often than not.
                let part = if quantity % 2 == 0 {
                    Settlement::Release
                } else {
                    Settlement::Fulfil
                };
                let held = &reservations[pick];
                let wanted = [(shop.variant, quantity.min(held.held(shop.variant)))];
                let parts = shop.inventory.settle(held, &wanted, part).unwrap().unwrap();
                let _ = shop.inventory.dynamo().commit(parts).await;
                if quantity > 4 {
                    reservations[pick] = shop.inventory.reservation(held.order).await.unwrap().unwrap();
                }
            }
            4 | 5 => {
                let place = if quantity % 2 == 0 { shop.place } else { second };
                let change = i64::from(quantity) - 4;
                if change != 0 && book(&shop.inventory, &shop.movement(change, place)).await.is_ok() {
                    booked += change;
                }
            }
            _ => shards(&shop, u16::try_from(quantity % 5 + 1).unwrap()).await,
        }
        let [free, reserved, sold, all] = shop.totals().await;
        assert_eq!(all, booked);
        assert_eq!(free + reserved + sold, booked);
        assert_eq!(shop.free().await, u64::try_from(free).unwrap());
    }
    let held: i64 = {
        let mut sum = 0;
        for reservation in &reservations {
            let now = shop.inventory.reservation(reservation.order).await.unwrap().unwrap();
            sum += i64::from(now.held(shop.variant));
        }
        sum
    };
    assert_eq!(
        shop.totals().await[1],
        held,
        "what the levels say is reserved is what reservations hold"
    );
}
