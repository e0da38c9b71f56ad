//! The providers that are configured here, behind one door: which of them a payment is with is looked at in one place.

use web::HttpClient;

use super::{
    CallError, Gateway, Payer, Provider, RefundOrder, StatementPage, alipay::Alipay, stripe::Stripe,
    wechat_pay::WechatPay,
};
use crate::{Intent, Reading, Started, door_code};

/// The outbound halves of the providers. One that is not configured can't be asked: [`CallError::Unsupported`].
#[derive(Debug, Clone)]
pub struct Gateways<C> {
    stripe: Option<Stripe<C>>,
    wechat_pay: Option<WechatPay<C>>,
    alipay: Option<Alipay<C>>,
    cash_on_delivery: bool,
}

impl<C> Default for Gateways<C> {
    /// None of them.
    fn default() -> Self {
        Self {
            stripe: None,
            wechat_pay: None,
            alipay: None,
            cash_on_delivery: false,
        }
    }
}

impl<C> Gateways<C> {
    /// With Stripe.
    #[must_use]
    pub fn with_stripe(self, stripe: Stripe<C>) -> Self {
        let stripe = Some(stripe);
        Self { stripe, ..self }
    }

    /// With `WeChat` Pay.
    #[must_use]
    pub fn with_wechat_pay(self, wechat_pay: WechatPay<C>) -> Self {
        let wechat_pay = Some(wechat_pay);
        Self { wechat_pay, ..self }
    }

    /// With Alipay.
    #[must_use]
    pub fn with_alipay(self, alipay: Alipay<C>) -> Self {
        let alipay = Some(alipay);
        Self { alipay, ..self }
    }

    /// With cash, which needs nobody to be asked.
    #[must_use]
    pub fn with_cash_on_delivery(self) -> Self {
        Self {
            cash_on_delivery: true,
            ..self
        }
    }

    /// Whether payments are taken through this provider.
    pub const fn offers(&self, provider: Provider) -> bool {
        match provider {
            Provider::Stripe => self.stripe.is_some(),
            Provider::WechatPay => self.wechat_pay.is_some(),
            Provider::Alipay => self.alipay.is_some(),
            Provider::CashOnDelivery => self.cash_on_delivery,
            // Checkout writes its payments, whole.
            Provider::Instant => false,
        }
    }
}

