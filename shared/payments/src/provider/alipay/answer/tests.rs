use super::{
    super::testing::{answer, forge, notices, raw, sign},
    *,
};

const METHOD: &str = "alipay.trade.query";
/// Braces and quotes where they mean nothing, an escaped slash, a nested node of the same name, and another `sign`.
const NODE: &str = r#"{"code":"10000","msg":"Success","a":"}{\"\\","b":{"c":[{"d":"]}"},{}],"alipay_trade_query_response":{}},"sign":"x","url":"https:\/\/qr.test\/1","你":"\u4f60"}"#;

fn node(body: &str) -> Result<String, CallError> {
    read(&notices(), METHOD, &raw(200, body)).map(str::to_owned)
}

fn said(node: &str) -> Result<String, CallError> {
    read(&notices(), METHOD, &answer(METHOD, node)).map(str::to_owned)
}

fn refused(code: &str) -> Result<String, CallError> {
    Err(CallError::Refused {
        status: 200,
        code: code.to_owned(),
    })
}

#[test]
fn the_node_is_cut_out_as_it_was_received() {
    assert_eq!(said(NODE).as_deref(), Ok(NODE));
    let signature = sign(NODE);
    for body in [
        format!(r#"{{"sign":"{signature}","alipay_trade_query_response":{NODE}}}"#),
        format!(r#"{{ "alipay_cert_sn" : "1" ,"alipay_trade_query_response" : {NODE} , "sign" : "{signature}" }}"#),
        format!(
            r#"{{"alipay_trade_query_response":{NODE},"sign":"{}"}}"#,
            signature.replace('/', r"\/")
        ),
    ] {
        assert_eq!(node(&body).as_deref(), Ok(NODE), "{body}");
    }
}

#[test]
fn a_node_that_was_written_anew_is_not_the_one_that_was_signed() {
    let signature = sign(NODE);
    for other in [
        NODE.replace(r"\/", "/"),
        NODE.replace(r"\u4f60", "你"),
        NODE.replace("\":", "\": "),
        serde_json::from_str::<serde_json::Value>(NODE).unwrap().to_string(),
    ] {
        assert_ne!(other, NODE);
        let body = format!(r#"{{"alipay_trade_query_response":{other},"sign":"{signature}"}}"#);
        assert_eq!(node(&body), Err(CallError::Misfit("signature")), "{other}");
    }
}

#[test]
fn a_success_that_nobody_signed_is_none() {
    let other = forge(NODE);
    for rest in [
        String::new(),
        r#","sign":"""#.to_owned(),
        r#","sign":null"#.to_owned(),
        r#","sign":1"#.to_owned(),
        r#","sign":"AAAA""#.to_owned(),
        format!(r#","sign":"{other}""#),
        format!(r#","Sign":"{}""#, sign(NODE)),
    ] {
        let body = format!(r#"{{"alipay_trade_query_response":{NODE}{rest}}}"#);
        assert_eq!(node(&body), Err(CallError::Misfit("signature")), "{rest}");
    }
}

#[test]
fn an_answer_to_another_call_is_none() {
    let other = answer("alipay.trade.refund", NODE);
    assert_eq!(read(&notices(), METHOD, &other), Err(CallError::Misfit("answer")));
    let signature = sign(NODE);
    for body in [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        "<html>".to_owned(),
        r#"{"alipay_trade_query_response":"text","sign":"x"}"#.to_owned(),
        r#"{"alipay_trade_query_response":{},"sign":"x"}"#.to_owned(),
        format!(
            r#"{{"alipay_trade_query_response":{NODE},"alipay_trade_query_response":{NODE},"sign":"{signature}"}}"#
        ),
        format!(r#"{{"alipay_trade_query_response":{NODE},"sign":"{signature}","sign":"{signature}"}}"#),
        format!(r#"{{"alipay_trade_query_response":{NODE},"sign":"{signature}"}}x"#),
        format!(
            r#"{{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"alipay_trade_query_response":{NODE},"sign":"{signature}"}}"#
        ),
    ] {
        assert_eq!(node(&body), Err(CallError::Misfit("answer")), "{body}");
    }
    // What is signed under the name of an error is not the answer that was asked for.
    let error = format!(r#"{{"error_response":{NODE},"sign":"{signature}"}}"#);
    assert_eq!(node(&error), Err(CallError::Misfit("signature")));
}

#[test]
fn codes_are_told_apart() {
    let with = |code: &str, sub_code: &str| {
        said(&format!(
            r#"{{"code":"{code}","msg":"m","sub_code":"{sub_code}","sub_msg":"private"}}"#
        ))
    };
    assert_eq!(with("40004", "ACQ.TRADE_HAS_SUCCESS"), refused("ACQ.TRADE_HAS_SUCCESS"));
    assert_eq!(with("40004", "a b"), refused("unknown"));
    assert_eq!(with("40004", ""), refused("unknown"));
    for (code, sub_code) in [
        ("20000", "isp.unknow-error"),
        ("40004", "ACQ.SYSTEM_ERROR"),
        ("40004", "aop.ACQ.SYSTEM_ERROR"),
        ("40001", "isv.missing-method"),
        ("40002", "isv.invalid-signature"),
        ("40006", "isv.insufficient-isv-permissions"),
        ("10003", ""),
        ("", ""),
    ] {
        let said = with(code, sub_code);
        assert!(
            matches!(said, Err(CallError::Unanswered(_))),
            "{code} {sub_code}: {said:?}"
        );
    }
}

#[test]
fn an_unsigned_refusal_decides_nothing() {
    let business = r#"{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}"#;
    let body = |name: &str, node: &str| format!(r#"{{"{name}":{node}}}"#);
    assert_eq!(
        node(&body("alipay_trade_query_response", business)),
        Err(CallError::Misfit("signature"))
    );
    let forged = format!(
        r#"{{"alipay_trade_query_response":{business},"sign":"{}"}}"#,
        forge(business)
    );
    assert_eq!(node(&forged), Err(CallError::Misfit("signature")));
    let moment = r#"{"code":"20000","msg":"Service Currently Unavailable"}"#;
    for name in ["alipay_trade_query_response", "error_response"] {
        assert!(
            matches!(node(&body(name, moment)), Err(CallError::Unanswered(_))),
            "{name}"
        );
    }
    for status in [301, 400, 404, 429, 500, 502] {
        let mut answer = answer(METHOD, NODE);
        answer.status = status;
        let said = read(&notices(), METHOD, &answer);
        assert_eq!(said, Err(CallError::Unanswered(format!("status {status}"))));
    }
}

#[test]
fn every_change_of_one_byte_of_the_answer_is_refused() {
    let notices = notices();
    let incoming = answer(METHOD, NODE);
    assert!(read(&notices, METHOD, &incoming).is_ok());
    let mut count = 0;
    for at in 0..incoming.body.len() {
        for flip in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80] {
            let mut body = incoming.body.to_vec();
            body[at] ^= flip;
            let changed = Incoming {
                body: body.into(),
                ..incoming.clone()
            };
            assert!(read(&notices, METHOD, &changed).is_err(), "byte {at} ^ {flip}");
            count += 1;
        }
    }
    assert!(count >= 2_000, "{count}");
}
