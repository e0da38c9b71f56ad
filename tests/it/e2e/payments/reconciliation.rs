//! The books against the providers' statements, the morning after.

use serde_json::{Value, json};
use tests::doubles::{stripe::Telling, support::Added};

use super::{
    PRICE, PROVIDERS, Stage, Started, paid,
    tables::{DAY_S, day, let_a_night_go_by, now_ms},
};

/// The function that compares.
const FUNCTION: &str = "PaymentReconciliationFunction";

/// What happens at the providers from now on happened so many seconds ago.
fn set_clocks_back(stage: &Stage, by_s: i64) {
    stage.stripe.control().clock(-by_s);
    stage.wechat_pay.control().clock(-by_s);
    stage.alipay.control().clock(-by_s);
}

/// Yesterday's orders: so many through each provider, the first of them with a unit given back.
async fn yesterday(stage: &Stage, each: usize) -> Vec<Vec<Started>> {
    set_clocks_back(stage, DAY_S);
    let mut all = Vec::new();
    for how in PROVIDERS {
        let mut orders = Vec::new();
        for _ in 0..each {
            orders.push(paid(stage, how, 2).await);
        }
        let order = &orders[0].order;
        let line = stage.shop.order(order).await["lines"][0]["id"].clone();
        let unit = json!({"lines": [{"line_id": line, "quantity": 1}], "reason": "returned"});
        let version = stage.shop.money(order).await["version"].clone();
        stage
            .shop
            .refund(&stage.shop.staff, order, &version, &unit)
            .await
            .expect(201);
        let settled = |money: &Value| money["refunds"][0]["progress"] == "settled";
        stage.shop.until_money(order, settled).await;
        all.push(orders);
    }
    stage.settle().await;
    set_clocks_back(stage, 0);
    let_a_night_go_by(stage).await;
    all
}

/// Differences of all days that are compared: why, what, and the amounts here and there; sorted.
async fn differences(stage: &Stage) -> Vec<(String, String, Value, Value)> {
    let mut found = Vec::new();
    for before in 0..4 {
        let path = format!("/v1/payments/cases?day={}", day(before));
        let page = stage.shop.staff.get(&path).await.expect(200);
        found.extend(page["items"].as_array().unwrap().iter().map(|case| {
            let text = |name: &str| case[name].as_str().unwrap().to_owned();
            let amount = |name: &str| case[name]["amount"].clone();
            (text("why"), text("of"), amount("here"), amount("there"))
        }));
    }
    found.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn books_that_agree_with_every_statement_are_no_case() {
    let stage = Stage::set().await;
    yesterday(&stage, 1).await;
    for run in 0..2 {
        let answer = stage.fire(FUNCTION).await;
        assert_eq!(
            (&answer["differences"], &answer["failed"]),
            (&json!(0), &json!(0)),
            "{answer}"
        );
        // A payment and a refund of each provider; the second run has nothing to do.
        let rows = if run == 0 { 2 * PROVIDERS.len() } else { 0 };
        assert_eq!(answer["rows"], rows, "{answer}");
        stage.settle().await;
    }
    assert_eq!(differences(&stage).await, []);
    // Fees are booked, once.
    let fees = "/v1/ledger/accounts/fees/balance?currency=CNY";
    let fees = stage.shop.staff.get(fees).await.expect(200)["balance"]["amount"].as_i64();
    assert!(fees.unwrap() > 0, "{fees:?}");
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_statement_says_otherwise_is_one_case_each_however_often_it_is_compared() {
    let stage = Stage::set().await;
    let all = yesterday(&stage, 3).await;
    let at = now_ms() / 1_000 - DAY_S;
    let mut planted = Vec::new();
    for (nth, orders) in all.iter().enumerate() {
        let [honest, missing, other] = orders.as_slice() else {
            panic!("three orders of each provider");
        };
        assert_eq!(honest.provider, PROVIDERS[nth].0);
        let amount = other.amount();
        let stranger = ["pi_nobodys", "00000000000000000000000000000abc", "pay_nobodys"][nth];
        let mut control = match honest.provider {
            "stripe" => stage.stripe.control(),
            "wechat_pay" => stage.wechat_pay.control(),
            _ => stage.alipay.control(),
        };
        control
            .bill()
            .forgets(missing.object())
            .says(other.object(), amount + 7)
            .invents(Added {
                number: stranger.to_owned(),
                refund: None,
                amount: PRICE,
                at,
            });
        let case = |why: &str, of: &str, here: Value, there: Value| (why.to_owned(), of.to_owned(), here, there);
        planted.push(case(
            "missing_there",
            missing.object(),
            json!(missing.amount()),
            Value::Null,
        ));
        planted.push(case("amount_differs", other.object(), json!(amount), json!(amount + 7)));
        planted.push(case("missing_here", stranger, Value::Null, json!(PRICE)));
    }
    planted.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    for run in 0..3 {
        let answer = stage.fire(FUNCTION).await;
        let new = if run == 0 { planted.len() } else { 0 };
        assert_eq!(
            (&answer["differences"], &answer["failed"]),
            (&json!(new), &json!(0)),
            "{answer}"
        );
        stage.settle().await;
        assert_eq!(differences(&stage).await, planted);
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_only_the_statement_tells_of_is_a_case_and_is_booked() {
    let stage = Stage::set().await;
    set_clocks_back(&stage, DAY_S);
    let mut silent = Vec::new();
    for how in PROVIDERS {
        let started = super::start(&stage, how).await;
        super::pay(&stage, &started, Telling::silent()).await;
        silent.push(started);
    }
    set_clocks_back(&stage, 0);
    let_a_night_go_by(&stage).await;
    let answer = stage.fire(FUNCTION).await;
    assert_eq!(
        (&answer["differences"], &answer["failed"]),
        (&json!(3), &json!(0)),
        "{answer}"
    );
    stage.settle().await;
    for started in &silent {
        super::is_paid(&stage, started).await;
    }
    let why: Vec<_> = differences(&stage).await.into_iter().map(|case| case.0).collect();
    assert_eq!(why, ["missing_here"; 3]);
    stage.audit().await;
}
