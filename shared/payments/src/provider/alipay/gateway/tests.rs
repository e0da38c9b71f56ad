mod refunds;

use kernel::Money;
use serde_json::json;

use super::{
    super::testing::{Answer, alipay, answer, application_key, cny, intent, raw, run},
    *,
};
use crate::Fact;

/// Signed by openssl, not by us.
const GOLDEN_URL: &str = include_str!("../golden/page_url.txt");
const PAY: &str = "pay_019d6c6d5dc071018101010101010101";
const ORDER: &str = "ord_019d6c6d5dc072028202020202020202";

/// A request's parameters, whose signature is our application's.
fn parameters(form: &str) -> Parameters {
    let mut parameters = form::decode(form.as_bytes()).unwrap();
    let signature = parameters.remove(SIGN).unwrap();
    let pairs = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let signed = form::signed_text(pairs);
    assert!(signed.contains("&sign_type=RSA2&"), "{signed}");
    assert!(application_key().verifies(signed.as_bytes(), &signature));
    parameters
}

fn content(parameters: &Parameters) -> Value {
    serde_json::from_str(&parameters["biz_content"]).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "one of two kinds of scripted answers")]
fn said(method: &str, node: &Value) -> Answer {
    Ok(answer(method, &node.to_string()))
}

fn start(mode: Mode, answers: Vec<Answer>) -> (Result<Started, CallError>, Vec<OutgoingRequest>) {
    let (gateway, client) = alipay(answers);
    let started = run(gateway.start(&intent(mode), &Payer::default()));
    (started, client.asked())
}

fn asked_once(asked: &[OutgoingRequest]) -> Parameters {
    let [request] = asked else {
        panic!("{} requests", asked.len())
    };
    assert_eq!(request.url, "https://alipay.test/gateway.do?charset=utf-8");
    assert_eq!(request.method, Method::POST);
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded;charset=utf-8"
    );
    parameters(std::str::from_utf8(&request.body).unwrap())
}

#[test]
fn a_page_is_an_address_that_we_signed_and_calls_nobody() {
    let (started, asked) = start(Mode::Page, vec![]);
    let started = started.unwrap();
    assert_eq!(started.object.as_str(), PAY);
    assert_eq!(started.url.as_deref(), Some(GOLDEN_URL));
    assert!(asked.is_empty());
    parameters(GOLDEN_URL.split_once('?').unwrap().1);
}

#[test]
fn a_phones_page_knows_where_to_go_back_to() {
    let (started, asked) = start(Mode::Wap, vec![]);
    let url = started.unwrap().url.unwrap();
    let parameters = parameters(url.split_once('?').unwrap().1);
    assert!(asked.is_empty());
    assert_eq!(parameters["method"], "alipay.trade.wap.pay");
    assert_eq!(parameters["return_url"], "https://shop.test/paid");
    let expected = json!({
        "out_trade_no": PAY, "total_amount": "19.99", "subject": ORDER, "passback_params": ORDER,
        "time_expire": "2026-04-08 18:00:00", "product_code": "QUICK_WAP_WAY", "quit_url": "https://shop.test/paid",
    });
    assert_eq!(content(&parameters), expected);
}

#[test]
fn a_code_to_scan_is_asked_for() {
    let given = json!({"code": "10000", "msg": "Success", "out_trade_no": PAY, "qr_code": "https://qr.alipay.com/bax"});
    let (started, asked) = start(Mode::Qr, vec![said(start::QR, &given)]);
    let started = started.unwrap();
    assert_eq!(started.qr_code.as_deref(), Some("https://qr.alipay.com/bax"));
    assert_eq!((started.object.as_str(), started.url), (PAY, None));
    let parameters = asked_once(&asked);
    for (name, value) in [
        ("app_id", "2021000000000001"),
        ("method", "alipay.trade.precreate"),
        ("charset", "utf-8"),
        ("format", "JSON"),
        ("version", "1.0"),
        ("timestamp", "2026-04-08 17:30:00"),
        ("notify_url", "https://shop.test/webhooks/payments/alipay"),
    ] {
        assert_eq!(parameters[name], value, "{name}");
    }
    for (name, value) in [
        ("out_trade_no", json!("pay_other")),
        ("qr_code", json!("")),
        ("qr_code", json!(null)),
    ] {
        let mut other = given.clone();
        other[name] = value;
        let (started, _) = start(Mode::Qr, vec![said(start::QR, &other)]);
        assert_eq!(started, Err(CallError::Misfit(name)));
    }
}

