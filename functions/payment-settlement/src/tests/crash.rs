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

/// What happens before, and while, the process may die.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    /// Over-paid, twice told, then refunded: many kinds of writes.
    Overpaid,
    /// The order expired before its money came; its stock is free.
    Late,
    /// What was too much went back, with a running total beside it; another refund came back.
    Refunds,
    /// A dispute with evidence due, of money that is held for a merchant.
    Dispute,
    /// The order was delivered, and some of its money is held.
    Delivered,
}

const SCENARIOS: [Scenario; 5] = [
    Scenario::Overpaid,
    Scenario::Late,
    Scenario::Refunds,
    Scenario::Dispute,
    Scenario::Delivered,
];

async fn succeeded(shop: &Shop, order: OrderId, received: i64) {
    let payment = payment_id(order, "pi_1");
    let told = intent_object("pi_1", order, payment, TOTAL, received);
    shop.notice("evt_1", "payment_intent.succeeded", told).await;
}

/// Up to where the messages wait that a process may die over.
async fn prepare(shop: &mut Shop, scenario: Scenario) -> OrderId {
    let order = shop.order().await;
    shop.intent(order, "pi_1", TOTAL, Mode::PaymentIntent).await;
    match scenario {
        Scenario::Overpaid => {
            let pending = refund_object("re_1", "pi_1", 300, "pending");
            shop.notice("evt_0", "refund.updated", pending).await;
            shop.world.clock().advance_seconds(1);
            succeeded(shop, order, TOTAL + 300).await;
        }
        Scenario::Late => {
            shop.world.clock().advance_seconds(1_801);
            let act = Act::by(kernel::Actor::system("test"), shop.world.now());
            let loaded = shop.load(order).await;
            let expired = shop
                .ports
                .orders
                .expire(&shop.ports.inventory, loaded, &act)
                .await
                .unwrap();
            assert_eq!(shop.ports.orders.commit(expired.parts).await.unwrap(), None);
            succeeded(shop, order, TOTAL).await;
        }
        Scenario::Refunds => {
            succeeded(shop, order, TOTAL + 300).await;
            shop.settle().await;
            let ours = shop.money(order).await.state.requests[0].id;
            let mut refund = refund_object("re_1", "pi_1", 300, "succeeded");
            refund["metadata"] = json!({"refund_id": ours.to_string()});
            let running = json!({"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 300, "currency": "cny"});
            shop.notice("evt_2", "charge.refunded", running).await;
            shop.world.clock().advance_seconds(1);
            shop.notice("evt_3", "refund.updated", refund).await;
            shop.world.clock().advance_seconds(1);
            shop.notice("evt_4", "refund.failed", refund_object("re_2", "pi_1", 50, "failed"))
                .await;
        }
        Scenario::Dispute => {
            succeeded(shop, order, TOTAL).await;
            shop.settle().await;
            let due = shop.world.now().plus_seconds(7 * 86_400).seconds();
            let dispute = json!({"id": "dp_1", "payment_intent": "pi_1", "amount": TOTAL, "currency": "cny",
                "status": "needs_response", "evidence_details": {"due_by": due}});
            shop.notice("evt_2", "charge.dispute.created", dispute).await;
        }
        Scenario::Delivered => {
            succeeded(shop, order, TOTAL).await;
            shop.settle().await;
            shop.deliver(order).await;
        }
    }
    order
}

/// Each message is settled with one crash at most, then again.
async fn run(scenario: Scenario, crash: Option<&Crash>) -> String {
    let mut shop = Shop::new().await;
    if matches!(scenario, Scenario::Dispute | Scenario::Delivered) {
        shop.ports.escrow_days = 7;
    }
    let order = prepare(&mut shop, scenario).await;
    if let Some(crash) = crash {
        let dynamo = crash.store(shop.world.client(), shop.world.ambient());
        let crashing = Ports {
            escrow_days: shop.ports.escrow_days,
            ..ports(&shop.world, dynamo)
        };
        for envelope in shop.waiting().await {
            // The messages of an order come one after the other: those behind one that failed wait for it.
            if one(&crashing, envelope).await.is_err() {
                break;
            }
        }
    }
    shop.settle().await;
    let kept = shop.world.items("PaymentsTable").await;
    let disputes = kept
        .iter()
        .filter(|item| item["entity"]["S"] == "payment-dispute")
        .count();
    let timers = shop.world.items("TimersTable").await.len();
    let adjustments: Vec<_> = shop
        .adjustments(order)
        .await
        .into_iter()
        .map(|(_, status, amount)| (status, amount))
        .collect();
    let end = outcome(&shop, order).await;
    format!("{end} {adjustments:?} {disputes} disputes {timers} timers")
}

#[tokio::test]
async fn a_crash_around_any_store_call_changes_nothing_in_the_end() {
    for scenario in SCENARIOS {
        let clean = run(scenario, None).await;
        let ends = match scenario {
            Scenario::Overpaid => "on_hold",
            Scenario::Late | Scenario::Refunds | Scenario::Dispute => "confirmed",
            Scenario::Delivered => "completed",
        };
        assert!(clean.contains(ends), "{clean}");
        let mut points = 0;
        for when in [When::Before, When::After] {
            for at in 0.. {
                let crash = Crash::new(at, when);
                let end = run(scenario, Some(&crash)).await;
                if !crash.happened() {
                    break;
                }
                assert_eq!(end, clean, "{scenario:?}: crash {when:?} call {at}");
                points += 1;
            }
        }
        println!("settlement, {scenario:?}: {points} crash points visited");
        assert!(points > 5, "{points}");
    }
}