impl<C: HttpClient> Gateways<C> {
    /// See [`Gateway::start`]. Cash is due at the door: nobody is called, and the object is our payment's id.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn start(&self, intent: &Intent, payer: &Payer) -> Result<Started, CallError> {
        match intent.provider {
            Provider::Stripe => configured(self.stripe.as_ref())?.start(intent, payer).await,
            Provider::WechatPay => configured(self.wechat_pay.as_ref())?.start(intent, payer).await,
            Provider::Alipay => configured(self.alipay.as_ref())?.start(intent, payer).await,
            Provider::CashOnDelivery if self.cash_on_delivery => {
                let started = intent.own_object().map(|object| Started {
                    // What the buyer gives the courier in exchange for the parcel.
                    client_secret: Some(door_code(intent.id)),
                    ..Started::of(object)
                });
                started.ok_or(CallError::Misfit("id"))
            }
            Provider::CashOnDelivery | Provider::Instant => Err(CallError::Unsupported),
        }
    }

    /// See [`Gateway::query`]. Of cash, only the courier knows: nothing to tell.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn query(&self, intent: &Intent) -> Result<Reading, CallError> {
        match intent.provider {
            Provider::Stripe => configured(self.stripe.as_ref())?.query(intent).await,
            Provider::WechatPay => configured(self.wechat_pay.as_ref())?.query(intent).await,
            Provider::Alipay => configured(self.alipay.as_ref())?.query(intent).await,
            Provider::CashOnDelivery | Provider::Instant => Ok(intent.nothing_told()),
        }
    }

    /// See [`Gateway::refund`]. Cash goes back by hand.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn refund(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        match refund.intent.provider {
            Provider::Stripe => configured(self.stripe.as_ref())?.refund(refund).await,
            Provider::WechatPay => configured(self.wechat_pay.as_ref())?.refund(refund).await,
            Provider::Alipay => configured(self.alipay.as_ref())?.refund(refund).await,
            Provider::CashOnDelivery | Provider::Instant => Err(CallError::Unsupported),
        }
    }

    /// See [`Gateway::query_refund`].
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn query_refund(&self, refund: RefundOrder<'_>) -> Result<Reading, CallError> {
        match refund.intent.provider {
            Provider::Stripe => configured(self.stripe.as_ref())?.query_refund(refund).await,
            Provider::WechatPay => configured(self.wechat_pay.as_ref())?.query_refund(refund).await,
            Provider::Alipay => configured(self.alipay.as_ref())?.query_refund(refund).await,
            Provider::CashOnDelivery | Provider::Instant => Err(CallError::Unsupported),
        }
    }

    /// See [`Gateway::statement`]. Cash has none: the couriers' remittances are its statement.
    ///
    /// # Errors
    ///
    /// See [`CallError`].
    pub async fn statement(
        &self,
        provider: Provider,
        day: &str,
        after: Option<&str>,
    ) -> Result<StatementPage, CallError> {
        match provider {
            Provider::Stripe => configured(self.stripe.as_ref())?.statement(day, after).await,
            Provider::WechatPay => configured(self.wechat_pay.as_ref())?.statement(day, after).await,
            Provider::Alipay => configured(self.alipay.as_ref())?.statement(day, after).await,
            Provider::CashOnDelivery | Provider::Instant => Err(CallError::Unsupported),
        }
    }
}

fn configured<G>(gateway: Option<&G>) -> Result<&G, CallError> {
    gateway.ok_or(CallError::Unsupported)
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use kernel::{Id, Money, OrderId, PaymentId, Timestamp};
    use web::{Incoming, OutgoingRequest, SendError};

    use super::*;
    use crate::{IntentState, Mode};

    /// Nobody to call.
    struct Silent;

    impl HttpClient for Silent {
        async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
            panic!("{} was called", request.url)
        }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("waits"),
        }
    }

    fn intent(mode: Mode) -> Intent {
        let at = Timestamp::from_millis(1_775_640_600_000);
        Intent {
            id: PaymentId::from_parts(at, [1; 10]),
            order: OrderId::from_parts(at, [2; 10]),
            provider: mode.provider(),
            mode,
            amount: Money::new(100, "CNY".parse().unwrap()).unwrap(),
            livemode: false,
            fingerprint: String::new(),
            version: 1,
            pay_by: None,
            step_up: false,
            state: IntentState::Sending,
            created_at: at,
        }
    }

    #[test]
    fn cash_is_started_and_asked_about_without_a_call() {
        let gateways = Gateways::<Silent>::default().with_cash_on_delivery();
        let cash = intent(Mode::Cash);
        let started = run(gateways.start(&cash, &Payer::default())).unwrap();
        assert_eq!(started.object.as_str(), cash.id.to_string());
        assert_eq!(run(gateways.query(&cash)).unwrap().facts, vec![]);
    }

    #[test]
    fn a_provider_that_is_not_configured_cannot_be_asked() {
        let gateways = Gateways::<Silent>::default();
        for mode in [Mode::PaymentIntent, Mode::Native, Mode::Page, Mode::Cash, Mode::Instant] {
            let started = run(gateways.start(&intent(mode), &Payer::default()));
            assert_eq!(started, Err(CallError::Unsupported), "{mode:?}");
        }
        for provider in Provider::ALL {
            assert!(!gateways.offers(provider));
            let page = run(gateways.statement(provider, "2026-11-22", None));
            assert_eq!(page, Err(CallError::Unsupported), "{provider}");
        }
    }
}
