//! The calls to the providers.

use payments::provider::{
    Gateways, Provider,
    alipay::{Addresses, Alipay, Application},
    stripe::{Returns, Stripe},
    wechat_pay::{Merchant, Site, WechatPay},
};
use runtime::{ConfigError, Host, WebClient};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    inbound::{alipay_notices, wechat_pay_notices},
    providers, shape,
};

const STRIPE: &str = "STRIPE_KEY_SECRET";
const WECHAT_PAY: &str = "WECHAT_PAY_MERCHANT_SECRET";
const ALIPAY: &str = "ALIPAY_APPLICATION_SECRET";

#[derive(Deserialize)]
struct StripeKey {
    secret_key: String,
}

/// Every provider that is named, ready to be called.
///
/// # Errors
///
/// When a variable or a secret is missing or malformed.
pub async fn gateways(host: &Host) -> Result<Gateways<WebClient>, ConfigError> {
    let mut gateways = Gateways::default();
    for provider in providers(host)? {
        gateways = match provider {
            Provider::Stripe => gateways.with_stripe(stripe(host).await?),
            Provider::WechatPay => gateways.with_wechat_pay(wechat_pay(host).await?),
            Provider::Alipay => gateways.with_alipay(alipay(host).await?),
            Provider::CashOnDelivery => gateways.with_cash_on_delivery(),
            Provider::Instant => gateways,
        };
    }
    Ok(gateways)
}

async fn stripe(host: &Host) -> Result<Stripe<WebClient>, ConfigError> {
    let mut environment = host.environment();
    let base = environment.required("STRIPE_API_BASE");
    let returns = Returns {
        success_url: returns(&environment.required("STOREFRONT_URL"), "paid"),
        cancel_url: returns(&environment.required("STOREFRONT_URL"), "unpaid"),
    };
    environment.finish()?;
    let secret = host.secret(STRIPE).await?;
    let key: StripeKey =
        serde_json::from_str(secret.expose_secret()).map_err(|_| shape(STRIPE, r#"not {"secret_key":"…"}"#))?;
    let key = SecretString::from(key.secret_key);
    Ok(Stripe::new(host.web_client(), base, key, returns))
}

async fn wechat_pay(host: &Host) -> Result<WechatPay<WebClient>, ConfigError> {
    let mut environment = host.environment();
    let site = Site {
        base: environment.required("WECHAT_PAY_API_BASE"),
        notify_url: webhook(&environment.required("PUBLIC_URL"), Provider::WechatPay),
    };
    environment.finish()?;
    let secret = host.secret(WECHAT_PAY).await?;
    let merchant = Merchant::parse(&secret).map_err(|error| shape(WECHAT_PAY, error))?;
    let notices = wechat_pay_notices(host).await?;
    WechatPay::new(host.web_client(), site, merchant, notices, host.ambient()).map_err(|error| shape(WECHAT_PAY, error))
}

async fn alipay(host: &Host) -> Result<Alipay<WebClient>, ConfigError> {
    let mut environment = host.environment();
    let addresses = Addresses {
        gateway_url: environment.required("ALIPAY_GATEWAY_URL"),
        notify_url: webhook(&environment.required("PUBLIC_URL"), Provider::Alipay),
        return_url: returns(&environment.required("STOREFRONT_URL"), "paid"),
    };
    environment.finish()?;
    let secret = host.secret(ALIPAY).await?;
    let application = Application::parse(&secret).map_err(|error| shape(ALIPAY, error))?;
    let notices = alipay_notices(host).await?;
    Ok(Alipay::new(
        host.web_client(),
        application,
        notices,
        addresses,
        host.ambient(),
    ))
}

/// Where a provider sends its notices: no query, as `WeChat` Pay and Alipay want it.
pub(crate) fn webhook(public_url: &str, provider: Provider) -> String {
    format!("{}/webhooks/payments/{provider}", public_url.trim_end_matches('/'))
}

/// Where a provider sends the payer back to.
pub(crate) fn returns(storefront_url: &str, page: &str) -> String {
    format!("{}/orders/{page}", storefront_url.trim_end_matches('/'))
}
