//! Refunds: asked for, queried, done.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Shared,
    api::{Node, Refused, business},
    notice,
    state::State,
    trades::{NOT_EXIST, PARAMETER, success},
};
use crate::doubles::support::{Notice, beijing_text, decimal, hundredths};

/// What becomes of the refunds that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefundPlan {
    /// They are done at once, and told.
    #[default]
    Now,
    /// They wait, `fund_change` is `N`, until somebody says that they are done.
    Waits,
    /// They are refused: the seller has not enough money.
    NotEnough,
}

/// A refund.
#[derive(Debug, Clone)]
pub(super) struct Refund {
    pub(super) trade: String,
    pub(super) amount: i64,
    pub(super) done: Option<i64>,
}

/// `alipay.trade.refund`. The same `out_request_no` once more changes nothing: `fund_change` is `N` then.
pub(super) fn create(shared: &Arc<Shared>, content: &Value) -> Node {
    let now = shared.now_s();
    let mut state = shared.state();
    let number = state.find(content).ok_or(NOT_EXIST)?;
    let amount = hundredths(content["refund_amount"].as_str().unwrap_or_default()).filter(|amount| *amount > 0);
    let amount = amount.ok_or(PARAMETER)?;
    // Without a number of its own a refund goes by the trade's.
    let request = content["out_request_no"].as_str().unwrap_or(&number).to_owned();
    if let Some(known) = state.refunds.get(&request) {
        if known.amount != amount || known.trade != number {
            return Err(business("ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致"));
        }
        return answer(&state, &number, amount, false);
    }
    refundable(&state, &number, amount)?;
    if state.plan == RefundPlan::NotEnough {
        return Err(business("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足"));
    }
    let refund = Refund {
        trade: number.clone(),
        amount,
        done: None,
    };
    state.refunds.insert(request.clone(), refund);
    let done = state.plan == RefundPlan::Now;
    let mut notices = Vec::new();
    if done {
        finish(&mut state, &request, now);
        notices = notice::of(&mut state, &shared.account, &number, Some(&request));
    }
    let node = answer(&state, &number, amount, done);
    drop(state);
    shared.tell_soon(notices);
    node
}

fn answer(state: &State, number: &str, amount: i64, changed: bool) -> Node {
    let trade = state.trades.get(number).ok_or(NOT_EXIST)?;
    let mut node = success();
    node["trade_no"] = json!(trade.alipay_no);
    node["out_trade_no"] = json!(number);
    node["buyer_logon_id"] = json!("dou***@example.com");
    node["fund_change"] = json!(if changed { "Y" } else { "N" });
    node["refund_fee"] = json!(decimal(state.refunded(number)));
    if changed {
        node["send_back_fee"] = json!(decimal(amount));
    }
    if let Some(refunded) = trade.refunded {
        node["gmt_refund_pay"] = json!(beijing_text(refunded));
    }
    Ok(node)
}

/// What is left, and whether anything may be taken of it.
fn refundable(state: &State, number: &str, amount: i64) -> Result<(), Refused> {
    let trade = state.trades.get(number).ok_or(NOT_EXIST)?;
    match trade.status {
        "TRADE_SUCCESS" => {}
        "TRADE_FINISHED" => return Err(business("ACQ.TRADE_HAS_FINISHED", "交易已完结")),
        "TRADE_CLOSED" => return Err(business("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")),
        _ => return Err(business("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")),
    }
    let of_trade = state.refunds.values().filter(|refund| refund.trade == number);
    let taken: i64 = of_trade.map(|refund| refund.amount).sum();
    if amount > trade.total - taken {
        return Err(business("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限"));
    }
    Ok(())
}

/// The money is back; a trade without money left is closed.
fn finish(state: &mut State, request: &str, now: i64) {
    let Some(refund) = state.refunds.get_mut(request) else {
        return;
    };
    refund.done = Some(now);
    let number = refund.trade.clone();
    let total = state.refunded(&number);
    if let Some(trade) = state.trades.get_mut(&number) {
        trade.refunded = Some(now);
        if total == trade.total {
            trade.status = "TRADE_CLOSED";
            trade.closed = Some(now);
        }
    }
}

/// `alipay.trade.fastpay.refund.query`: of a refund that is not there, or not done, only that the call succeeded.
pub(super) fn query(shared: &Shared, content: &Value) -> Node {
    let state = shared.state();
    let number = state.find(content).ok_or(NOT_EXIST)?;
    let trade = state.trades.get(&number).ok_or(NOT_EXIST)?;
    let request = content["out_request_no"].as_str().ok_or(PARAMETER)?;
    let mut node = success();
    let known = state.refunds.get(request).filter(|refund| refund.trade == number);
    if let Some((refund, done)) = known.and_then(|refund| Some((refund, refund.done?))) {
        node["trade_no"] = json!(trade.alipay_no);
        node["out_trade_no"] = json!(number);
        node["out_request_no"] = json!(request);
        node["total_amount"] = json!(decimal(trade.total));
        node["refund_amount"] = json!(decimal(refund.amount));
        node["refund_status"] = json!("REFUND_SUCCESS");
        let asked = content["query_options"].as_array();
        if asked.is_some_and(|options| options.iter().any(|option| option == "gmt_refund_pay")) {
            node["gmt_refund_pay"] = json!(beijing_text(done));
        }
    }
    Ok(node)
}

impl Shared {
    /// A refund that waited is done.
    pub(super) fn end_refund(&self, request: &str) -> Result<Vec<Notice>, String> {
        let now = self.now_s();
        let mut state = self.state();
        let waits = state.refunds.get(request).filter(|refund| refund.done.is_none());
        let number = waits.ok_or("no such refund waits")?.trade.clone();
        finish(&mut state, request, now);
        Ok(notice::of(&mut state, &self.account, &number, Some(request)))
    }

    /// A refund that the merchant did not ask for by the API.
    pub(super) fn refund_by_hand(&self, number: &str, amount: i64) -> Result<Vec<Notice>, String> {
        let request = {
            let mut state = self.state();
            refundable(&state, number, amount).map_err(|refused| format!("{refused:?}"))?;
            let request = state.id(28);
            let refund = Refund {
                trade: number.to_owned(),
                amount,
                done: None,
            };
            state.refunds.insert(request.clone(), refund);
            request
        };
        self.end_refund(&request)
    }
}
