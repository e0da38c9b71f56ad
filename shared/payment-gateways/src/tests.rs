use std::collections::BTreeMap;

use super::*;
use crate::outbound::{returns, webhook};

fn host(variables: &[(&str, &str)]) -> Host {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Host::hosted(variables.collect::<BTreeMap<_, _>>())
}

#[test]
fn providers_are_named_one_by_one_and_nothing_else_is() {
    let named = |text: &str| providers(&host(&[("PAYMENT_PROVIDERS", text)]));
    assert_eq!(named("stripe").unwrap(), BTreeSet::from([Provider::Stripe]));
    assert_eq!(named("stripe, wechat_pay,alipay,cash_on_delivery").unwrap().len(), 4);
    for bad in ["paypal", "instant", "stripe,Stripe", ""] {
        assert!(named(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_is_not_named_is_absent_and_nothing_of_it_is_read() {
    // No address and no secret is given: reading any would fail.
    let host = host(&[("PAYMENT_PROVIDERS", "cash_on_delivery")]);
    let gateways = gateways(&host).await.unwrap();
    for provider in Provider::ALL {
        assert_eq!(gateways.offers(provider), provider == Provider::CashOnDelivery);
    }
    let ingresses = ingresses(&host).await.unwrap();
    assert!(
        Provider::ALL
            .into_iter()
            .all(|provider| ingresses.of(provider).is_none())
    );
}

#[tokio::test]
async fn what_is_named_has_to_be_configured() {
    for (provider, missing) in [
        ("stripe", "STRIPE_API_BASE"),
        ("wechat_pay", "WECHAT_PAY_API_BASE"),
        ("alipay", "ALIPAY_GATEWAY_URL"),
    ] {
        let host = host(&[("PAYMENT_PROVIDERS", provider)]);
        let error = gateways(&host).await.map(drop).unwrap_err().to_string();
        assert!(error.contains(missing), "{error}");
        let error = ingresses(&host).await.map(drop).unwrap_err().to_string();
        assert!(error.contains("_SECRET is not set"), "{error}");
    }
}

#[test]
fn addresses_have_no_double_slash_and_no_query() {
    assert_eq!(
        webhook("https://api.example/", Provider::WechatPay),
        "https://api.example/webhooks/payments/wechat_pay"
    );
    assert_eq!(
        returns("https://shop.example/", "paid"),
        "https://shop.example/orders/paid"
    );
}
