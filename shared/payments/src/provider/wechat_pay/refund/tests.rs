use kernel::{Actor, Money};
use serde_json::json;

use super::{
    super::{
        super::Gateway,
        testing::{cny, gateway, intent, number, order, payment, refund as refunded, refund_id, reply, run, unsigned},
    },
    *,
};
use crate::{Mode, Provider, RefundReason, RefundRequest, RefundState};

fn request() -> RefundRequest {
    RefundRequest {
        id: refund_id(),
        order: order(),
        provider: Provider::WechatPay,
        payment: number().parse().unwrap(),
        amount: cny(999),
        reason: RefundReason::Returned,
        lines: Vec::new(),
        by: Actor::system("test"),
        requested_at: intent(Mode::Native).created_at,
        state: RefundState::Sending,
        provider_refund: None,
        again: None,
        version: 2,
    }
}

/// Asks, and says which calls were made.
fn ask(
    request: &RefundRequest,
    answers: Vec<Result<web::Incoming, web::SendError>>,
    again: bool,
) -> (Result<Reading, CallError>, Vec<(String, Value)>) {
    let (gateway, client) = gateway(answers);
    let intent = intent(Mode::Native);
    let order = RefundOrder {
        request,
        intent: &intent,
        captured: intent.amount,
    };
    let reading = if again {
        run(gateway.query_refund(order))
    } else {
        run(gateway.refund(order))
    };
    let asked = client.asked().into_iter();
    let body = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or_default();
    (
        reading,
        asked.map(|request| (request.url, body(&request.body))).collect(),
    )
}

fn keys(reading: &Reading) -> Vec<String> {
    reading.facts.iter().map(|fact| fact.key().to_string()).collect()
}

#[test]
fn a_refund_is_asked_for_under_our_number_over_every_try() {
    let lost = Err(web::SendError::Timeout);
    let (reading, asked) = ask(&request(), vec![lost, reply(200, &refunded("PROCESSING"))], false);
    let body = json!({
        "out_trade_no": number(), "out_refund_no": refund_id(),
        "notify_url": "https://shop/webhooks/payments/wechat_pay",
        "amount": {"refund": 999, "total": 1_999, "currency": "CNY"},
    });
    let call = ("http://127.0.0.1:8092/v3/refund/domestic/refunds".to_owned(), body);
    assert_eq!(asked, [call.clone(), call]);
    let reading = reading.unwrap();
    assert_eq!(
        keys(&reading),
        [format!("wechat_pay#{}#refund_pending#{}#999", number(), refund_id())]
    );
    assert_eq!(
        (reading.reference.order, reading.reference.payment),
        (Some(order()), Some(payment()))
    );
    assert_eq!((reading.asked, reading.livemode), (Some(cny(1_999)), true));
}

#[test]
fn every_state_of_a_refund_is_told_by_either_call() {
    for (status, fact) in [
        ("SUCCESS", "refund_succeeded"),
        ("PROCESSING", "refund_pending"),
        ("ABNORMAL", "refund_abnormal"),
        ("CLOSED", "refund_failed"),
    ] {
        for again in [false, true] {
            let (reading, asked) = ask(&request(), vec![reply(200, &refunded(status))], again);
            assert_eq!(
                keys(&reading.unwrap()),
                [format!("wechat_pay#{}#{fact}#{}#999", number(), refund_id())]
            );
            let end = if again {
                format!("/refunds/{}", refund_id())
            } else {
                "/refunds".to_owned()
            };
            assert!(asked[0].0.ends_with(&end), "{}", asked[0].0);
        }
    }
}

#[test]
fn a_refund_that_they_never_heard_of_has_no_facts() {
    for code in NO_REFUND {
        let answer = || vec![unsigned(404, &json!({"code": code}).to_string())];
        let (reading, _) = ask(&request(), answer(), true);
        assert_eq!(reading.map(|reading| reading.facts), Ok(Vec::new()), "{code}");
        let (reading, _) = ask(&request(), answer(), false);
        assert_eq!(
            reading,
            Err(CallError::Refused {
                status: 404,
                code: code.to_owned()
            })
        );
    }
    let poor = vec![unsigned(403, r#"{"code":"NOT_ENOUGH","message":"基本账户余额不足"}"#)];
    let refused = Err(CallError::Refused {
        status: 403,
        code: "NOT_ENOUGH".to_owned(),
    });
    assert_eq!(ask(&request(), poor, false).0, refused);
}

#[test]
fn an_answer_about_something_else_does_not_fit() {
    for (pointer, value, name) in [
        (
            "/out_trade_no",
            json!("0190a6d0000070008000000000000000"),
            "out_trade_no",
        ),
        (
            "/out_refund_no",
            json!("rfd_0190a6d0000070008000000000000000"),
            "out_refund_no",
        ),
        ("/amount/refund", json!(998), "amount"),
        ("/amount/total", json!(1_998), "amount"),
        ("/amount/refund", json!("999"), "refund"),
        ("/status", json!("NEW"), "status"),
    ] {
        let mut answer = refunded("SUCCESS");
        *answer.pointer_mut(pointer).unwrap() = value;
        for again in [false, true] {
            let (reading, _) = ask(&request(), vec![reply(200, &answer)], again);
            assert_eq!(reading, Err(CallError::Misfit(name)), "{pointer}");
        }
    }
}

#[test]
fn a_refund_of_another_payment_or_currency_is_never_sent() {
    let other = RefundRequest {
        payment: "0190a6d0000070008000000000000000".parse().unwrap(),
        ..request()
    };
    let usd = RefundRequest {
        amount: Money::new(1, "USD".parse().unwrap()).unwrap(),
        ..request()
    };
    let nothing = RefundRequest {
        amount: cny(0),
        ..request()
    };
    for (request, expected) in [
        (other, CallError::Misfit("payment")),
        (usd, CallError::Unsupported),
        (nothing, CallError::Unsupported),
    ] {
        assert_eq!(ask(&request, Vec::new(), false), (Err(expected), Vec::new()));
    }
}
