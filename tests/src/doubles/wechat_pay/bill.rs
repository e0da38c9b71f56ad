//! The daily bill, as `WeChat` Pay writes it.

use bytes::Bytes;
use http::{HeaderValue, Response};
use http_body_util::Full;
use ring::digest;
use serde_json::json;

use super::{
    Shared,
    api::{Answer, error, query},
};
use crate::{
    doubles::support::{Bill, beijing_day, beijing_text, decimal},
    server::{Received, json as answer},
};

/// Path of the file.
pub(super) const FILE: &str = "/v3/billdownload/file";
/// The columns of `bill_type=ALL`.
const HEADER: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,\
付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,\
商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
/// The columns of the sums.
const SUMS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";

/// A payment or a refund.
struct Row {
    at: i64,
    transaction: String,
    order: String,
    refund: Option<(String, String, &'static str)>,
    trade_type: &'static str,
    description: String,
    attach: String,
    amount: i64,
}

/// `GET /v3/bill/tradebill`: where the file of a day is.
pub(super) fn apply(shared: &Shared, request: &Received, base: &str) -> Answer {
    let day = query(request, "bill_date").unwrap_or_default();
    let kind = query(request, "bill_type").unwrap_or_else(|| "ALL".to_owned());
    if kind != "ALL" || query(request, "tar_type").is_some() {
        return error(400, "PARAM_ERROR", "the double writes bill_type=ALL only, not packed");
    }
    let (now, bill) = {
        let mut control = shared.control();
        (control.now_s(), control.bill().clone())
    };
    let digits = day.len() == 10 && day.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !digits || day >= beijing_day(now) {
        return error(400, "INVALID_REQUEST", "账单日期不正确，仅支持三个月内、今天之前的账单");
    }
    if bill.creating {
        return error(400, "STATEMENT_CREATING", "账单生成中，请稍后再试");
    }
    let rows = rows(shared, &bill, &day);
    if rows.is_empty() {
        return error(400, "NO_STATEMENT_EXIST", "账单文件不存在");
    }
    let text = write(shared, &rows);
    let hash = hex::encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()));
    let mut state = shared.state();
    let token = state.id("bill");
    state.bills.insert(token.clone(), text);
    let url = format!("{base}{FILE}?token={token}");
    (
        200,
        Some(json!({"hash_type": "SHA1", "hash_value": hash, "download_url": url})),
    )
}

/// `GET` of the file, verified as any call; its answer carries no signature.
pub(super) fn file(shared: &Shared, request: &Received) -> Response<Full<Bytes>> {
    let token = query(request, "token").unwrap_or_default();
    let Some(text) = shared.state().bills.get(&token).cloned() else {
        return answer(400, &json!({"code": "INVALID_REQUEST", "message": "下载地址已失效"}));
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    response
        .headers_mut()
        .insert("content-type", HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn rows(shared: &Shared, bill: &Bill, day: &str) -> Vec<Row> {
    let state = shared.state();
    let mut rows = Vec::new();
    for (number, order) in &state.orders {
        let Some(paid) = &order.paid else { continue };
        let row = |at, key: &str, refund, amount| {
            bill.of(key, amount).map(|amount| Row {
                at,
                transaction: paid.transaction_id.clone(),
                order: number.clone(),
                refund,
                trade_type: order.trade_type,
                description: order.text("description").to_owned(),
                attach: order.text("attach").to_owned(),
                amount,
            })
        };
        rows.extend(row(paid.at, number, None, order.total()));
        for (refund_number, refund) in state
            .refunds
            .iter()
            .filter(|(_, refund)| refund.out_trade_no == *number)
        {
            let status = match refund.status {
                "ABNORMAL" => "CHANGE",
                "CLOSED" => "FAIL",
                other => other,
            };
            let ids = (refund.wechat_id.clone(), refund_number.clone(), status);
            rows.extend(row(refund.created, refund_number, Some(ids), refund.amount));
        }
    }
    rows.extend(bill.added.iter().map(|added| {
        Row {
            at: added.at,
            transaction: "4200000000000000000000000000".to_owned(),
            order: added.number.clone(),
            refund: added
                .refund
                .as_ref()
                .map(|number| ("50000000000000000000000000000".to_owned(), number.clone(), "SUCCESS")),
            trade_type: "NATIVE",
            description: "invented".to_owned(),
            attach: String::new(),
            amount: added.amount,
        }
    }));
    rows.retain(|row| beijing_day(row.at) == day);
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    rows
}

fn write(shared: &Shared, rows: &[Row]) -> String {
    let mut text = format!("{HEADER}\n");
    let (mut paid, mut refunded, mut fees) = (0, 0, 0);
    for row in rows {
        let (gross, back) = if row.refund.is_some() {
            (0, row.amount)
        } else {
            (row.amount, 0)
        };
        let fee = fee(row.amount) * if row.refund.is_some() { -1 } else { 1 };
        paid += gross;
        refunded += back;
        fees += fee;
        let (refund_id, refund_number, status) = row.refund.clone().unwrap_or(("0".to_owned(), "0".to_owned(), ""));
        let kind = if row.refund.is_some() {
            ("REFUND", "ORIGINAL")
        } else {
            ("SUCCESS", "")
        };
        let values = [
            beijing_text(row.at),
            shared.account.appid.clone(),
            shared.account.mchid.clone(),
            "0".to_owned(),
            String::new(),
            row.transaction.clone(),
            row.order.clone(),
            "oDouble0000000000000000000001".to_owned(),
            row.trade_type.to_owned(),
            kind.0.to_owned(),
            "OTHERS".to_owned(),
            "CNY".to_owned(),
            decimal(gross),
            "0.00".to_owned(),
            refund_id,
            refund_number,
            decimal(back),
            "0.00".to_owned(),
            kind.1.to_owned(),
            status.to_owned(),
            row.description.replace(',', "\\ "),
            row.attach.replace(',', "\\ "),
            format!("{}000", decimal(fee)),
            "0.60%".to_owned(),
            decimal(gross),
            decimal(back),
            String::new(),
        ];
        text.push_str(&line(&values));
    }
    let sums = [
        rows.len().to_string(),
        decimal(paid),
        decimal(refunded),
        "0.00".to_owned(),
        format!("{}000", decimal(fees)),
        decimal(paid),
        decimal(refunded),
    ];
    text.push_str(SUMS);
    text.push('\n');
    text.push_str(&line(&sums));
    text
}

fn line(values: &[String]) -> String {
    let marked: Vec<String> = values.iter().map(|value| format!("`{value}")).collect();
    format!("{}\n", marked.join(","))
}

/// 0.60 %, to the fen.
const fn fee(amount: i64) -> i64 {
    (amount * 6 + 500) / 1_000
}
