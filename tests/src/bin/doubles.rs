//! The outside world in a second terminal: payment providers, carriers, and a platform that shops by UCP and prints the
//! order webhooks that it gets.
//!
//! `cargo run --bin doubles` beside `cargo run`. Everything listens on loopback only.

#![expect(clippy::indexing_slicing, reason = "indexing JSON gives null")]

use tests::doubles::{
    agent::Agent,
    alipay::{Account as AlipayAccount, AlipayDouble},
    carrier::{CarrierDouble, Keys},
    stripe::StripeDouble,
    wechat_pay::{Account as WechatPayAccount, WechatPayDouble},
};

/// Where the local platform looks for Stripe (`StripeApiBase` in `samconfig.toml`).
const STRIPE_PORT: u16 = 8090;
/// Where the platform's profile and webhook are.
const AGENT_PORT: u16 = 8091;
/// Where the local platform looks for `WeChat` Pay (`WechatPayApiBase`).
const WECHAT_PAY_PORT: u16 = 8092;
/// Where the local platform looks for Alipay (`AlipayGatewayUrl`).
const ALIPAY_PORT: u16 = 8093;
/// Where carriers are told what to tell.
const CARRIER_PORT: u16 = 8094;
/// The webhook secret of `infra/local/secrets.dev.json`: public, for tests only.
const STRIPE_SECRET: &str = "whsec_dev_public_not_a_secret_0000000001";

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program for a terminal")]
async fn main() {
    let shop = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let stripe = StripeDouble::start(STRIPE_PORT, &format!("{shop}/webhooks/payments/stripe"), STRIPE_SECRET).await;
    let agent = Agent::start(AGENT_PORT, &shop, |webhook| {
        let signature = if webhook.verified {
            "signature verified"
        } else {
            "SIGNATURE DOES NOT VERIFY"
        };
        let events: Vec<_> = webhook.order["fulfillment"]["events"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        let last = events
            .last()
            .and_then(|event| event["type"].as_str())
            .unwrap_or("placed");
        println!(
            "{}  order {}  {last}  {signature}",
            webhook.timestamp,
            webhook.order["id"].as_str().unwrap_or("?")
        );
    })
    .await;
    let wechat_pay = WechatPayDouble::start(WECHAT_PAY_PORT, WechatPayAccount::dev()).await;
    let alipay = AlipayDouble::start(ALIPAY_PORT, AlipayAccount::dev()).await;
    let carriers = CarrierDouble::start(CARRIER_PORT, &shop, Keys::development()).await;
    println!("Shop      {shop}");
    println!(
        "Stripe    {0} (curl {0}/_double/pay -d '{{\"object\":\"pi_…\"}}'; refund, end_refund, dispute, end_dispute, plan)",
        stripe.url()
    );
    println!(
        "WeChat    {0} (curl {0}/_double/pay -d '{{\"out_trade_no\":\"…\"}}'; refund, end_refund, plan, answers)",
        wechat_pay.url()
    );
    println!(
        "Alipay    {0} (curl {0}/_double/pay -d '{{\"out_trade_no\":\"pay_…\"}}'; scan, finish, expire, refund, plan, answers)",
        alipay.url()
    );
    println!(
        "          each also: made, slow, down, fail, refuse, clock, bill, release, redeliver; notices: times, silent, held,"
    );
    println!(
        "          delay_ms, retries, out_of_order, at_once, forged, tampered, skew_s, wrong_amount, unknown_order"
    );
    println!(
        "Carriers  {0} (tell of a parcel when told: curl {0}/_double/tell -d '{{\"number\":\"SF…\",\"steps\":[\"picked_up\",\"delivered\"]}}')",
        carriers.url()
    );
    println!("Platform  {} (order webhooks are printed here)\n", agent.header());
    tokio::signal::ctrl_c().await.ok();
}
