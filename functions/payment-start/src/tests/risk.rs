//! What risk rules let start, hold and refuse.

use kernel::Actor;
use lambda_http::request::RequestContext;
use payments::{
    Intent, IntentState,
    risk::{Attempt, Dimension, Rules, Velocity, Verdict, Window},
};

use super::*;

const HOLD_ALL: &str = r#"{"name":"all","when":{"if":"amount_over","limits":{"CNY":0}},"then":"hold"}"#;

fn device_at_most(limit: u32) -> String {
    json!({
        "name": "device", "then": "refuse",
        "when": {"if": "count_over", "by": "device", "window": "hour", "limit": limit},
    })
    .to_string()
}

fn all(then: &str) -> String {
    HOLD_ALL.replace("hold", then)
}

impl Shop {
    async fn rule(&self, version: u64, rule: &str) {
        let rules = Rules {
            rules: serde_json::from_str(&format!("[{rule}]")).unwrap(),
            version,
        };
        let put = self.ports.payments.put_risk_rules(&rules, Actor::system("test"));
        assert_eq!(put.await.unwrap(), None);
    }

    async fn another(&self) -> Order {
        let ambient = self.world.ambient();
        let table = self.world.table("InventoryTable");
        let inventory = inventory::Inventory::new(self.world.dynamo(), self.world.outbox(), table);
        let placement = sample::placement(OrderId::generate(&ambient), ambient.now());
        sample::place(&self.ports.orders, &inventory, &ambient, placement).await
    }

    fn of_device(&self, provider: &str, mode: &str) -> Value {
        let mut body = self.body(mode);
        body["provider"] = json!(provider);
        body["device"] = json!("device-1");
        body
    }

    async fn pay(&self, key: &str, body: &Value) -> (u16, Value) {
        pay(&self.ports, self.order.id(), key, body).await
    }

    async fn counted(&self, dimension: Dimension, value: &str) -> Option<Velocity> {
        let attempt = Attempt::of(sample::cny(1)).by(dimension, Some(value));
        let seen = self.ports.payments.velocities(&attempt, self.world.now()).await;
        seen.unwrap().get(&(dimension, Window::Hour)).copied()
    }

    async fn intents(&self) -> Vec<Intent> {
        let money = self
            .ports
            .payments
            .order_money(self.order.id(), self.order.total())
            .await;
        money.unwrap().intents
    }

    async fn staff(&self, intent: &Intent, verdict: Verdict) {
        let by = (Actor::system("test"), self.world.now());
        let decided = self.ports.payments.review_parts(intent, verdict, by, None).await;
        let (_, parts) = decided.unwrap().unwrap();
        self.world.dynamo().commit(parts).await.unwrap();
    }

    async fn named(&self, name: &str) -> usize {
        let events = self.world.events().await.into_iter();
        events.filter(|event| event.name == name).count()
    }
}

/// Over the gateway, from an address.
async fn pay(ports: &Ports<Arc<FakeStripe>>, order: OrderId, key: &str, body: &Value) -> (u16, Value) {
    let context = json!({
        "routeKey": "POST /v1/orders/{id}/payments", "requestId": "r1", "accountId": "1", "stage": "$default",
        "timeEpoch": 0, "apiId": "a",
        "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "t"},
    });
    let parameters = HashMap::from([("id".to_owned(), vec![order.to_string()])]);
    let request = http::Request::builder()
        .method("POST")
        .uri("/v1/orders/x/payments")
        .header("Idempotency-Key", key)
        .body(Body::Text(body.to_string()))
        .unwrap()
        .with_request_context(RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap()))
        .with_path_parameters(parameters);
    let response = handle(ports, request).await;
    let Body::Text(text) = response.body() else {
        panic!("no body")
    };
    (response.status().as_u16(), serde_json::from_str(text).unwrap())
}

#[tokio::test]
async fn what_no_rule_speaks_of_starts_and_is_counted_once() {
    let shop = Shop::new().await;
    let body = shop.of_device("stripe", "payment_intent");
    shop.fail(&[Fail::Lost, Fail::Lost]);
    assert_eq!(shop.pay("k1", &body).await.0, 502);
    for key in ["k1", "k1", "k2"] {
        assert_eq!(shop.pay(key, &body).await.0, 201);
    }
    let once = Some(Velocity {
        count: 1,
        amount: 5_200,
    });
    let customer = shop.order.customer().unwrap().to_string();
    assert_eq!(shop.counted(Dimension::Customer, &customer).await, once);
    assert_eq!(shop.counted(Dimension::Device, "device-1").await, once);
    assert_eq!(
        shop.counted(Dimension::Address, "203.0.113.7").await,
        None,
        "no rule looks at it"
    );
    let [intent] = &shop.intents().await[..] else {
        panic!("one try")
    };
    assert!(!intent.step_up);
    let items = shop.world.items("PaymentsTable").await;
    assert!(!json!(items).to_string().contains("device-1"));
}

