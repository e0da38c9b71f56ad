use std::str::FromStr;

use kernel::PaymentId;

use super::{
    super::testing::{alipay, answer, cny, run},
    *,
};
use crate::provider::Gateway;

const PAY: &str = "pay_019d6c6d5dc071018101010101010101";
const REFUND: &str = "rfd_019d6c6d5dc073038303030303030303";

/// What the gateway makes of a list, and what it was asked.
fn listed(method: &str, after: Option<&str>, total: &str, rows: &Value) -> (StatementPage, Value) {
    let node = json!({"code": "10000", "page_no": "1", "page_size": "1000", "total_size": total, "detail_list": rows});
    let (gateway, client) = alipay(vec![Ok(answer(method, &node.to_string()))]);
    let page = run(gateway.statement("2026-04-08", after)).unwrap();
    let asked = client.asked().remove(0);
    let form: Vec<(String, String)> = form_urlencoded::parse(&asked.body).into_owned().collect();
    let of = |name: &str| form.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(of("method"), method);
    (page, serde_json::from_str(&of("biz_content")).unwrap())
}

fn trade(status: &str, refunded: &str) -> Value {
    json!({"alipay_order_no": "2026040822001499990000000001", "merchant_order_no": PAY, "trade_status": status,
        "total_amount": "19.99", "refund_amount": refunded, "service_fee": "0.12", "gmt_create": "2026-04-08 17:29:40"})
}

fn movement(refund: &str, direction: &str, amount: &str) -> Value {
    json!({"account_log_id": "1", "merchant_order_no": PAY, "merchant_out_refund_no": refund, "direction": direction,
        "trans_amount": amount, "type": "交易退款"})
}

#[test]
fn what_was_sold_is_read_with_its_fee_and_its_state() {
    use StatementState::{Failed, Pending, Succeeded};
    for (status, refunded, state) in [
        ("成功", "0.00", Succeeded),
        ("成功", "5.50", Succeeded),
        ("成功", "", Succeeded),
        ("TRADE_SUCCESS", "0", Succeeded),
        ("TRADE_FINISHED", "0", Succeeded),
        ("关闭", "19.99", Succeeded),
        ("关闭", "-19.99", Succeeded),
        ("关闭", "0.00", Failed),
        ("TRADE_CLOSED", "0.00", Failed),
        ("待付款", "0.00", Pending),
        ("进行中", "0.00", Pending),
        ("WAIT_BUYER_PAY", "0.00", Pending),
    ] {
        let (page, _) = listed(SOLD, None, "1", &json!([trade(status, refunded)]));
        let row = StatementRow {
            payment: PAY.parse().unwrap(),
            refund: None,
            amount: cny(1_999),
            fee: cny(12),
            state,
            order: None,
            intent: Some(PaymentId::from_str(PAY).unwrap()),
        };
        assert_eq!((page.rows, page.unreadable), (vec![row], 0), "{status} {refunded}");
    }
}

#[test]
fn what_moved_gives_the_refunds_by_our_own_number() {
    let rows = json!([
        movement("", "收入", "19.99"),
        movement(REFUND, "支出", "-5.50"),
        movement(REFUND, "收入", "0.03"),
        {"direction": "支出", "trans_amount": "-0.12", "type": "收费"},
        {"merchant_order_no": PAY, "merchant_out_refund_no": null, "direction": "支出", "trans_amount": "-100.00"},
    ]);
    let (page, _) = listed(MOVED, Some("moved-1"), "5", &rows);
    let row = StatementRow {
        payment: PAY.parse().unwrap(),
        refund: Some(REFUND.parse().unwrap()),
        amount: cny(550),
        fee: cny(0),
        state: StatementState::Succeeded,
        order: None,
        intent: Some(PAY.parse().unwrap()),
    };
    assert_eq!((page.rows, page.unreadable, page.next), (vec![row], 0, None));
}

#[test]
fn a_trade_of_another_numbering_is_reported_too() {
    let mut row = trade("成功", "0.00");
    row["merchant_order_no"] = json!("20260408T1");
    row["service_fee"] = json!(null);
    let (page, _) = listed(SOLD, None, "1", &json!([row]));
    assert_eq!(
        (page.rows[0].intent, page.rows[0].payment.as_str()),
        (None, "20260408T1")
    );
    assert_eq!(page.rows[0].fee, cny(0));
}

#[test]
fn rows_that_cannot_be_read_are_counted() {
    let mut rows = vec![json!("text"), json!({}), trade("odd", "0.00"), trade("成功", "x")];
    for (name, value) in [
        ("merchant_order_no", json!("")),
        ("merchant_order_no", json!("a b")),
        ("total_amount", json!("19.999")),
        ("total_amount", json!("-19.99")),
        ("service_fee", json!("a")),
    ] {
        let mut row = trade("成功", "0.00");
        row[name] = value;
        rows.push(row);
    }
    rows.push(trade("成功", "0.00"));
    let (page, _) = listed(SOLD, None, "10", &json!(rows));
    assert_eq!((page.rows.len(), page.unreadable), (1, 9));
    let rows = json!([movement("a#b", "支出", "-1"), movement(REFUND, "支出", "one"), "text"]);
    let (page, _) = listed(MOVED, Some("moved-1"), "3", &rows);
    assert_eq!((page.rows.len(), page.unreadable), (0, 3));
}

#[test]
fn pages_follow_one_another_through_both_lists() {
    for (after, method, number, total, next) in [
        (None, SOLD, "1", "1001", Some("sold-2")),
        (Some("sold-2"), SOLD, "2", "1001", Some("moved-1")),
        (Some("sold-2"), SOLD, "2", "2000", Some("moved-1")),
        (None, SOLD, "1", "0", Some("moved-1")),
        (Some("moved-1"), MOVED, "1", "2001", Some("moved-2")),
        (Some("moved-3"), MOVED, "3", "2001", None),
        (Some("moved-1000"), MOVED, "1000", "1000000", None),
    ] {
        let (page, asked) = listed(method, after, total, &json!([]));
        assert_eq!(page.next.as_deref(), next, "{after:?}");
        let expected = json!({"start_time": "2026-04-08 00:00:00", "end_time": "2026-04-09 00:00:00",
            "page_no": number, "page_size": "1000"});
        assert_eq!(asked, expected);
    }
}

#[test]
fn a_cursor_a_day_and_a_list_that_make_no_sense_are_refused() {
    for cursor in ["", "sold", "sold-0", "sold-x", "sold--1", "moved-1001", "other-1", "1"] {
        assert_eq!(Page::after(Some(cursor)), Err(CallError::Misfit("page")), "{cursor}");
    }
    let first = Page::after(None).unwrap();
    for day in ["", "2026-04-31", "20260408", "2026-04-08 "] {
        assert_eq!(first.content(day), Err(CallError::Misfit("day")), "{day}");
    }
    for (node, why) in [
        (r#"{"detail_list":[]}"#, "statement"),
        (r#"{"detail_list":{},"total_size":"0"}"#, "statement"),
        (r#"{"total_size":"many"}"#, "total_size"),
        (r#"{"total_size":"-1"}"#, "total_size"),
    ] {
        assert_eq!(first.read(node), Err(CallError::Misfit(why)), "{node}");
    }
    assert_eq!(first.read(r#"{"total_size":0}"#).map(|page| page.rows), Ok(vec![]));
    let last = Page::after(Some("moved-1000")).unwrap();
    assert_eq!(
        last.read(r#"{"total_size":1000001}"#),
        Err(CallError::Misfit("total_size"))
    );
}