#[test]
fn only_yuan_and_only_alipays_modes_are_started() {
    let (started, asked) = start(Mode::Native, vec![]);
    assert_eq!((started, asked.len()), (Err(CallError::Unsupported), 0));
    let (gateway, _) = alipay(vec![]);
    for amount in [Money::new(1, "USD".parse().unwrap()).unwrap(), cny(0)] {
        let intent = Intent {
            amount,
            ..intent(Mode::Page)
        };
        let started = run(gateway.start(&intent, &Payer::default()));
        assert_eq!(started, Err(CallError::Unsupported));
    }
    let unlimited = Intent {
        pay_by: None,
        ..intent(Mode::Page)
    };
    let url = run(gateway.start(&unlimited, &Payer::default())).unwrap().url.unwrap();
    assert!(!url.contains("time_expire"));
}

#[test]
fn an_answer_that_did_not_come_is_asked_for_again_with_the_same_numbers() {
    let given = json!({"code": "10000", "out_trade_no": PAY, "qr_code": "x"});
    let (started, asked) = start(Mode::Qr, vec![Err(SendError::Timeout), said(start::QR, &given)]);
    assert!(started.is_ok());
    assert_eq!((asked.len(), &asked[0].body), (2, &asked[1].body));
    assert_eq!(asked[0].timeout, CALL_TIMEOUT);
    let (started, asked) = start(Mode::Qr, vec![Err(SendError::Timeout), Err(SendError::Timeout)]);
    assert!(matches!(started, Err(CallError::Unanswered(_))));
    assert_eq!(asked.len(), 2);
    let (started, asked) = start(Mode::Qr, vec![Err(SendError::Invalid("url".to_owned()))]);
    assert!(matches!(started, Err(CallError::Unanswered(_))));
    assert_eq!(asked.len(), 1);
    let (started, asked) = start(Mode::Qr, vec![Ok(raw(502, "bad gateway"))]);
    assert!(matches!(started, Err(CallError::Unanswered(_))));
    assert_eq!(asked.len(), 1);
}

fn query(node: &Value) -> (Result<Reading, CallError>, Parameters) {
    let (gateway, client) = alipay(vec![said(query::METHOD, node)]);
    let told = run(gateway.query(&intent(Mode::Page)));
    (told, asked_once(&client.asked()))
}

fn keys(reading: &Reading) -> Vec<String> {
    let own = reading.facts.iter().map(Fact::key);
    own.map(|key| key.as_str().replace(&format!("alipay#{PAY}#"), ""))
        .collect()
}

fn trade(status: &str, paid_at: Option<&str>) -> Value {
    json!({"code": "10000", "out_trade_no": PAY, "trade_status": status, "total_amount": "19.99", "send_pay_date": paid_at})
}

#[test]
fn a_query_tells_what_a_notice_would_have_told() {
    let paid = Some("2026-04-08 17:29:58");
    for (status, paid_at, expected) in [
        ("WAIT_BUYER_PAY", None, vec!["progress#processing"]),
        ("TRADE_SUCCESS", paid, vec!["captured#1999"]),
        ("TRADE_FINISHED", paid, vec!["captured#1999"]),
        ("TRADE_CLOSED", None, vec!["progress#expired"]),
        ("TRADE_CLOSED", Some(""), vec!["progress#expired"]),
        ("TRADE_CLOSED", paid, vec!["captured#1999", "refund_total#1999"]),
    ] {
        let (told, asked) = query(&trade(status, paid_at));
        let told = told.unwrap();
        assert_eq!(keys(&told), expected, "{status}");
        assert_eq!(told.asked, Some(cny(1_999)));
        assert_eq!(told.reference.object.unwrap().as_str(), PAY);
        assert_eq!(
            (told.livemode, told.reference.order.unwrap().to_string().as_str()),
            (false, ORDER)
        );
        assert_eq!(told.occurred_at, paid_at.and_then(beijing::read));
        assert_eq!(
            (asked["method"].as_str(), content(&asked)),
            (query::METHOD, json!({"out_trade_no": PAY}))
        );
        assert!(!asked.contains_key("notify_url"));
    }
}

#[test]
fn a_trade_that_alipay_does_not_know_tells_nothing() {
    let unknown = json!({"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"});
    assert_eq!(query(&unknown).0.unwrap().facts, []);
    let other = json!({"code": "40004", "sub_code": "ACQ.INVALID_PARAMETER"});
    assert!(matches!(query(&other).0, Err(CallError::Refused { .. })));
}

#[test]
fn an_answer_about_another_trade_is_not_taken() {
    for (name, value) in [
        ("out_trade_no", json!("pay_other")),
        ("total_amount", json!("19.999")),
        ("trade_status", json!("TRADE_ODD")),
    ] {
        let mut node = trade("TRADE_SUCCESS", None);
        node[name] = value;
        assert_eq!(query(&node).0, Err(CallError::Misfit(name)));
    }
}

#[test]
fn a_configured_value_that_is_no_application_is_refused() {
    for bad in [
        "",
        "{}",
        r#"{"app_id":"1","private_key":""}"#,
        r#"{"app_id":"1","private_key":"MIIB"}"#,
    ] {
        assert!(Application::parse(&SecretString::from(bad)).is_err(), "{bad}");
    }
}