#[tokio::test]
async fn equal_requests_at_once_count_once() {
    let shop = Shop::new().await;
    let body = shop.of_device("stripe", "payment_intent");
    let posts: Vec<_> = (0..6)
        .map(|_| {
            let (ports, order, body) = (shop.ports.clone(), shop.order.id(), body.clone());
            tokio::spawn(async move { pay(&ports, order, "k1", &body).await.0 })
        })
        .collect();
    for post in posts {
        assert!([201, 409].contains(&post.await.unwrap()));
    }
    let counted = shop.counted(Dimension::Device, "device-1").await;
    assert_eq!(counted.map(|velocity| velocity.count), Some(1));
}

#[tokio::test]
async fn a_payer_proves_more_at_stripe_and_is_held_elsewhere() {
    let shop = Shop::new().await;
    shop.rule(1, &all("step_up")).await;
    let stripe = shop.pay("k1", &shop.of_device("stripe", "payment_intent")).await;
    assert_eq!(stripe.0, 201, "{stripe:?}");
    assert!(shop.intents().await[0].step_up);
    let alipay = shop.pay("k2", &shop.of_device("alipay", "page")).await;
    assert_eq!(
        (alipay.0, alipay.1["code"].as_str()),
        (409, Some("payment-under-review"))
    );
    let intents = shop.intents().await;
    let held = intents.iter().find(|intent| intent.held_by().is_some()).unwrap();
    assert_eq!((held.provider, held.step_up), (payments::Provider::Alipay, false));
}

#[tokio::test]
async fn what_is_held_waits_for_staff_and_goes_on_with_the_same_request() {
    let shop = Shop::new().await;
    shop.rule(1, &format!("{HOLD_ALL},{}", device_at_most(9))).await;
    let body = shop.of_device("stripe", "payment_intent");
    let held = shop.pay("k1", &body).await;
    assert_eq!((held.0, held.1["code"].as_str()), (409, Some("payment-under-review")));
    // The same again, and with another key: the same answer, and nothing new.
    for key in ["k1", "k2", "k1"] {
        assert_eq!(shop.pay(key, &body).await, held);
    }
    assert_eq!((shop.made(), shop.named("payment.held").await), (0, 1));
    let timers = shop.world.items("TimersTable").await.into_iter();
    let polls = timers.filter(|item| item["pk"]["S"].as_str().unwrap().starts_with(POLL_TIMER));
    assert_eq!(polls.count(), 0);
    let mut other = body.clone();
    other["mode"] = json!("checkout_session");
    assert_eq!(shop.pay("k1", &other).await.0, 422);
    let [intent] = &shop.intents().await[..] else {
        panic!("one try")
    };
    assert_eq!(intent.held_by().unwrap(), ["all"]);
    let waiting = shop
        .ports
        .payments
        .reviews(&shop.world.now().day(), None)
        .await
        .unwrap();
    assert_eq!(waiting.items[0].intent, *intent);

    shop.staff(intent, Verdict::Approve).await;
    assert_eq!(shop.made(), 0);
    shop.world.clock().advance_seconds(60);
    let (status, answer) = shop.pay("k1", &body).await;
    assert_eq!((status, answer["client_secret"].as_str()), (201, Some("pi_1_secret")));
    assert_eq!(shop.pay("k1", &body).await, (201, answer));
    assert_eq!(shop.made(), 1);
    let sent = &shop.intents().await[0];
    assert!(sent.step_up && matches!(sent.state, IntentState::Open { .. }));
    let counted = shop.counted(Dimension::Device, "device-1").await.unwrap();
    assert_eq!(counted.count, 1);
    let timers = shop.world.items("TimersTable").await.into_iter();
    let mut polls = timers.filter(|item| item["pk"]["S"].as_str().unwrap().starts_with(POLL_TIMER));
    let due_ms = shop.world.now().plus_seconds(60).millis().to_string();
    assert_eq!(polls.next().unwrap()["due_ms"]["N"], due_ms);
}

