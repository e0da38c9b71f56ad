//! A crash before and after every single store and provider call of a sweep, and the next sweeps: the same end as without.

use payments::{
    crash::{Crash, When},
    double::RefundAnswer,
};

use super::*;

enum Dies<'a> {
    Never,
    AtStore(&'a Crash),
    AtProvider(usize, When),
}

/// A payment whose start died, one that is paid and silent, and a refund whose sender died, all due at once. One sweep
/// dies, the others do not.
async fn run(dies: Dies<'_>) -> (String, bool) {
    let mut shop = Shop::new().await;
    shop.double.answer_refunds(RefundAnswer::Succeeds);
    let (refunded, refund) = shop.asked_back(Provider::WechatPay).await;
    shop.double.down(Provider::WechatPay, true);
    assert!(!shop.send(&refunded, refund).await);
    shop.double.down(Provider::WechatPay, false);
    let silent = shop.started(Provider::Alipay, false).await;
    shop.double.pay(&silent);
    let dead = shop.started(Provider::Stripe, true).await;
    shop.world.clock().advance_seconds(60);
    let happened = match dies {
        Dies::Never => false,
        Dies::AtStore(crash) => {
            let dynamo = crash.store(shop.world.client(), shop.world.ambient());
            let _: Result<Answer, StoreError> = handle(&with(&shop.world, dynamo, &shop.double)).await;
            crash.happened()
        }
        Dies::AtProvider(call, when) => {
            shop.double.die_at(call, when);
            let mut ports = shop.ports.clone();
            ports.ask_timeout = Duration::from_mins(1);
            tokio::select! {
                biased;
                () = shop.double.died() => {}
                _ = handle(&ports) => {}
            }
            let is_dead = shop.double.is_dead();
            shop.double.revive();
            is_dead
        }
    };
    handle(&shop.ports).await.unwrap();
    shop.minute().await;
    shop.double.pay(&dead);
    shop.minutes(5).await;
    shop.minute().await;
    let keys = shop.double.refund_keys();
    assert!(keys.iter().all(|key| key.as_str() == refund.to_string()), "{keys:?}");
    assert_eq!(shop.double.refunds_made(), 1);
    let end = format!(
        "dead {} silent {} refund {:?} noticed {} cases {:?} timers {}",
        shop.captured(&dead).await,
        shop.captured(&silent).await,
        shop.refund(&refunded, refund).await,
        shop.count("payment.noticed").await,
        shop.cases().await,
        shop.timers().await,
    );
    (end, happened)
}

#[tokio::test]
async fn a_crash_around_any_call_loses_and_doubles_nothing() {
    let (clean, _) = Box::pin(run(Dies::Never)).await;
    assert!(
        clean.starts_with("dead 5000 silent 5000 refund (Sent, Settled)"),
        "{clean}"
    );
    let (mut at_store, mut at_provider) = (0, 0);
    for when in [When::Before, When::After] {
        for at in 0.. {
            let crash = Crash::new(at, when);
            let (end, happened) = Box::pin(run(Dies::AtStore(&crash))).await;
            if !happened {
                break;
            }
            assert_eq!(end, clean, "store call {at} {when:?}");
            at_store += 1;
        }
        for at in 0.. {
            let (end, happened) = Box::pin(run(Dies::AtProvider(at, when))).await;
            if !happened {
                break;
            }
            assert_eq!(end, clean, "provider call {at} {when:?}");
            at_provider += 1;
        }
    }
    println!("polling: {at_store} crash points of the store, {at_provider} of the provider visited");
    assert!(at_store > 40 && at_provider >= 8, "{at_store} {at_provider}");
}
