//! Giving money back. Our request's id is Alipay's `out_request_no`: asked again under it, Alipay gives nothing twice.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    super::{CallError, RefundOrder},
    amount,
    gateway::{happened, told_of},
    parse::facts,
};
use crate::{FactKind, ObjectId, Reading};

/// The method that refunds.
pub(super) const METHOD: &str = "alipay.trade.refund";
/// The method that asks what became of it.
pub(super) const QUERY: &str = "alipay.trade.fastpay.refund.query";

/// The same for the same request.
pub(super) fn content(order: RefundOrder<'_>, amount: &str) -> Value {
    json!({
        "out_trade_no": order.intent.id,
        "out_request_no": order.request.id,
        "refund_amount": amount,
    })
}

/// By our two numbers.
pub(super) fn question(order: RefundOrder<'_>) -> Value {
    json!({
        "out_trade_no": order.intent.id,
        "out_request_no": order.request.id,
        "query_options": ["gmt_refund_pay"],
    })
}

#[derive(Deserialize)]
struct Asked<'a> {
    out_trade_no: String,
    fund_change: Option<String>,
    /// Of all refunds of the trade together.
    #[serde(borrow)]
    refund_fee: Option<&'a RawValue>,
    gmt_refund_pay: Option<String>,
}

/// Money that moved is a refund that went out. None moved: it did before, or will; `found` tells.
pub(super) fn asked(order: RefundOrder<'_>, node: &str) -> Result<Reading, CallError> {
    let asked: Asked = serde_json::from_str(node).map_err(|_| CallError::Misfit("refund"))?;
    if asked.out_trade_no != order.intent.id.to_string() {
        return Err(CallError::Misfit("out_trade_no"));
    }
    let total = asked
        .refund_fee
        .map(|fee| amount::read_json(fee).map_or(-1, kernel::Money::amount));
    let went = asked.fund_change.as_deref() == Some("Y");
    if went && total.is_some_and(|total| total < order.request.amount.amount()) {
        return Err(CallError::Misfit("refund_fee"));
    }
    told(order, went, asked.gmt_refund_pay.as_deref())
}

#[derive(Deserialize)]
struct Found<'a> {
    out_trade_no: Option<String>,
    out_request_no: Option<String>,
    refund_status: Option<String>,
    #[serde(borrow)]
    refund_amount: Option<&'a RawValue>,
    gmt_refund_pay: Option<String>,
}

/// No state: it never came, failed, or is not done yet. Then there is nothing to tell, and it may be asked for again under
/// the same number.
pub(super) fn found(order: RefundOrder<'_>, node: &str) -> Result<Reading, CallError> {
    let found: Found = serde_json::from_str(node).map_err(|_| CallError::Misfit("refund"))?;
    match found.refund_status.as_deref() {
        None | Some("") => return Ok(told_of(order.intent)?.0),
        Some("REFUND_SUCCESS") => {}
        Some(_) => return told(order, false, None),
    }
    if found.out_trade_no != Some(order.intent.id.to_string()) {
        return Err(CallError::Misfit("out_trade_no"));
    }
    if found.out_request_no != Some(order.request.id.to_string()) {
        return Err(CallError::Misfit("out_request_no"));
    }
    if found.refund_amount.and_then(amount::read_json) != Some(order.request.amount) {
        return Err(CallError::Misfit("refund_amount"));
    }
    told(order, true, found.gmt_refund_pay.as_deref())
}

fn told(order: RefundOrder<'_>, went: bool, at: Option<&str>) -> Result<Reading, CallError> {
    let (told, object) = told_of(order.intent)?;
    let refund: ObjectId = order
        .request
        .id
        .to_string()
        .parse()
        .map_err(|_| CallError::Misfit("id"))?;
    let amount = order.request.amount;
    let kind = if went {
        FactKind::RefundSucceeded { refund, amount }
    } else {
        FactKind::RefundPending { refund, amount }
    };
    Ok(Reading {
        occurred_at: went.then(|| happened(at)).flatten(),
        facts: facts(&object, vec![kind]),
        ..told
    })
}