#[tokio::test]
async fn what_staff_refuse_stays_refused_and_a_new_try_is_looked_at_anew() {
    let shop = Shop::new().await;
    shop.rule(1, HOLD_ALL).await;
    let body = shop.of_device("wechat_pay", "native");
    assert_eq!(shop.pay("k1", &body).await.0, 409);
    shop.staff(&shop.intents().await[0], Verdict::Refuse).await;
    for _ in 0..2 {
        let (status, answer) = shop.pay("k1", &body).await;
        assert_eq!(
            (status, answer["code"].as_str()),
            (403, Some("payment-refused-by-risk"))
        );
    }
    assert_eq!(shop.pay("k2", &body).await.0, 409);
    assert_eq!((shop.intents().await.len(), shop.named("payment.held").await), (2, 2));
    assert!(shop.stripe.wechat_pay.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_approved_payment_of_an_order_that_waits_no_more_does_not_start() {
    let shop = Shop::new().await;
    shop.rule(1, HOLD_ALL).await;
    let body = shop.of_device("alipay", "page");
    assert_eq!(shop.pay("k1", &body).await.0, 409);
    shop.staff(&shop.intents().await[0], Verdict::Approve).await;
    shop.world.clock().advance_seconds(1_800);
    let (status, answer) = shop.pay("k1", &body).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("state-conflict")));
}

#[tokio::test]
async fn cash_that_is_held_confirms_nothing_before_staff_say_so() {
    let shop = Shop::new().await;
    shop.rule(1, &all("step_up")).await;
    let body = shop.of_device("cash_on_delivery", "cash");
    assert_eq!(shop.pay("k1", &body).await.0, 409);
    assert_eq!(shop.named("order.confirmed").await, 0);
    shop.staff(&shop.intents().await[0], Verdict::Approve).await;
    assert_eq!(shop.pay("k1", &body).await.0, 201);
    assert_eq!(shop.pay("k1", &body).await.0, 201);
    assert_eq!(shop.named("order.confirmed").await, 1);
}

#[tokio::test]
async fn what_is_refused_leaves_no_trace_and_does_not_say_which_rule() {
    let shop = Shop::new().await;
    shop.rule(1, &all("refuse").replace("\"all\"", "\"secret-name\"")).await;
    let before = shop.world.items("PaymentsTable").await.len();
    let (status, answer) = shop.pay("k1", &shop.of_device("stripe", "payment_intent")).await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (403, Some("payment-refused-by-risk"))
    );
    assert!(!answer.to_string().contains("secret-name"), "{answer}");
    assert_eq!(shop.world.items("PaymentsTable").await.len(), before);
    assert_eq!(shop.made(), 0);
}

#[tokio::test]
async fn rules_that_change_take_effect_at_once() {
    let shop = Shop::new().await;
    let body = shop.of_device("stripe", "payment_intent");
    shop.rule(1, &all("refuse")).await;
    assert_eq!(shop.pay("k1", &body).await.0, 403);
    shop.rule(2, &all("hold")).await;
    assert_eq!(shop.pay("k1", &body).await.0, 409);
    // What is held stays so; another try is looked at by the rules of now.
    shop.rule(3, &all("pass")).await;
    assert_eq!(shop.pay("k1", &body).await.0, 409);
    let page = shop.of_device("stripe", "checkout_session");
    assert_eq!(shop.pay("k3", &page).await.0, 201);
}

/// Payers of one device, each with an order of their own, all at once: exactly as many start as the rule allows, whatever
/// each of them read before.
#[tokio::test]
async fn no_burst_of_starts_passes_a_limit_that_refuses() {
    const ALLOWED: u32 = 3;
    let shop = Shop::new().await;
    shop.rule(1, &device_at_most(ALLOWED)).await;
    let body = shop.of_device("stripe", "payment_intent");
    let mut orders = Vec::new();
    for _ in 0..10 {
        orders.push(shop.another().await.id());
    }
    let mut waiting = orders;
    let mut started = 0;
    // One that lost every race is told to try again, and does.
    for _ in 0..20 {
        let posts: Vec<_> = std::mem::take(&mut waiting)
            .into_iter()
            .map(|order| {
                let (ports, body) = (shop.ports.clone(), body.clone());
                tokio::spawn(async move { (order, pay(&ports, order, "k1", &body).await.0) })
            })
            .collect();
        for post in posts {
            match post.await.unwrap() {
                (_, 201) => started += 1,
                (_, 403) => {}
                (order, 409 | 503) => waiting.push(order),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!((started, waiting), (ALLOWED, Vec::new()));
    let counted = shop.counted(Dimension::Device, "device-1").await.unwrap();
    assert_eq!((counted.count, shop.made()), (ALLOWED, 3));
}

#[tokio::test]
async fn a_device_has_a_plain_name_or_none() {
    let shop = Shop::new().await;
    for bad in [String::new(), "a b".to_owned(), "#".to_owned(), "d".repeat(129)] {
        let mut body = shop.of_device("stripe", "payment_intent");
        body["device"] = json!(bad);
        let (status, answer) = shop.pay("k1", &body).await;
        assert_eq!(
            (status, &answer["errors"][0]["pointer"]),
            (422, &json!("/device")),
            "{bad}"
        );
    }
    assert_eq!(shop.pay("k1", &shop.body("payment_intent")).await.0, 201);
}
