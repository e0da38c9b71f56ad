//! Cash on delivery: an order that is fulfilled before its money comes.

use payments::{AtTheDoor, Collection, Evidence};
use sales::order::Act;

use super::*;

/// An order that is paid at the door, and its intent.
async fn promised(shop: &Shop) -> (OrderId, Intent) {
    let order = shop.order().await;
    let id = payment_id(order, "k");
    let intent = Intent {
        id,
        order,
        provider: Provider::CashOnDelivery,
        mode: Mode::Cash,
        amount: sample::cny(TOTAL),
        livemode: false,
        fingerprint: String::new(),
        version: 1,
        pay_by: None,
        step_up: false,
        state: IntentState::Open {
            started: Started::of(object_id(&id.to_string())),
        },
        created_at: shop.world.now(),
    };
    let act = Act::by(kernel::Actor::system("test"), shop.world.now());
    let changed = shop.load(order).await.confirm_on_delivery(&act).unwrap();
    let with = shop.ports.orders.save(&changed, Stale).unwrap();
    assert_eq!(shop.ports.payments.open_intent(&intent, with).await.unwrap(), None);
    (order, intent)
}

/// A courier collects, as the courier's desk keeps it.
async fn collects(shop: &Shop, intent: &Intent, amount: i64) {
    let visit = Collection {
        order: intent.order,
        payment: intent.id,
        courier: kernel::StaffId::generate(&shop.world.ambient()),
        due: intent.amount,
        outcome: AtTheDoor::Collected {
            amount: sample::cny(amount),
            through: sample::cny(amount),
            evidence: Evidence::Code,
        },
        at: shop.world.now(),
        version: 1,
    };
    let parts = shop.ports.payments.collection_parts(&visit, intent).unwrap();
    shop.world.dynamo().commit(parts).await.unwrap();
}

#[tokio::test]
async fn cash_that_a_courier_collected_is_booked_for_an_order_that_is_on_its_way() {
    let mut shop = Shop::new().await;
    let (order, intent) = promised(&shop).await;
    shop.settle().await;
    assert_eq!(shop.state(order).await, "confirmed");
    collects(&shop, &intent, TOTAL).await;
    shop.settle().await;
    let paid = shop.load(order).await;
    assert_eq!(paid.payment().status, PaymentStatus::Paid);
    let balances = BTreeMap::from([("clearing".to_owned(), TOTAL), ("sales".to_owned(), -TOTAL)]);
    assert_eq!(shop.books().await, balances);
    assert!(shop.cases().await.is_empty());
}

#[tokio::test]
async fn too_little_at_the_door_is_held_as_underpaid_and_the_order_stays_confirmed() {
    let mut shop = Shop::new().await;
    let (order, intent) = promised(&shop).await;
    collects(&shop, &intent, 5_000).await;
    shop.settle().await;
    let short = shop.load(order).await;
    assert_eq!(
        (short.state().name().as_str(), short.payment().status),
        ("confirmed", PaymentStatus::UnderpaidHold)
    );
    let balances = BTreeMap::from([("clearing".to_owned(), 5_000), ("customer_deposits".to_owned(), -5_000)]);
    assert_eq!(shop.books().await, balances);
}
