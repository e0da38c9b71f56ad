//! The webhooks that are configured here.

use super::{Ingress, Provider, alipay, stripe, wechat_pay};

/// Any provider's inbound half.
pub type Door = dyn Ingress + Send + Sync;

/// The inbound halves of the providers. One that is not configured has no webhook.
#[derive(Debug, Clone, Default)]
pub struct Ingresses {
    /// Signing secrets of our Stripe endpoint.
    pub stripe: Option<stripe::Secrets>,
    /// Keys of `WeChat` Pay's notices.
    pub wechat_pay: Option<wechat_pay::Notices>,
    /// Keys of Alipay's notices.
    pub alipay: Option<alipay::Notices>,
}

impl Ingresses {
    /// A provider's, where it has one here. Nobody sends notices of cash or of instant payments.
    pub fn of(&self, provider: Provider) -> Option<&Door> {
        match provider {
            Provider::Stripe => self.stripe.as_ref().map(door),
            Provider::WechatPay => self.wechat_pay.as_ref().map(door),
            Provider::Alipay => self.alipay.as_ref().map(door),
            Provider::CashOnDelivery | Provider::Instant => None,
        }
    }
}

fn door<I: Ingress + Send + Sync + 'static>(ingress: &I) -> &Door {
    ingress
}
