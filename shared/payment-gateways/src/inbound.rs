//! The webhooks of the providers.

use payments::provider::{Ingresses, Provider, alipay, stripe, wechat_pay};
use runtime::{ConfigError, Host};

use crate::{providers, shape};

const STRIPE: &str = "STRIPE_WEBHOOK_SECRET";
pub(crate) const WECHAT_PAY: &str = "WECHAT_PAY_NOTICES_SECRET";
pub(crate) const ALIPAY: &str = "ALIPAY_NOTICES_SECRET";

/// The keys of every provider that is named.
///
/// # Errors
///
/// When a variable or a secret is missing or malformed.
pub async fn ingresses(host: &Host) -> Result<Ingresses, ConfigError> {
    let mut ingresses = Ingresses::default();
    for provider in providers(host)? {
        match provider {
            Provider::Stripe => {
                let secret = host.secret(STRIPE).await?;
                let secrets = stripe::Secrets::parse(&secret).map_err(|error| shape(STRIPE, error))?;
                ingresses.stripe = Some(secrets);
            }
            Provider::WechatPay => ingresses.wechat_pay = Some(wechat_pay_notices(host).await?),
            Provider::Alipay => ingresses.alipay = Some(alipay_notices(host).await?),
            // Nobody sends notices of them.
            Provider::CashOnDelivery | Provider::Instant => {}
        }
    }
    Ok(ingresses)
}

pub(crate) async fn wechat_pay_notices(host: &Host) -> Result<wechat_pay::Notices, ConfigError> {
    let secret = host.secret(WECHAT_PAY).await?;
    wechat_pay::Notices::parse(&secret).map_err(|error| shape(WECHAT_PAY, error))
}

pub(crate) async fn alipay_notices(host: &Host) -> Result<alipay::Notices, ConfigError> {
    let secret = host.secret(ALIPAY).await?;
    alipay::Notices::parse(&secret).map_err(|error| shape(ALIPAY, error))
}
