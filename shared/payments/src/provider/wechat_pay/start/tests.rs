use serde_json::{Value, json};

use super::{
    super::{
        super::Gateway,
        testing::{APPID, NOW, gateway, intent, merchant_key, number, order, reply, run},
    },
    *,
};

fn start(mode: Mode, payer: &Payer, answer: &Value) -> (Result<Started, CallError>, Vec<(String, Value)>) {
    let (gateway, client) = gateway(vec![reply(200, answer)]);
    let started = run(gateway.start(&intent(mode), payer));
    let asked = client.asked().into_iter();
    let asked = asked
        .map(|request| (request.url, serde_json::from_slice(&request.body).unwrap()))
        .collect();
    (started, asked)
}

fn payer(openid: Option<&str>, address: &str) -> Payer {
    Payer {
        openid: openid.map(str::to_owned),
        address: address.to_owned(),
    }
}

/// What every mode asks for.
fn common() -> Value {
    json!({
        "appid": APPID, "mchid": "1900000001", "description": order(), "out_trade_no": number(), "attach": order(),
        "notify_url": "https://shop/webhooks/payments/wechat_pay", "time_expire": "2026-04-08T17:45:00+08:00",
        "amount": {"total": 1_999, "currency": "CNY"},
    })
}

#[test]
fn a_code_to_scan() {
    let (started, asked) = start(
        Mode::Native,
        &Payer::default(),
        &json!({"code_url": "weixin://wxpay/bizpayurl?pr=abc"}),
    );
    let started = started.unwrap();
    assert_eq!(started.object.as_str(), number());
    assert_eq!(started.qr_code.as_deref(), Some("weixin://wxpay/bizpayurl?pr=abc"));
    assert_eq!(
        asked,
        [("http://127.0.0.1:8092/v3/pay/transactions/native".to_owned(), common())]
    );
}

#[test]
fn signed_parameters_for_the_application() {
    let payer = payer(Some("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"), "");
    let (started, asked) = start(
        Mode::Jsapi,
        &payer,
        &json!({"prepay_id": "wx201410272009395522657a690389285100"}),
    );
    let mut application = started.unwrap().application;
    let signature = application.remove("paySign").unwrap();
    let nonce = "ab".repeat(16);
    let package = "prepay_id=wx201410272009395522657a690389285100";
    let text = format!("{APPID}\n{NOW}\n{nonce}\n{package}\n");
    assert!(merchant_key().verifies(text.as_bytes(), &signature));
    let time = NOW.to_string();
    let expected = [
        ("appId", APPID),
        ("nonceStr", &nonce),
        ("package", package),
        ("signType", "RSA"),
        ("timeStamp", &time),
    ];
    assert!(
        application
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .eq(expected)
    );
    let mut body = common();
    body["payer"] = json!({"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"});
    assert_eq!(
        asked,
        [("http://127.0.0.1:8092/v3/pay/transactions/jsapi".to_owned(), body)]
    );
}

#[test]
fn a_page_for_a_phones_browser() {
    let url = "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx1&package=1";
    let (started, asked) = start(Mode::H5, &payer(None, "203.0.113.9"), &json!({"h5_url": url}));
    assert_eq!(started.unwrap().url.as_deref(), Some(url));
    let mut body = common();
    body["scene_info"] = json!({"payer_client_ip": "203.0.113.9", "h5_info": {"type": "Wap"}});
    assert_eq!(
        asked,
        [("http://127.0.0.1:8092/v3/pay/transactions/h5".to_owned(), body)]
    );
}

#[test]
fn what_cannot_be_asked_for_is_never_sent() {
    for (mode, payer) in [
        (Mode::Jsapi, payer(None, "203.0.113.9")),
        (Mode::Jsapi, payer(Some(""), "")),
        (Mode::Jsapi, payer(Some("a\"b"), "")),
        (Mode::H5, payer(None, "")),
        (Mode::H5, payer(None, "unknown")),
        (Mode::Qr, Payer::default()),
        (Mode::Cash, Payer::default()),
        (Mode::PaymentIntent, Payer::default()),
    ] {
        let (started, asked) = start(mode, &payer, &Value::Null);
        assert_eq!((started, asked.len()), (Err(CallError::Unsupported), 0), "{mode:?}");
    }
    for (amount, currency) in [(1_999, "USD"), (1_999, "HKD"), (0, "CNY"), (-1, "CNY")] {
        let (gateway, client) = gateway(Vec::new());
        let amount = Money::new(amount, currency.parse().unwrap()).unwrap();
        let intent = Intent {
            amount,
            ..intent(Mode::Native)
        };
        let started = run(gateway.start(&intent, &Payer::default()));
        assert_eq!(
            (started, client.asked().len()),
            (Err(CallError::Unsupported), 0),
            "{amount}"
        );
    }
}

#[test]
fn an_answer_without_what_the_payer_needs_does_not_fit() {
    for (mode, payer, name) in [
        (Mode::Native, Payer::default(), "code_url"),
        (Mode::Jsapi, payer(Some("o1"), ""), "prepay_id"),
        (Mode::H5, payer(None, "2001:db8::1"), "h5_url"),
    ] {
        for value in [
            Value::Null,
            json!(""),
            json!(7),
            json!("x".repeat(OPENER_BYTES_MAX + 1)),
        ] {
            let (started, _) = start(mode, &payer, &json!({name: value}));
            assert_eq!(started, Err(CallError::Misfit(name)), "{value}");
        }
    }
}
