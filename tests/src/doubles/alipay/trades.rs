//! Trades: asked for, scanned, paid, queried, closed.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Shared,
    api::{Node, Refused, business},
    notice,
    state::Trade,
};
use crate::doubles::support::{self, Notice, beijing_text, decimal, hundredths};

/// How long the merchant's number may be.
const NUMBER_MAX: usize = 64;
/// What cannot be found.
pub(super) const NOT_EXIST: Refused = business("ACQ.TRADE_NOT_EXIST", "交易不存在");
/// What was asked wrongly.
pub(super) const PARAMETER: Refused = business("ACQ.INVALID_PARAMETER", "参数有误");

/// A successful node.
pub(super) fn success() -> Value {
    json!({"code": "10000", "msg": "Success"})
}

/// `alipay.trade.precreate`: a QR code. There is no trade before it is scanned.
pub(super) fn precreate(shared: &Shared, parameters: &BTreeMap<String, String>, content: &Value) -> Node {
    let number = ask(shared, parameters, content)?;
    let mut state = shared.state();
    let id = state.id(24);
    let trade = state.trades.get_mut(&number).ok_or(NOT_EXIST)?;
    let code = trade
        .qr_code
        .get_or_insert_with(|| format!("https://qr.alipay.com/bax{id}"));
    let mut node = success();
    node["out_trade_no"] = json!(number);
    node["qr_code"] = json!(code);
    Ok(node)
}

/// `alipay.trade.page.pay` and `alipay.trade.wap.pay`: the payer's browser opened the signed address; the trade is there.
pub(super) fn open_page(shared: &Shared, parameters: &BTreeMap<String, String>, content: &Value) -> Node {
    let number = ask(shared, parameters, content)?;
    shared.scan(&number).map_err(|_| NOT_EXIST)?;
    let state = shared.state();
    let trade = state.trades.get(&number).ok_or(NOT_EXIST)?;
    Ok(
        json!({"out_trade_no": number, "subject": trade.subject, "total_amount": decimal(trade.total),
        "return_url": parameters.get("return_url").cloned().unwrap_or_default()}),
    )
}

/// The page that the payer sees.
pub(super) fn page(node: &Value) -> String {
    let text = |name: &str| {
        let text = node[name].as_str().unwrap_or_default();
        text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
    };
    format!(
        "<!doctype html><meta charset=utf-8><title>Alipay (double)</title><h1>{subject}</h1><p>CNY {amount}</p>\
         <form method=post action=/_double/pay><input type=hidden name=out_trade_no value=\"{number}\">\
         <button>Pay</button></form><p><a href=\"{back}\">Back to the shop</a></p>",
        subject = text("subject"),
        amount = text("total_amount"),
        number = text("out_trade_no"),
        back = text("return_url"),
    )
}

/// Keeps what is asked for, once; its number.
fn ask(shared: &Shared, parameters: &BTreeMap<String, String>, content: &Value) -> Result<String, Refused> {
    let text = |name: &str| content[name].as_str().unwrap_or_default();
    let number = text("out_trade_no");
    let letters = number
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let total = hundredths(text("total_amount")).filter(|total| *total > 0);
    let Some(total) = total.filter(|_| letters && !number.is_empty() && number.len() <= NUMBER_MAX) else {
        return Err(PARAMETER);
    };
    if text("subject").is_empty() || text("subject").contains(['/', '=', '&']) {
        return Err(PARAMETER);
    }
    let now = shared.now_s();
    let mut state = shared.state();
    if let Some(trade) = state.trades.get(number) {
        return match trade.status {
            "TRADE_SUCCESS" | "TRADE_FINISHED" => Err(business("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")),
            "TRADE_CLOSED" => Err(business("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")),
            _ if trade.total != total => Err(business("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")),
            _ => Ok(number.to_owned()),
        };
    }
    let trade = Trade {
        total,
        subject: text("subject").to_owned(),
        passback: text("passback_params").to_owned(),
        notify_url: parameters.get("notify_url").cloned().unwrap_or_default(),
        qr_code: None,
        status: "",
        alipay_no: String::new(),
        created: now,
        paid: None,
        refunded: None,
        closed: None,
    };
    state.keep(number, trade);
    Ok(number.to_owned())
}

