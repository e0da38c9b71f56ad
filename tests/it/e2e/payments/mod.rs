//! Payments through the running platform and the real gateways, against doubles of their providers.

mod alipay;
mod cash;
mod disputes;
mod escrow;
mod late;
mod odd;
mod reconciliation;
mod refunds;
mod silent;
mod stripe;
mod tables;
mod wechat_pay;

use serde_json::{Value, json};
use tests::doubles::{
    stripe::{Delivery, Pay as StripePay, Telling},
    wechat_pay::Pay as WechatPayPay,
};

use super::Stage;

/// What an order of one unit costs without its freight, in fen.
const PRICE: i64 = 1_000;
/// The providers that doubles stand for, with one of their modes.
const PROVIDERS: [(&str, &str); 3] = [("stripe", "payment_intent"), ("wechat_pay", "native"), ("alipay", "qr")];

/// An order whose payment was started.
struct Started {
    order: String,
    provider: &'static str,
    /// The whole answer.
    answer: Value,
}

impl Started {
    /// The provider's payment.
    fn object(&self) -> &str {
        self.answer["provider_payment_id"].as_str().unwrap()
    }

    fn amount(&self) -> i64 {
        self.answer["amount"].as_i64().unwrap()
    }
}

/// Places an order of so many units, and starts its payment.
async fn start_some(stage: &Stage, (provider, mode): (&'static str, &str), quantity: u32, more: &Value) -> Started {
    let variant = stage.goods("Paid goods", quantity).await;
    let (session, order) = stage.shop.place(&[(&variant, quantity)]).await;
    let asked = stage.shop.ask_for_payment((&session, &order), (provider, mode), more);
    let answer = asked.await.expect(201);
    Started {
        order,
        provider,
        answer,
    }
}

/// Places an order of one unit, and starts its payment.
async fn start(stage: &Stage, how: (&'static str, &str)) -> Started {
    start_some(stage, how, 1, &json!({})).await
}

/// Pays what was started at the provider's double.
async fn pay(stage: &Stage, started: &Started, telling: Telling) -> Vec<Delivery> {
    let object = started.object();
    match started.provider {
        "stripe" => {
            let pay = StripePay::exactly(object);
            stage.stripe.pay(&StripePay { telling, ..pay }).await
        }
        "wechat_pay" => {
            let pay = WechatPayPay::exactly(object);
            stage.wechat_pay.pay(&WechatPayPay { telling, ..pay }).await.unwrap()
        }
        _ => stage.alipay.pay(object, &telling).await.unwrap(),
    }
}

/// Sends a provider's every notice once more, as it should have been sent.
async fn redeliver(stage: &Stage, provider: &str) -> Vec<Delivery> {
    match provider {
        "stripe" => stage.stripe.redeliver().await,
        "wechat_pay" => stage.wechat_pay.redeliver().await,
        _ => stage.alipay.redeliver().await,
    }
}

/// An order of so many units that is paid, and told so.
async fn paid(stage: &Stage, how: (&'static str, &str), quantity: u32) -> Started {
    let started = start_some(stage, how, quantity, &json!({})).await;
    pay(stage, &started, Telling::default()).await;
    is_paid(stage, &started).await;
    started
}

/// The order is paid with exactly what was asked, by one fact.
async fn is_paid(stage: &Stage, started: &Started) -> Value {
    let money = stage
        .shop
        .until_money(&started.order, |money| money["status"] == "paid")
        .await;
    assert_eq!(money["captured"]["amount"], started.amount(), "{money}");
    let captures = money["facts"].as_array().unwrap().iter();
    let captures = captures.filter(|told| told["fact"]["is"] == "captured");
    assert_eq!(captures.count(), 1, "{money}");
    assert_eq!(stage.shop.order(&started.order).await["state"]["name"], "confirmed");
    money
}

fn accepted(told: &[Delivery]) -> bool {
    told.iter().all(|delivery| delivery.accepted)
}

/// Why cases of today wait for a person, and what they are about, sorted.
async fn cases(stage: &Stage) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let page = stage.shop.staff.get("/v1/payments/cases").await.expect(200);
    let cases = page["items"].as_array().unwrap().iter();
    let mut cases: Vec<_> = cases.map(|case| (text(&case["why"]), text(&case["of"]))).collect();
    cases.sort();
    cases
}
