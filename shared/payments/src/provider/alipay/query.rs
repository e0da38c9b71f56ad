//! What became of a payment.

use kernel::Money;
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

use super::{
    super::CallError,
    amount,
    gateway::{happened, told_of},
    parse::{Trade, facts},
};
use crate::{Intent, Reading};

/// The method.
pub(super) const METHOD: &str = "alipay.trade.query";

/// By our number.
pub(super) fn content(intent: &Intent) -> Value {
    json!({"out_trade_no": intent.id})
}

#[derive(Deserialize)]
struct Found<'a> {
    out_trade_no: String,
    trade_status: String,
    #[serde(borrow)]
    total_amount: &'a RawValue,
    /// When it was paid.
    send_pay_date: Option<String>,
}

/// The trade's state. The answer says nothing of refunds; but a trade that was paid and is closed went back in full.
pub(super) fn reading(intent: &Intent, node: &str) -> Result<Reading, CallError> {
    let found: Found = serde_json::from_str(node).map_err(|_| CallError::Misfit("trade"))?;
    let (told, object) = told_of(intent)?;
    if found.out_trade_no != object.as_str() {
        return Err(CallError::Misfit("out_trade_no"));
    }
    let total: Money = amount::read_json(found.total_amount).ok_or(CallError::Misfit("total_amount"))?;
    let paid_at = found.send_pay_date.as_deref().filter(|at| !at.is_empty());
    let went_back = found.trade_status == "TRADE_CLOSED" && paid_at.is_some();
    let trade = Trade {
        status: &found.trade_status,
        total,
        refunded: went_back.then_some(total),
    };
    let kinds = trade.kinds().map_err(|error| CallError::Misfit(error.0))?;
    Ok(Reading {
        asked: Some(total),
        occurred_at: happened(paid_at),
        facts: facts(&object, kinds),
        ..told
    })
}
