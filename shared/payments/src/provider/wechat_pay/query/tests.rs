use serde_json::json;

use super::{
    super::{
        super::Gateway,
        testing::{cny, gateway, intent, number, order, payment, reply, run, transaction, unsigned},
    },
    *,
};
use crate::Mode;

fn query(status: u16, answer: &Value) -> Result<Reading, CallError> {
    let (gateway, _) = gateway(vec![reply(status, answer)]);
    run(gateway.query(&intent(Mode::Native)))
}

fn keys(reading: &Reading) -> Vec<String> {
    reading.facts.iter().map(|fact| fact.key().to_string()).collect()
}

#[test]
fn a_query_tells_the_same_fact_as_the_notice() {
    let reading = query(200, &transaction()).unwrap();
    assert_eq!(keys(&reading), [format!("wechat_pay#{}#captured#1999", number())]);
    assert_eq!(
        (reading.reference.order, reading.reference.payment),
        (Some(order()), Some(payment()))
    );
    assert_eq!((reading.asked, reading.livemode), (Some(cny(1_999)), true));
    let mut closed = transaction();
    closed["trade_state"] = json!("CLOSED");
    assert_eq!(
        keys(&query(200, &closed).unwrap()),
        [format!("wechat_pay#{}#progress#canceled", number())]
    );
}

#[test]
fn nothing_worth_telling_has_no_facts() {
    let mut waiting = transaction();
    for state in ["NOTPAY", "USERPAYING"] {
        waiting["trade_state"] = json!(state);
        waiting["amount"] = Value::Null;
        assert_eq!(query(200, &waiting).unwrap().facts, [], "{state}");
    }
    for code in ["ORDER_NOT_EXIST", "ORDERNOTEXIST"] {
        let (gateway, _) = gateway(vec![unsigned(
            404,
            &json!({"code": code, "message": "订单不存在"}).to_string(),
        )]);
        let reading = run(gateway.query(&intent(Mode::Native))).unwrap();
        assert_eq!((reading.facts.len(), reading.reference.payment), (0, Some(payment())));
    }
}

#[test]
fn an_answer_about_another_payment_does_not_fit() {
    for (name, value) in [
        ("mchid", json!("1900000002")),
        ("appid", json!("wx0")),
        ("out_trade_no", json!("0190a6d0000070008000000000000000")),
        ("out_trade_no", Value::Null),
        ("trade_state", json!("NEW")),
        ("trade_state", Value::Null),
    ] {
        let mut answer = transaction();
        answer[name] = value;
        assert_eq!(query(200, &answer), Err(CallError::Misfit(name)), "{name}");
    }
    let mut answer = transaction();
    answer["amount"]["total"] = json!("1999");
    assert_eq!(query(200, &answer), Err(CallError::Misfit("total")));
}

#[test]
fn an_amount_that_we_did_not_ask_for_is_told_as_it_is() {
    let mut answer = transaction();
    answer["amount"]["total"] = json!(1);
    // Settlement matches it with the intent, and makes a case: a person has to see it.
    assert_eq!(query(200, &answer).unwrap().asked, Some(cny(1)));
}
