//! Refunds: asked for, queried, ended.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{
    Shared,
    api::{Answer, error},
    state::State,
};
use crate::doubles::support::{self, Notice, Telling, beijing_rfc3339};

/// What another amount under the same number is told.
const MISMATCH: &str = "订单金额或退款金额与之前请求不一致，请核实后再试";

/// How a refund ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundEnd {
    /// The payer has the money.
    Success,
    /// The card is gone: a person has to act.
    Abnormal,
    /// Nothing was refunded.
    Closed,
}

/// What becomes of the refunds that are asked for.
#[derive(Debug, Clone)]
pub enum RefundPlan {
    /// They end so, after that many milliseconds, and it is told so.
    Ends(RefundEnd, u64, Telling),
    /// They stay `PROCESSING` until somebody says how they end.
    Waits,
    /// They are refused: the merchant has not enough money.
    NotEnough,
}

impl Default for RefundPlan {
    /// They succeed at once, told once.
    fn default() -> Self {
        Self::Ends(RefundEnd::Success, 0, Telling::default())
    }
}

/// A refund.
#[derive(Debug, Clone)]
pub(super) struct Refund {
    /// The request that made it.
    asked: Value,
    /// `refund_id`.
    pub(super) wechat_id: String,
    pub(super) transaction_id: String,
    pub(super) out_trade_no: String,
    pub(super) amount: i64,
    pub(super) total: i64,
    pub(super) status: &'static str,
    pub(super) created: i64,
    pub(super) ended: Option<i64>,
}

impl RefundEnd {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Abnormal => "ABNORMAL",
            Self::Closed => "CLOSED",
        }
    }
}

/// `POST /v3/refund/domestic/refunds`.
pub(super) fn create(shared: &Arc<Shared>, asked: &Value) -> Answer {
    let Some(number) = asked["out_refund_no"]
        .as_str()
        .filter(|number| !number.is_empty())
        .map(str::to_owned)
    else {
        return error(400, "PARAM_ERROR", "缺少商户退款单号out_refund_no");
    };
    let now = shared.now_s();
    let mut state = shared.state();
    if let Some(refund) = state.refunds.get(&number) {
        if refund.asked == *asked {
            return (200, Some(shown(&number, refund)));
        }
        return error(400, "INVALID_REQUEST", MISMATCH);
    }
    let plan = state.plan.clone();
    if matches!(plan, RefundPlan::NotEnough) {
        return error(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起");
    }
    let refund = match new_refund(&mut state, asked, now) {
        Ok(refund) => refund,
        Err(refused) => return refused,
    };
    let answer = shown(&number, &refund);
    state.refunds.insert(number.clone(), refund);
    drop(state);
    if let RefundPlan::Ends(end, after_ms, telling) = plan {
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after_ms)).await;
            if let Ok(notices) = shared.end_refund(&number, end) {
                support::tell(&shared, notices, &telling).await;
            }
        });
    }
    (200, Some(answer))
}

/// `GET /v3/refund/domestic/refunds/{number}`.
pub(super) fn query(shared: &Shared, number: &str) -> Answer {
    shared.state().refunds.get(number).map_or_else(
        || error(404, "RESOURCE_NOT_EXISTS", "退款单不存在"),
        |refund| (200, Some(shown(number, refund))),
    )
}

fn shown(number: &str, refund: &Refund) -> Value {
    let mut shown = json!({
        "refund_id": refund.wechat_id, "out_refund_no": number, "transaction_id": refund.transaction_id,
        "out_trade_no": refund.out_trade_no, "channel": "ORIGINAL", "user_received_account": "支付用户零钱",
        "create_time": beijing_rfc3339(refund.created), "status": refund.status, "funds_account": "AVAILABLE",
        "amount": {
            "total": refund.total, "refund": refund.amount, "from": [], "payer_total": refund.total,
            "payer_refund": refund.amount, "settlement_refund": refund.amount, "settlement_total": refund.total,
            "discount_refund": 0, "currency": "CNY",
        },
        "promotion_detail": [],
    });
    if refund.status == "SUCCESS" {
        shown["success_time"] = json!(beijing_rfc3339(refund.ended.unwrap_or(refund.created)));
    }
    shown
}

