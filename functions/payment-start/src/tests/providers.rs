//! The other providers, each in its modes.

use super::*;

pub(super) const WECHAT_PAY: &str = "http://wechat";
const SECRETS: &str = include_str!("../../../../infra/local/secrets.dev.json");
const KEYS: &str = include_str!("../../../../tests/fixtures/payment-keys.dev.json");

fn secret(name: &str) -> SecretString {
    let all: Value = serde_json::from_str(SECRETS).unwrap();
    SecretString::from(all[name].to_string())
}

/// Every provider but Stripe.
pub(super) fn all(client: &Arc<FakeStripe>) -> Gateways<Arc<FakeStripe>> {
    let wechat_pay = WechatPay::new(
        Arc::clone(client),
        Site {
            base: WECHAT_PAY.to_owned(),
            notify_url: "https://api/webhooks/payments/wechat_pay".to_owned(),
        },
        Merchant::parse(&secret("WechatPayMerchant")).unwrap(),
        wechat_pay::Notices::parse(&secret("WechatPayNotices")).unwrap(),
        client.ambient.clone(),
    );
    let alipay = Alipay::new(
        Arc::clone(client),
        Application::parse(&secret("AlipayApplication")).unwrap(),
        alipay::Notices::parse(&secret("AlipayNotices")).unwrap(),
        alipay::Addresses {
            gateway_url: "http://alipay/gateway.do".to_owned(),
            notify_url: "https://api/webhooks/payments/alipay".to_owned(),
            return_url: "https://s/ok".to_owned(),
        },
        client.ambient.clone(),
    );
    Gateways::default()
        .with_wechat_pay(wechat_pay.unwrap())
        .with_alipay(alipay)
        .with_cash_on_delivery()
}

/// `WeChat` Pay's answer, signed.
pub(super) fn answer(client: &FakeStripe, path: &str, body: &[u8]) -> Incoming {
    let asked: Value = serde_json::from_slice(body).unwrap();
    client.wechat_pay.lock().unwrap().push((path.to_owned(), asked));
    let body = match path.rsplit('/').next() {
        Some("native") => json!({"code_url": "weixin://wxpay/bizpayurl?pr=1"}),
        Some("jsapi") => json!({"prepay_id": "wx201410272009395522657a690389285100"}),
        _ => json!({"h5_url": "https://wx.example/h5"}),
    };
    let body = body.to_string();
    let (time, nonce) = (client.ambient.now().seconds(), "593BEC0C930BF1AFEB40B4A08C8FB242");
    let keys: Value = serde_json::from_str(KEYS).unwrap();
    let key = PrivateKey::parse(keys["wechat_platform"]["private_key"].as_str().unwrap()).unwrap();
    let signature = key.sign(format!("{time}\n{nonce}\n{body}\n").as_bytes()).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("wechatpay-timestamp", time.to_string()),
        ("wechatpay-nonce", nonce.to_owned()),
        ("wechatpay-signature", signature),
        (
            "wechatpay-serial",
            keys["wechat_platform"]["serial"].as_str().unwrap().to_owned(),
        ),
        ("wechatpay-signature-type", "WECHATPAY2-SHA256-RSA2048".to_owned()),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    Incoming {
        status: 200,
        headers,
        body: Bytes::from(body),
    }
}

impl Shop {
    fn with(&self, provider: &str, mode: &str) -> Value {
        let mut body = self.body(mode);
        body["provider"] = json!(provider);
        body
    }

    async fn rows(&self, table: &str, entity: &str) -> Vec<Value> {
        let items = self.world.items(table).await.into_iter();
        items.filter(|item| item["entity"]["S"] == entity).collect()
    }
}

