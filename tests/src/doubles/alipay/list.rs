//! `alipay.data.bill.sell.query`: trades by the time when they were made, with what is refunded of them so far.

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

/// Answers with one page.
pub(super) fn sold(shared: &Shared, content: &Value) -> Node {
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
    for (wanted, name) in [
        ("merchant_order_no", "merchant_order_no"),
        ("alipay_order_no", "alipay_order_no"),
    ] {
        if let Some(number) = content[wanted].as_str() {
            rows.retain(|(_, row)| row[name] == number);
        }
    }
    rows.sort_by_key(|(at, _)| *at);
    let size = size.min(bill.page_max.max(1));
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

/// Every trade that exists, paid or not.
fn rows(state: &State, bill: &Bill) -> Vec<(i64, Value)> {
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
        if let Some(paid) = trade.paid {
            row["gmt_pay"] = json!(beijing_text(paid));
        }
        if let Some(refunded) = trade.refunded {
            row["gmt_refund"] = json!(beijing_text(refunded));
        }
        rows.push((trade.created, row));
    }
    rows.extend(bill.added.iter().map(|added| {
        let refunded = if added.refund.is_some() { added.amount } else { 0 };
        let row = json!({
            "alipay_order_no": "2026000000000000000000000000", "merchant_order_no": added.number,
            "gmt_create": beijing_text(added.at), "gmt_pay": beijing_text(added.at), "goods_title": "invented",
            "other_account": "n*y(nob***@example.com)", "trade_status": "成功", "trade_type": "即时到账交易",
            "total_amount": decimal(added.amount), "refund_amount": decimal(refunded), "service_fee": "0.00",
            "net_mdiscount": "0.00",
        });
        (added.at, row)
    }));
    rows
}
