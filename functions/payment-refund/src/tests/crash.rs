//! A crash before and after every single store and provider call, and the message again: the same end as without, and no
//! refund under two keys.

use payments::crash::{Crash, When};

use super::*;

/// What it ends in: the request, the money, and how often each event was told.
async fn end(shop: &mut Shop, intent: &Intent, refund: RefundId) -> String {
    shop.book().await;
    let record = shop.record(intent, refund).await;
    let money = shop
        .ports
        .payments
        .order_money(intent.order, intent.amount)
        .await
        .unwrap();
    let keys = shop.double.refund_keys();
    assert!(keys.iter().all(|key| key.as_str() == refund.to_string()), "{keys:?}");
    assert!(shop.double.refunds_made() <= 1);
    format!(
        "{:?} {:?} {:?} cases {:?} held {} noticed {} timers {}",
        record.request.state,
        record.progress,
        money.state.folded.total.refunded,
        shop.cases().await,
        shop.count("payment.held").await,
        shop.count("payment.noticed").await,
        shop.timers().await
    )
}

/// Where the process dies.
enum Dies<'a> {
    Never,
    AtStore(&'a Crash),
    AtProvider(usize, When),
}

/// One refund; each message is handled with one death at most, and then again.
async fn run(answer: RefundAnswer, dies: Dies<'_>) -> (String, bool) {
    let mut shop = Shop::new().await;
    shop.double.answer_refunds(answer);
    let intent = shop.paid(Provider::WechatPay).await;
    let (refund, message) = shop.ask(&intent, 2_000).await;
    let happened = match dies {
        Dies::Never => false,
        Dies::AtStore(crash) => {
            let ports = shop.with(crash.store(shop.world.client(), shop.world.ambient()));
            let _: Result<(), Failure> = one(&ports, message.clone()).await;
            crash.happened()
        }
        Dies::AtProvider(call, when) => {
            shop.double.die_at(call, when);
            tokio::select! {
                biased;
                () = shop.double.died() => {}
                _ = one(&shop.ports, message.clone()) => {}
            }
            let is_dead = shop.double.is_dead();
            // The one that takes over dies at its first call, after it did its work; the third lives.
            if is_dead {
                shop.double.die_at(0, When::After);
                tokio::select! {
                    biased;
                    () = shop.double.died() => {}
                    _ = one(&shop.ports, message.clone()) => {}
                }
            }
            shop.double.revive();
            is_dead
        }
    };
    one(&shop.ports, message).await.unwrap();
    (end(&mut shop, &intent, refund).await, happened)
}

#[tokio::test]
async fn a_crash_around_any_call_loses_and_doubles_nothing() {
    let (mut at_store, mut at_provider) = (0, 0);
    for answer in [RefundAnswer::Succeeds, RefundAnswer::Pends, RefundAnswer::Refused] {
        let (clean, _) = run(answer, Dies::Never).await;
        for when in [When::Before, When::After] {
            for at in 0.. {
                let crash = Crash::new(at, when);
                let (end, happened) = run(answer, Dies::AtStore(&crash)).await;
                if !happened {
                    break;
                }
                assert_eq!(end, clean, "{answer:?}: store call {at} {when:?}");
                at_store += 1;
            }
            for at in 0.. {
                let (end, happened) = run(answer, Dies::AtProvider(at, when)).await;
                if !happened {
                    break;
                }
                assert_eq!(end, clean, "{answer:?}: provider call {at} {when:?}");
                at_provider += 1;
            }
        }
    }
    println!("refund: {at_store} crash points of the store, {at_provider} of the provider visited");
    assert!(at_store > 20 && at_provider >= 6, "{at_store} {at_provider}");
}
