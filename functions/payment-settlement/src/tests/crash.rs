//! A crash before and after every single store call, and a redelivery: the same end as without.

use payments::crash::{Crash, When};

use super::*;

/// What a scenario ends in: order, money, ledger, how often each event was told. A refund that is told of before its
/// payment waits as a case; whether it does depends on which of the two messages died, so that is left out.
async fn outcome(shop: &Shop, order: OrderId) -> String {
    let loaded = shop.load(order).await;
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for event in shop.world.events().await {
        if event.name == PaymentNoticed::NAME || event.data["why"].get("case").is_some() {
            continue;
        }
        *told.entry(event.name).or_default() += 1;
    }
    format!(
        "{} v{} {:?} {:?} {told:?}",
        loaded.state().name(),
        loaded.version(),
        loaded.payment(),
        shop.books().await
    )
}

/// Over-paid, twice told, then refunded: many kinds of writes. Each notice is settled with one crash at most, then again.
async fn run(crash: Option<&Crash>) -> String {
    let mut shop = Shop::new().await;
    let clean = shop.ports.clone();
    let order = shop.order().await;
    let payment = shop.intent(order, "pi_1", TOTAL, Mode::PaymentIntent).await;
    shop.notice("evt_0", "refund.updated", refund_object("re_1", "pi_1", 300, "pending"))
        .await;
    shop.world.clock().advance_seconds(1);
    shop.notice(
        "evt_1",
        "payment_intent.succeeded",
        intent_object("pi_1", order, payment, TOTAL, TOTAL + 300),
    )
    .await;
    if let Some(crash) = crash {
        let crashing = ports(&shop.world, crash.store(shop.world.client(), shop.world.ambient()));
        for envelope in shop.waiting().await {
            let _: Result<(), Failure> = one(&crashing, envelope).await;
        }
    }
    shop.ports = clean;
    shop.settle().await;
    outcome(&shop, order).await
}

#[tokio::test]
async fn a_crash_around_any_store_call_changes_nothing_in_the_end() {
    let clean = run(None).await;
    assert!(clean.contains("on_hold"), "{clean}");
    let mut points = 0;
    for when in [When::Before, When::After] {
        for at in 0.. {
            let crash = Crash::new(at, when);
            let end = run(Some(&crash)).await;
            if !crash.happened() {
                break;
            }
            assert_eq!(end, clean, "crash {when:?} call {at}");
            points += 1;
        }
    }
    println!("settlement: {points} crash points visited");
    assert!(points > 10, "{points}");
}