#[tokio::test]
async fn a_payer_scans_a_code_and_the_object_is_known_before_the_provider_is_asked() {
    let shop = Shop::new().await;
    let (status, answer) = shop.post(Some("k1"), &shop.with("wechat_pay", "native")).await;
    assert_eq!(
        (status, answer["qr_code"].as_str()),
        (201, Some("weixin://wxpay/bizpayurl?pr=1"))
    );
    let payment = answer["payment_id"].as_str().unwrap();
    let object = answer["provider_payment_id"].as_str().unwrap();
    assert_eq!(object, &payment[4..]);
    let asked = shop.stripe.wechat_pay.lock().unwrap().clone();
    assert_eq!(asked[0].1["out_trade_no"], object);
    // The order waits half an hour, and so does the provider: 2026-04-08T10:00:00Z.
    assert_eq!(asked[0].1["time_expire"], "2026-04-08T18:00:00+08:00");
    let links = shop.rows("PaymentsTable", "payment-object").await;
    assert_eq!(links.len(), 1);
    assert_eq!(links[0]["pk"]["S"], format!("object#wechat_pay#{object}"));
    let named = object.parse().unwrap();
    let known = shop.ports.payments.link(payments::Provider::WechatPay, &named).await;
    let owner = known.unwrap().owner.unwrap();
    assert_eq!((owner.0, owner.1.to_string()), (shop.order.id(), payment.to_owned()));
    assert_eq!(
        shop.post(Some("k1"), &shop.with("wechat_pay", "native")).await,
        (201, answer)
    );
    assert_eq!(shop.stripe.wechat_pay.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_application_is_opened_for_its_payer_alone() {
    let shop = Shop::new().await;
    let of = |openid: &str| {
        let mut body = shop.with("wechat_pay", "jsapi");
        body["openid"] = json!(openid);
        body
    };
    let (status, first) = shop.post(Some("k1"), &of("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")).await;
    assert_eq!(status, 201);
    assert_eq!(first["application"]["signType"], "RSA");
    assert_eq!(
        first["application"]["package"],
        "prepay_id=wx201410272009395522657a690389285100"
    );
    let asked = shop.stripe.wechat_pay.lock().unwrap()[0].1.clone();
    assert_eq!(asked["payer"]["openid"], "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    // The same payer again gets the same; another payer gets a payment of their own.
    assert_eq!(
        shop.post(Some("k2"), &of("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")).await.1,
        first
    );
    let (status, second) = shop.post(Some("k3"), &of("somebody_else")).await;
    assert_eq!(status, 201);
    assert_ne!(second["payment_id"], first["payment_id"]);
}

#[tokio::test]
async fn the_payers_id_belongs_to_its_mode_and_to_no_other() {
    let shop = Shop::new().await;
    for (mode, openid) in [
        ("jsapi", Value::Null),
        ("jsapi", json!("")),
        ("jsapi", json!("a b")),
        ("native", json!("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")),
    ] {
        let mut body = shop.with("wechat_pay", mode);
        body["openid"] = openid;
        let (status, problem) = shop.post(Some("k1"), &body).await;
        assert_eq!(status, 422, "{body}: {problem}");
    }
    assert!(shop.stripe.wechat_pay.lock().unwrap().is_empty());
}

/// The requests of these tests come from nowhere: a phone's browser needs the payer's address.
#[tokio::test]
async fn what_a_provider_cannot_be_asked_is_refused_for_good() {
    let shop = Shop::new().await;
    let body = shop.with("wechat_pay", "h5");
    for _ in 0..2 {
        let (status, problem) = shop.post(Some("k1"), &body).await;
        assert_eq!((status, problem["provider_code"].as_str()), (422, Some("unsupported")));
    }
}

#[tokio::test]
async fn a_page_of_alipay_is_a_signed_address() {
    let shop = Shop::new().await;
    let (status, answer) = shop.post(Some("k1"), &shop.with("alipay", "page")).await;
    assert_eq!(status, 201);
    assert!(answer["url"].as_str().unwrap().starts_with("http://alipay/gateway.do?"));
    assert_eq!(answer["provider_payment_id"], answer["payment_id"]);
    assert_eq!(shop.rows("PaymentsTable", "payment-object").await.len(), 1);
}

#[tokio::test]
async fn cash_asks_nobody_and_is_not_asked_about() {
    let shop = Shop::new().await;
    let before = shop.rows("TimersTable", "timer").await.len();
    let (status, answer) = shop.post(Some("k1"), &shop.with("cash_on_delivery", "cash")).await;
    assert_eq!((status, &answer["amount"]), (201, &json!(5_200)));
    assert_eq!(answer["provider_payment_id"], answer["payment_id"]);
    assert_eq!(shop.rows("PaymentsTable", "payment-object").await.len(), 1);
    assert_eq!(shop.rows("TimersTable", "timer").await.len(), before);
    assert_eq!(shop.made(), 0);
}

#[tokio::test]
async fn cash_confirms_the_order_once_and_gives_the_buyer_a_code_for_the_door() {
    let shop = Shop::new().await;
    let body = shop.with("cash_on_delivery", "cash");
    let first = shop.post(Some("k1"), &body).await;
    assert_eq!((first.0, first.1["client_secret"].as_str().unwrap().len()), (201, 6));
    assert_eq!(shop.post(Some("k1"), &body).await, first);
    assert_eq!(shop.post(Some("k2"), &body).await.0, 409);
    let order = shop.ports.orders.get(shop.order.id()).await.unwrap().unwrap();
    assert_eq!(
        (order.state().name().as_str(), order.on_delivery()),
        ("confirmed", true)
    );
    let events = shop.world.events().await.into_iter();
    assert_eq!(events.filter(|event| event.name == "order.confirmed").count(), 1);
}

#[tokio::test]
async fn a_payment_is_asked_about_from_a_minute_on_even_when_its_start_died() {
    let shop = Shop::new().await;
    shop.fail(&[Fail::Lost, Fail::Lost]);
    assert_eq!(shop.post(Some("k1"), &shop.body("payment_intent")).await.0, 502);
    assert_eq!(shop.post(Some("k1"), &shop.body("payment_intent")).await.0, 201);
    let timers = shop.rows("TimersTable", "timer").await;
    let polls: Vec<_> = timers
        .iter()
        .filter(|item| item["pk"]["S"].as_str().unwrap().starts_with(POLL_TIMER))
        .collect();
    assert_eq!(polls.len(), 1);
    let entity = polls[0]["entity_id"]["S"].as_str().unwrap();
    let poll: Poll = entity.parse().unwrap();
    assert_eq!((poll.order, poll.attempt), (shop.order.id(), 0));
    let due_ms = shop.world.now().plus_seconds(60).millis().to_string();
    assert_eq!(polls[0]["due_ms"]["N"], due_ms);
}

#[tokio::test]
async fn a_provider_is_asked_only_in_its_own_modes_and_only_where_it_is_configured() {
    let mut shop = Shop::new().await;
    for (provider, mode) in [
        ("wechat_pay", "page"),
        ("alipay", "native"),
        ("cash_on_delivery", "payment_intent"),
    ] {
        assert_eq!(shop.post(Some("k1"), &shop.with(provider, mode)).await.0, 422);
    }
    shop.ports.gateways = Gateways::default();
    for (provider, mode) in [
        ("stripe", "payment_intent"),
        ("wechat_pay", "native"),
        ("alipay", "page"),
        ("cash_on_delivery", "cash"),
    ] {
        let (status, problem) = shop.post(Some("k1"), &shop.with(provider, mode)).await;
        assert_eq!(status, 422, "{problem}");
    }
    assert_eq!(shop.rows("PaymentsTable", "payment-intent").await.len(), 0);
}
