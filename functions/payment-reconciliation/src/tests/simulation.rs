//! Two hundred payments, a tenth of which nobody tells us of.

use kernel::Timestamp;
use payment_polling as polling;

use super::*;

/// Payments.
const PAYMENTS: usize = 200;
/// One of so many is silent.
const SILENT: usize = 10;
/// When the first is started, in minutes after the begin: one each quarter of a minute.
const EVERY_S: i64 = 15;

struct Payer {
    intent: Intent,
    pays_at: Timestamp,
    silent: bool,
    paid: bool,
    found_after_s: Option<i64>,
}

/// Starts 200 payments over 50 minutes; each is paid half a minute to 20 minutes later.
async fn run(shop: &mut Shop, polls: bool) -> Vec<Payer> {
    let providers = [Provider::Stripe, Provider::WechatPay, Provider::Alipay];
    let polling = polling::Ports {
        payments: shop.ports.payments.clone(),
        timers: shop.world.timers(),
        providers: shop.double.clone(),
        ambient: shop.world.ambient(),
        ask_timeout: polling::ASK_TIMEOUT,
    };
    let mut payers: Vec<Payer> = Vec::new();
    let begin = shop.world.now();
    for minute in 0..90 {
        while payers.len() < PAYMENTS && i64::try_from(payers.len()).unwrap() * EVERY_S <= minute * 60 {
            let at = payers.len();
            let now = shop.world.now();
            let order = OrderId::generate(&shop.world.ambient());
            let intent = double::intent(
                order,
                "k",
                providers[at % 3],
                cny(1_000 + i64::try_from(at).unwrap()),
                now,
            );
            let first = Poll::first(&intent).unwrap().timer(&intent).unwrap();
            let timer = shop.world.timers().set(&first).unwrap();
            shop.ports.payments.open_intent(&intent, vec![timer]).await.unwrap();
            let after_s = 30 + i64::try_from(at * 7_919 % 1_170).unwrap();
            payers.push(Payer {
                intent,
                pays_at: now.plus_seconds(after_s),
                silent: at % SILENT == SILENT / 2,
                paid: false,
                found_after_s: None,
            });
        }
        let now = shop.world.now();
        for payer in payers.iter_mut().filter(|payer| !payer.paid && payer.pays_at <= now) {
            payer.paid = true;
            shop.double.pay(&payer.intent);
            if !payer.silent {
                shop.tell(&payer.intent).await;
            }
        }
        if polls {
            polling::handle(&polling).await.unwrap();
            shop.book().await;
            for payer in payers
                .iter_mut()
                .filter(|payer| payer.silent && payer.found_after_s.is_none())
            {
                if payer.paid && shop.captured(&payer.intent).await > 0 {
                    payer.found_after_s = Some(now.seconds_since(payer.intent.created_at));
                }
            }
        }
        shop.world.clock().set(begin.plus_seconds((minute + 1) * 60));
    }
    assert!(payers.iter().all(|payer| payer.paid));
    payers
}

async fn all_is_booked(shop: &Shop, payers: &[Payer]) {
    for payer in payers {
        assert_eq!(shop.captured(&payer.intent).await, payer.intent.amount.amount());
    }
}

#[tokio::test]
async fn every_silent_payment_is_found_by_polling_within_half_an_hour_of_its_start() {
    let mut shop = Shop::new().await;
    let payers = run(&mut shop, true).await;
    let silent: Vec<_> = payers.iter().filter(|payer| payer.silent).collect();
    let found: Vec<i64> = silent.iter().filter_map(|payer| payer.found_after_s).collect();
    println!(
        "simulation: {} payments, {} silent, {} found by polling, the last {} s after its start",
        payers.len(),
        silent.len(),
        found.len(),
        found.iter().max().unwrap()
    );
    assert_eq!((silent.len(), found.len()), (PAYMENTS / SILENT, PAYMENTS / SILENT));
    assert!(found.iter().all(|after_s| *after_s <= 1_800), "{found:?}");
    all_is_booked(&shop, &payers).await;
    let answer = shop.morning().await;
    assert_eq!((answer.rows, answer.differences, answer.failed), (200, 0, 0));
}

#[tokio::test]
async fn without_polling_every_silent_payment_is_found_by_the_next_mornings_run() {
    let mut shop = Shop::new().await;
    let payers = run(&mut shop, false).await;
    let silent: Vec<_> = payers.iter().filter(|payer| payer.silent).collect();
    for payer in &silent {
        assert_eq!(shop.captured(&payer.intent).await, 0);
    }
    let told: Vec<_> = payers.iter().filter(|payer| !payer.silent).collect();
    // And three lies in the bills.
    let lies = [
        (told[3], Tamper::Gone, "missing_there"),
        (told[50], Tamper::More(100), "amount_differs"),
        (told[100], Tamper::Failed, "state_differs"),
    ];
    let mut cases: Vec<_> = silent
        .iter()
        .map(|payer| case(object(&payer.intent), "missing_here"))
        .collect();
    for (payer, tamper, why) in lies {
        shop.double.tamper(&object(&payer.intent), tamper);
        cases.push(case(object(&payer.intent), why));
    }
    cases.sort();
    let answer = shop.morning().await;
    println!(
        "simulation: {} payments, {} silent, {} differences told by the daily run",
        payers.len(),
        silent.len(),
        answer.differences
    );
    assert_eq!(shop.cases().await, cases);
    all_is_booked(&shop, &payers).await;
    for _ in 0..3 {
        assert_eq!(shop.morning().await.differences, 0);
    }
    assert_eq!(shop.cases().await, cases);
    assert_eq!(shop.told("payment.reconciliation_difference").await, cases.len());
}