/// Checks what is asked, against the order and what is refunded of it already.
fn new_refund(state: &mut State, asked: &Value, now: i64) -> Result<Refund, Answer> {
    let refund_id = state.id("5");
    let (number, amount) = (asked["out_trade_no"].as_str(), &asked["amount"]);
    let found = state.orders.iter().find(|(key, order)| {
        let paid = order.paid.as_ref().map(|paid| paid.transaction_id.as_str());
        number == Some(key) || (paid.is_some() && asked["transaction_id"].as_str() == paid)
    });
    let (key, order) = found.ok_or_else(|| error(404, "RESOURCE_NOT_EXISTS", "订单不存在"))?;
    let unpaid = || error(400, "INVALID_REQUEST", "订单未支付，不能退款");
    let paid = order.paid.as_ref().ok_or_else(unpaid)?;
    if amount["currency"] != "CNY" {
        return Err(error(400, "PARAM_ERROR", "退款币种currency必填，且只支持CNY"));
    }
    let wanted = amount["refund"].as_i64().unwrap_or_default();
    if amount["total"].as_i64() != Some(order.total()) {
        return Err(error(400, "INVALID_REQUEST", MISMATCH));
    }
    let taken: i64 = state
        .refunds
        .values()
        .filter(|refund| refund.out_trade_no == *key && refund.status != "CLOSED")
        .map(|refund| refund.amount)
        .sum();
    if wanted < 1 || wanted > order.total() - taken {
        return Err(error(400, "INVALID_REQUEST", "申请退款金额大于订单可退金额"));
    }
    Ok(Refund {
        asked: asked.clone(),
        wechat_id: refund_id,
        transaction_id: paid.transaction_id.clone(),
        out_trade_no: key.clone(),
        amount: wanted,
        total: order.total(),
        status: "PROCESSING",
        created: now,
        ended: None,
    })
}

impl Shared {
    /// Ends a refund; the notice of it, if the merchant gave an address.
    pub(super) fn end_refund(&self, number: &str, end: RefundEnd) -> Result<Vec<Notice>, String> {
        let now = self.now_s();
        let mut state = self.state();
        let id = state.id("EV");
        let refund = state.refunds.get_mut(number).ok_or("no such refund")?;
        refund.status = end.as_str();
        refund.ended = Some(now);
        let mut content = json!({
            "mchid": self.account.mchid, "transaction_id": refund.transaction_id,
            "out_trade_no": refund.out_trade_no, "refund_id": refund.wechat_id, "out_refund_no": number,
            "refund_status": refund.status, "user_received_account": "支付用户零钱",
            "amount": {"total": refund.total, "refund": refund.amount, "payer_total": refund.total,
                "payer_refund": refund.amount},
        });
        if end == RefundEnd::Success {
            content["success_time"] = json!(beijing_rfc3339(now));
        }
        let url = refund.asked["notify_url"].as_str().map(str::to_owned);
        Ok(url
            .map(|url| Notice {
                id,
                kind: format!("REFUND.{}", end.as_str()),
                url,
                content,
            })
            .into_iter()
            .collect())
    }

    /// A refund that the merchant did not ask for by the API; it has succeeded.
    pub(super) fn refund_by_hand(&self, order: &str, amount: i64, url: &str) -> Result<Vec<Notice>, String> {
        let now = self.now_s();
        let mut state = self.state();
        let total = state.orders.get(order).ok_or("no such order")?.total();
        let number = state.id("HAND");
        let asked = json!({"out_trade_no": order, "out_refund_no": number, "notify_url": url,
            "amount": {"refund": amount, "total": total, "currency": "CNY"}});
        let refused = |(_, body): Answer| body.unwrap_or_default().to_string();
        let refund = new_refund(&mut state, &asked, now).map_err(refused)?;
        state.refunds.insert(number.clone(), refund);
        drop(state);
        self.end_refund(&number, RefundEnd::Success)
    }
}
