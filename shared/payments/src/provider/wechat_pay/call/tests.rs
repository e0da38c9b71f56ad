use serde_json::json;

use super::{
    super::testing::{
        NOW, SERIAL, cny, gateway, headers, intent, merchant_key, notices_with, number, other_key, platform_key, reply,
        run, secret, signed_by, transaction, unsigned,
    },
    *,
};
use crate::Mode;

type Answer = Result<Incoming, SendError>;

fn query(answers: Vec<Answer>) -> (Result<Reading, CallError>, Vec<OutgoingRequest>) {
    let (gateway, client) = gateway(answers);
    let reading = run(gateway.query(&intent(Mode::Native)));
    (reading, client.asked())
}

#[test]
fn a_call_is_signed_and_bounded_and_names_the_key_for_its_answer() {
    let (reading, asked) = query(vec![reply(200, &transaction())]);
    assert_eq!(reading.unwrap().facts.len(), 1);
    let [request] = asked.as_slice() else {
        panic!("one call")
    };
    let target = format!("/v3/pay/transactions/out-trade-no/{}?mchid=1900000001", number());
    assert_eq!(request.url, format!("http://127.0.0.1:8092{target}"));
    assert_eq!(
        (request.egress, request.timeout, request.body.len()),
        (Egress::Configured, CALL_TIMEOUT, 0)
    );
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("wechatpay-serial"), header("accept")),
        (SERIAL.to_owned(), "application/json".to_owned())
    );
    assert!(request.headers[header::AUTHORIZATION].is_sensitive());
    let nonce = "ab".repeat(16);
    let authorization = header("authorization");
    let (head, signature) = authorization.split_once(",signature=").unwrap();
    assert_eq!(
        head,
        format!(
            r#"WECHATPAY2-SHA256-RSA2048 mchid="1900000001",nonce_str="{nonce}",timestamp="{NOW}",serial_no="4A5B6C7D8E9F00112233445566778899AABBCCDD""#
        )
    );
    let text = format!("GET\n{target}\n{NOW}\n{nonce}\n\n");
    assert!(merchant_key().verifies(text.as_bytes(), signature.trim_matches('"')));
}

#[test]
fn a_success_that_the_platform_did_not_sign_is_none() {
    let body = transaction().to_string();
    let bytes = Bytes::from(body.clone());
    let by = |key, at: i64| {
        let headers = headers(&signed_by(key, &at.to_string(), "n", body.as_bytes())).unwrap();
        Ok(Incoming {
            status: 200,
            headers,
            body: bytes.clone(),
        })
    };
    let (platform, other) = (platform_key(), other_key());
    let mut changed = reply(200, &transaction());
    if let Ok(incoming) = &mut changed {
        incoming.body = Bytes::from(body.replace("1999", "1998"));
    }
    for (case, answer) in [
        unsigned(200, &body),
        unsigned(204, ""),
        by(&other, NOW),
        by(&platform, NOW - 300),
        by(&platform, NOW + 300),
        changed,
    ]
    .into_iter()
    .enumerate()
    {
        let (reading, asked) = query(vec![answer]);
        assert_eq!(
            (reading, asked.len()),
            (Err(CallError::Misfit("signature")), 1),
            "{case}"
        );
    }
    assert_eq!(
        query(vec![by(&platform, NOW - 299)]).0.map(|reading| reading.asked),
        Ok(Some(cny(1_999)))
    );
}

#[test]
fn an_answer_that_did_not_come_is_asked_for_again_with_the_same_numbers() {
    for lost in [
        Err(SendError::Timeout),
        Err(SendError::Connect("refused".to_owned())),
        Err(SendError::Broken("reset".to_owned())),
        reply(500, &json!({"code": "SYSTEM_ERROR", "message": "x"})),
        unsigned(502, "<html>"),
    ] {
        let (reading, asked) = query(vec![lost, reply(200, &transaction())]);
        assert!(reading.is_ok());
        assert_eq!(
            (asked.len(), &asked[0].url, &asked[0].body),
            (2, &asked[1].url, &asked[1].body)
        );
    }
    let (reading, asked) = query(vec![Err(SendError::Timeout), Err(SendError::Timeout)]);
    assert!(matches!(reading, Err(CallError::Unanswered(_))));
    assert_eq!(asked.len(), usize::try_from(SENDS_MAX).unwrap());
    let (reading, asked) = query(vec![Err(SendError::Invalid("url".to_owned()))]);
    assert_eq!(
        (reading, asked.len()),
        (Err(CallError::Unanswered("url".to_owned())), 1)
    );
}

#[test]
fn only_what_is_said_of_the_thing_asked_is_final() {
    let refused = |status, code: &str| {
        Err(CallError::Refused {
            status,
            code: code.to_owned(),
        })
    };
    let unanswered = |text: &str| Err(CallError::Unanswered(text.to_owned()));
    for (status, body, expected) in [
        (
            400,
            r#"{"code":"PARAM_ERROR","message":"secret words"}"#,
            refused(400, "PARAM_ERROR"),
        ),
        (403, r#"{"code":"NO_AUTH"}"#, refused(403, "NO_AUTH")),
        (404, r#"{"code":"MCH_NOT_EXISTS"}"#, refused(404, "MCH_NOT_EXISTS")),
        (401, r#"{"code":"SIGN_ERROR"}"#, unanswered("status 401 SIGN_ERROR")),
        (
            403,
            r#"{"code":"RATELIMIT_EXCEEDED"}"#,
            unanswered("status 403 RATELIMIT_EXCEEDED"),
        ),
        (
            429,
            r#"{"code":"FREQUENCY_LIMITED"}"#,
            unanswered("status 429 FREQUENCY_LIMITED"),
        ),
        (302, "", unanswered("status 302 ")),
        (404, "<html>", unanswered("status 404 ")),
        (400, r#"{"code":"no code\n"}"#, unanswered("status 400 ")),
    ] {
        assert_eq!(
            query(vec![unsigned(status, body)]).0.map(drop),
            expected,
            "{status} {body}"
        );
    }
}

#[test]
fn merchant_and_notices_are_of_the_same_account() {
    let (gateway, client) = gateway(Vec::new());
    for name in ["mchid", "appid"] {
        let notices = notices_with(|json| json[name] = json!("other"));
        let parts = (gateway.site.clone(), gateway.merchant.clone(), gateway.ambient.clone());
        let made = WechatPay::new(std::sync::Arc::clone(&client), parts.0, parts.1, notices, parts.2);
        assert_eq!(made.map(drop), Err(MerchantError));
    }
    assert!(!format!("{gateway:?}").contains(secret("WechatPayNotices")["api_v3_keys"][0].as_str().unwrap()));
}
