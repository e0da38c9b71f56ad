//! A crash before and after every single store and provider call of a run, and the next run: the same end as without.

use payments::crash::{Crash, When};

use super::*;

/// Accounts that the ledger of this test has something on; the closing of the others is the same.
const ACCOUNTS: [Account; 4] = [
    Account::ProviderClearing(Provider::Stripe),
    Account::Sales,
    Account::Refunds,
    Account::Fees,
];

enum Dies<'a> {
    Never,
    AtStore(&'a Crash),
    AtProvider(usize, When),
}

async fn compare_all(ports: &Ports<Double>) {
    let run = Run::new(ports.ambient.now());
    compare(ports, &run, Provider::Stripe).await;
    let _: Result<(), Error> = ledger::close(ports, &run, &ACCOUNTS).await;
}

/// One of each: agrees, missing here, missing there, another amount, a refund, and what cannot be read.
async fn run(dies: Dies<'_>) -> (String, bool) {
    let mut shop = Shop::new().await;
    shop.double.charge(30);
    let back = shop.paid(Provider::Stripe, true).await;
    let refund = shop.refunded(&back, RefundAnswer::Succeeds).await;
    shop.double
        .tamper(&refund.to_string().parse().unwrap(), Tamper::More(5));
    let silent = shop.paid(Provider::Stripe, false).await;
    let gone = shop.paid(Provider::Stripe, true).await;
    shop.double.tamper(&object(&gone), Tamper::Gone);
    shop.until_morning();
    let happened = match dies {
        Dies::Never => false,
        Dies::AtStore(crash) => {
            let dynamo = crash.store(shop.world.client(), shop.world.ambient());
            compare_all(&with(&shop.world, dynamo, &shop.double)).await;
            crash.happened()
        }
        Dies::AtProvider(call, when) => {
            shop.double.die_at(call, when);
            tokio::select! {
                biased;
                () = shop.double.died() => {}
                () = compare_all(&shop.ports) => {}
            }
            let is_dead = shop.double.is_dead();
            shop.double.revive();
            is_dead
        }
    };
    compare_all(&shop.ports).await;
    shop.book().await;
    let names = [
        (object(&back), "back"),
        (object(&silent), "silent"),
        (object(&gone), "gone"),
    ];
    let mut cases = format!("{:?}", shop.cases().await).replace(&refund.to_string(), "refund");
    for (object, name) in names {
        cases = cases.replace(object.as_str(), name);
    }
    let mut cases: Vec<_> = cases.split("), (").map(str::to_owned).collect();
    cases.sort();
    let end = format!(
        "{cases:?} {:?} told {} noticed {} silent {}",
        shop.balances().await,
        shop.told("payment.reconciliation_difference").await,
        shop.told("payment.noticed").await,
        shop.captured(&silent).await,
    );
    (end, happened)
}

/// Visits every call that a run makes, of one kind of death; in two tests, since each takes its time.
async fn visit(when: When) {
    let (clean, _) = run(Dies::Never).await;
    assert!(clean.contains("told 3 noticed 4 silent 5000"), "{clean}");
    let (mut at_store, mut at_provider) = (0, 0);
    for at in 0.. {
        let crash = Crash::new(at, when);
        let (end, happened) = run(Dies::AtStore(&crash)).await;
        if !happened {
            break;
        }
        assert_eq!(end, clean, "store call {at} {when:?}");
        at_store += 1;
    }
    for at in 0.. {
        let (end, happened) = run(Dies::AtProvider(at, when)).await;
        if !happened {
            break;
        }
        assert_eq!(end, clean, "provider call {at} {when:?}");
        at_provider += 1;
    }
    println!("reconciliation, {when:?}: {at_store} crash points of the store, {at_provider} of the provider visited");
    assert!(at_store > 20 && at_provider >= 4, "{at_store} {at_provider}");
}

#[tokio::test]
async fn a_crash_before_any_call_loses_and_doubles_nothing() {
    visit(When::Before).await;
}

#[tokio::test]
async fn a_crash_after_any_call_loses_and_doubles_nothing() {
    visit(When::After).await;
}
