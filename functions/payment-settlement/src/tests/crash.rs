//! A crash before and after every single store call, and a redelivery: the same end as without.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextMut},
        retry::RetryConfig,
    },
    error::BoxError,
};

use super::*;

/// Fails the call of one number, before it is sent or after it was answered.
#[derive(Debug)]
struct Crash {
    at: usize,
    after: bool,
    sent: AtomicUsize,
    answered: AtomicUsize,
}

impl Intercept for Crash {
    fn name(&self) -> &'static str {
        "crash"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let call = self.sent.fetch_add(1, Ordering::SeqCst);
        if !self.after && call == self.at { Err("crashed before the call".into()) } else { Ok(()) }
    }

    fn modify_before_completion(
        &self,
        _: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let call = self.answered.fetch_add(1, Ordering::SeqCst);
        if self.after && call == self.at { Err("crashed after the call".into()) } else { Ok(()) }
    }
}

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
    format!("{} v{} {:?} {:?} {told:?}", loaded.state().name(), loaded.version(), loaded.payment(), shop.books().await)
}

/// Over-paid, twice told, then refunded: many kinds of writes. Each notice is settled with one crash at most, then again.
async fn run(crash: Option<Arc<Crash>>) -> String {
    let mut shop = Shop::new().await;
    let clean = shop.ports.clone();
    let order = shop.order().await;
    let payment = shop.intent(order, "pi_1", TOTAL, Mode::PaymentIntent).await;
    shop.notice("evt_0", "refund.updated", refund_object("re_1", "pi_1", 300, "pending")).await;
    shop.world.clock().advance_seconds(1);
    shop.notice("evt_1", "payment_intent.succeeded", intent_object("pi_1", order, payment, TOTAL, TOTAL + 300)).await;
    if let Some(crash) = crash {
        let retry = RetryConfig::disabled();
        let config = shop.world.client().config().to_builder().retry_config(retry).interceptor(Shared(crash)).build();
        let dynamo = Dynamo::new(aws_sdk_dynamodb::Client::from_conf(config), shop.world.ambient());
        let crashing = ports(&shop.world, dynamo);
        for envelope in shop.waiting().await {
            let _: Result<(), Failure> = one(&crashing, envelope).await;
        }
    }
    shop.ports = clean;
    shop.settle().await;
    outcome(&shop, order).await
}

#[derive(Debug)]
struct Shared(Arc<Crash>);

impl Intercept for Shared {
    fn name(&self) -> &'static str {
        "crash"
    }
    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.read_before_transmit(context, components, bag)
    }
    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.modify_before_completion(context, components, bag)
    }
}

#[tokio::test]
async fn a_crash_around_any_store_call_changes_nothing_in_the_end() {
    let clean = run(None).await;
    assert!(clean.contains("on_hold"), "{clean}");
    let mut points = 0;
    for after in [false, true] {
        for at in 0.. {
            let crash = Arc::new(Crash { at, after, sent: AtomicUsize::new(0), answered: AtomicUsize::new(0) });
            let end = run(Some(Arc::clone(&crash))).await;
            if crash.sent.load(Ordering::SeqCst) <= at {
                break;
            }
            assert_eq!(end, clean, "crash {} call {at}", if after { "after" } else { "before" });
            points += 1;
        }
    }
    println!("settlement: {points} crash points visited");
    assert!(points > 10, "{points}");
}