/// `alipay.trade.query`.
pub(super) fn query(shared: &Shared, content: &Value) -> Node {
    let state = shared.state();
    let number = state.find(content).ok_or(NOT_EXIST)?;
    let trade = state.trades.get(&number).ok_or(NOT_EXIST)?;
    let mut node = success();
    node["trade_no"] = json!(trade.alipay_no);
    node["out_trade_no"] = json!(number);
    node["buyer_logon_id"] = json!("dou***@example.com");
    node["trade_status"] = json!(trade.status);
    node["total_amount"] = json!(decimal(trade.total));
    if let Some(paid) = trade.paid {
        node["send_pay_date"] = json!(beijing_text(paid));
        for name in ["buyer_pay_amount", "receipt_amount", "invoice_amount"] {
            node[name] = json!(decimal(trade.total));
        }
    }
    Ok(node)
}

/// `alipay.trade.close`.
pub(super) fn close(shared: &Arc<Shared>, content: &Value) -> Node {
    let number = shared.state().find(content).ok_or(NOT_EXIST)?;
    let notices = shared
        .end(&number, "TRADE_CLOSED")
        .map_err(|_| business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"))?;
    shared.tell_soon(notices);
    let state = shared.state();
    let trade = state.trades.get(&number).ok_or(NOT_EXIST)?;
    let mut node = success();
    node["trade_no"] = json!(trade.alipay_no);
    node["out_trade_no"] = json!(number);
    Ok(node)
}

impl Shared {
    /// The payer is there: the trade exists from now on.
    pub(super) fn scan(&self, number: &str) -> Result<(), String> {
        let now = self.now_s();
        let mut state = self.state();
        let id = state.id(28);
        let trade = state
            .trades
            .get_mut(number)
            .ok_or("nothing was asked for under this number")?;
        if !trade.exists() {
            trade.status = "WAIT_BUYER_PAY";
            trade.alipay_no = id;
            trade.created = now;
        }
        Ok(())
    }

    /// Pays a trade; the notice of it.
    pub(super) fn pay(&self, number: &str) -> Result<Vec<Notice>, String> {
        self.scan(number)?;
        let now = self.now_s();
        let mut state = self.state();
        let trade = state.trades.get_mut(number).ok_or("no such trade")?;
        if trade.status != "WAIT_BUYER_PAY" {
            return Err(format!("the trade is {}", trade.status));
        }
        trade.status = "TRADE_SUCCESS";
        trade.paid = Some(now);
        Ok(notice::of(&mut state, &self.account, number, None))
    }

    /// Ends a trade: closed without payment, or finished.
    pub(super) fn end(&self, number: &str, status: &'static str) -> Result<Vec<Notice>, String> {
        let now = self.now_s();
        let mut state = self.state();
        let trade = state.trades.get_mut(number).ok_or("no such trade")?;
        let from = if status == "TRADE_FINISHED" {
            "TRADE_SUCCESS"
        } else {
            "WAIT_BUYER_PAY"
        };
        if trade.status != from {
            return Err(format!("the trade is {}", trade.status));
        }
        trade.status = status;
        trade.closed = Some(now);
        Ok(notice::of(&mut state, &self.account, number, None))
    }

    /// Tells what follows from a call of the API, after its answer.
    pub(super) fn tell_soon(self: &Arc<Self>, notices: Vec<Notice>) {
        let (shared, telling) = (Arc::clone(self), self.state().telling.clone());
        tokio::spawn(async move { support::tell(&shared, notices, &telling).await });
    }
}
