//! `alipay.data.bill.sell.query`: trades by the time when they were made, with what is refunded of them so far; and
//! `alipay.data.bill.accountlog.query`: every movement of the account, which names the merchant's number of a refund.

use serde_json::{Value, json};

use super::{
    Shared,
    api::Node,
    state::State,
    trades::{PARAMETER, success},
};
use crate::doubles::support::{Bill, beijing_text, decimal, from_beijing};

/// How long a page may be.
const PAGE: std::ops::RangeInclusive<usize> = 1_000..=2_000;

/// A row, and when it was.
type Row = (i64, Value);

/// `alipay.data.bill.sell.query`.
pub(super) fn sold(shared: &Shared, content: &Value) -> Node {
    page(shared, content, rows)
}

/// `alipay.data.bill.accountlog.query`.
pub(super) fn moved(shared: &Shared, content: &Value) -> Node {
    page(shared, content, movements)
}

/// Answers with one page.
fn page(shared: &Shared, content: &Value, rows: fn(&State, &Bill) -> Vec<Row>) -> Node {
    let time = |name: &str| content[name].as_str().and_then(from_beijing).ok_or(PARAMETER);
    let (from, until) = (time("start_time")?, time("end_time")?);
    let count = |name: &str, usual: usize| {
        let value = &content[name];
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if value.is_null() {
            Ok(usual)
        } else {
            text.parse::<usize>().map_err(|_| PARAMETER)
        }
    };
    let (page, size) = (count("page_no", 1)?, count("page_size", 2_000)?);
    if page == 0 || !PAGE.contains(&size) || until < from {
        return Err(PARAMETER);
    }
    let bill = shared.control().bill().clone();
    let mut rows = rows(&shared.state(), &bill);
    rows.retain(|(at, _)| (from..=until).contains(at));
    for name in ["merchant_order_no", "alipay_order_no"] {
        if let Some(number) = content[name].as_str() {
            rows.retain(|(_, row)| row[name] == number);
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    let list: Vec<Value> = rows
        .iter()
        .skip((page - 1) * size)
        .take(size)
        .map(|(_, row)| row.clone())
        .collect();
    let mut node = success();
    node["page_no"] = json!(page.to_string());
    node["page_size"] = json!(size.to_string());
    node["total_size"] = json!(rows.len().to_string());
    node["detail_list"] = json!(list);
    Ok(node)
}

/// 0.60 %, to the fen.
const fn fee(amount: i64) -> i64 {
    (amount * 6 + 500) / 1_000
}

/// What came and went: payments, what each cost, and refunds by the merchant's number.
fn movements(state: &State, bill: &Bill) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut enter = |at: i64, number: &str, refund: &str, kind: &str, amount: i64| {
        let direction = if amount < 0 { "支出" } else { "收入" };
        let row = json!({
            "account_log_id": format!("{:028}", rows.len() + 1), "trans_dt": beijing_text(at),
            "merchant_order_no": number, "merchant_out_refund_no": refund, "type": kind, "direction": direction,
            "trans_amount": decimal(amount), "balance": "0.00", "other_account": "d*e(dou***@example.com)",
        });
        rows.push((at, row));
    };
    for (number, trade) in &state.trades {
        let said = trade.paid.and_then(|paid| Some((paid, bill.of(number, trade.total)?)));
        if let Some((paid, amount)) = said {
            enter(paid, number, "", "在线支付", amount);
            enter(paid, number, "", "收费", -fee(amount));
        }
    }
    for (request, refund) in &state.refunds {
        let said = refund
            .done
            .and_then(|done| Some((done, bill.of(request, refund.amount)?)));
        if let Some((done, amount)) = said {
            enter(done, &refund.trade, request, "交易退款", -amount);
        }
    }
    for added in &bill.added {
        match &added.refund {
            Some(request) => enter(added.at, &added.number, request, "交易退款", -added.amount),
            None => enter(added.at, &added.number, "", "在线支付", added.amount),
        }
    }
    rows
}

/// Every trade that exists, paid or not.
fn rows(state: &State, bill: &Bill) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, trade) in state.trades.iter().filter(|(_, trade)| trade.exists()) {
        let Some(total) = bill.of(number, trade.total) else {
            continue;
        };
        let done = state
            .refunds
            .iter()
            .filter(|(_, refund)| refund.trade == *number && refund.done.is_some());
        let refunded: i64 = done
            .filter_map(|(request, refund)| bill.of(request, refund.amount))
            .sum();
        let status = match trade.status {
            "WAIT_BUYER_PAY" => "待付款",
            "TRADE_CLOSED" => "关闭",
            _ => "成功",
        };
        let mut row = json!({
            "alipay_order_no": trade.alipay_no, "merchant_order_no": number, "gmt_create": beijing_text(trade.created),
            "goods_title": trade.subject, "other_account": "d*e(dou***@example.com)", "trade_status": status,
            "trade_type": "即时到账交易", "total_amount": decimal(total), "refund_amount": decimal(refunded),
            "service_fee": "0.00", "net_mdiscount": "0.00",
        });
        if trade.paid.is_some() {
            row["service_fee"] = json!(decimal(fee(total)));
        }
        if let Some(paid) = trade.paid {
            row["gmt_pay"] = json!(beijing_text(paid));
        }
        if let Some(refunded) = trade.refunded {
            row["gmt_refund"] = json!(beijing_text(refunded));
        }
        rows.push((trade.created, row));
    }
    rows.extend(bill.added.iter().filter(|added| added.refund.is_none()).map(|added| {
        let row = json!({
            "alipay_order_no": "2026000000000000000000000000", "merchant_order_no": added.number,
            "gmt_create": beijing_text(added.at), "gmt_pay": beijing_text(added.at), "goods_title": "invented",
            "other_account": "n*y(nob***@example.com)", "trade_status": "成功", "trade_type": "即时到账交易",
            "total_amount": decimal(added.amount), "refund_amount": "0.00", "service_fee": "0.00",
            "net_mdiscount": "0.00",
        });
        (added.at, row)
    }));
    rows
}
