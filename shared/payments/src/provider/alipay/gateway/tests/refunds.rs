use kernel::Actor;

use super::{
    super::super::testing::{NOW, refund_id},
    *,
};
use crate::{Provider, RefundReason, RefundRequest, RefundState};

fn request() -> RefundRequest {
    serde_json::from_value(json!({
        "id": refund_id(), "order": ORDER, "provider": Provider::Alipay, "payment": PAY, "amount": cny(550),
        "reason": RefundReason::OrderCancelled, "by": Actor::System { function: "payment-refund".to_owned() },
        "requested_at": Timestamp::from_seconds(NOW), "state": RefundState::Sending, "version": 1,
    }))
    .unwrap()
}

fn order<'a>(intent: &'a Intent, request: &'a RefundRequest) -> RefundOrder<'a> {
    RefundOrder {
        request,
        intent,
        captured: intent.amount,
    }
}

fn refund(node: &Value) -> (Result<Reading, CallError>, Parameters) {
    let (gateway, client) = alipay(vec![said(refund::METHOD, node)]);
    let told = run(gateway.refund(order(&intent(Mode::Page), &request())));
    (told, asked_once(&client.asked()))
}

fn query_refund(node: &Value) -> (Result<Reading, CallError>, Parameters) {
    let (gateway, client) = alipay(vec![said(refund::QUERY, node)]);
    let told = run(gateway.query_refund(order(&intent(Mode::Page), &request())));
    (told, asked_once(&client.asked()))
}

#[test]
fn a_refund_went_out_when_money_moved() {
    let id = refund_id().to_string();
    for (change, fee, expected) in [
        ("Y", "5.50", "refund_succeeded"),
        ("Y", "12.00", "refund_succeeded"),
        ("N", "0.00", "refund_pending"),
    ] {
        let node = json!({"code": "10000", "out_trade_no": PAY, "fund_change": change, "refund_fee": fee,
            "gmt_refund_pay": "2026-04-08 18:00:00"});
        let (told, asked) = refund(&node);
        assert_eq!(keys(&told.unwrap()), [format!("{expected}#{id}#550")], "{change} {fee}");
        assert_eq!(
            content(&asked),
            json!({"out_trade_no": PAY, "out_request_no": id, "refund_amount": "5.50"})
        );
    }
    let less = json!({"code": "10000", "out_trade_no": PAY, "fund_change": "Y", "refund_fee": "5.49"});
    assert_eq!(refund(&less).0, Err(CallError::Misfit("refund_fee")));
    let other = json!({"code": "10000", "out_trade_no": "pay_other", "fund_change": "Y"});
    assert_eq!(refund(&other).0, Err(CallError::Misfit("out_trade_no")));
    let silent = json!({"code": "10000", "out_trade_no": PAY});
    assert_eq!(keys(&refund(&silent).0.unwrap()), [format!("refund_pending#{id}#550")]);
}

#[test]
fn a_refund_is_found_by_our_number_or_tells_nothing() {
    let id = refund_id().to_string();
    let found = json!({"code": "10000", "out_trade_no": PAY, "out_request_no": id, "refund_amount": "5.50",
        "refund_status": "REFUND_SUCCESS", "gmt_refund_pay": "2026-04-08 18:00:00"});
    let (told, asked) = query_refund(&found);
    let told = told.unwrap();
    assert_eq!(keys(&told), [format!("refund_succeeded#{id}#550")]);
    assert_eq!(told.occurred_at, beijing::read("2026-04-08 18:00:00"));
    assert_eq!(content(&asked)["out_request_no"], json!(id));
    for (name, value) in [
        ("out_trade_no", json!("pay_other")),
        ("out_request_no", json!("rfd_other")),
        ("refund_amount", json!("5.51")),
        ("refund_amount", json!(null)),
    ] {
        let mut other = found.clone();
        other[name] = value;
        assert_eq!(query_refund(&other).0, Err(CallError::Misfit(name)));
    }
    for nothing in [
        json!({"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}),
        json!({"code": "10000", "msg": "Success"}),
        json!({"code": "10000", "refund_status": ""}),
    ] {
        assert_eq!(query_refund(&nothing).0.unwrap().facts, []);
    }
}
