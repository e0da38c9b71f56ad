//! Alipay's notices to our facts.
//!
//! One notice tells the state of a whole trade, so it may tell two facts: what was captured, and how much of it went back
//! so far. A partial refund is one more `TRADE_SUCCESS`; `TRADE_CLOSED` is a trade that nobody paid in time, or one that
//! went back in full. A field that we do not need may be missing; one that we do need, missing, makes the notice a case.

use kernel::Money;

use super::{
    super::{ParseError, Parsed},
    amount, beijing,
    form::{self, Parameters},
    notices::{MISADDRESSED, TRADE_NOTICE},
};
use crate::{Fact, FactKind, ObjectId, Provider, Reading, Reference, Step};

/// What [`Reading::livemode`] is of every notice. Alipay's sandbox has an address and keys of its own, and its words say
/// nothing of it, so this says nothing either: a reading of a query or refund repeats what its intent says.
pub const LIVEMODE: bool = false;

/// Reads a notice that was verified.
pub(in crate::provider) fn parse(body: &[u8]) -> Result<Parsed, ParseError> {
    let notice = form::decode(body).map_err(|_| ParseError("body"))?;
    match notice.get(MISADDRESSED).map(String::as_str) {
        Some("app_id") => return Err(ParseError("app_id")),
        Some(_) => return Err(ParseError("seller_id")),
        None => {}
    }
    if text(&notice, "notify_type") != Some(TRADE_NOTICE) {
        return Ok(Parsed::Ignored);
    }
    let number = text(&notice, "out_trade_no").ok_or(ParseError("out_trade_no"))?;
    let object: ObjectId = number.parse().map_err(|_| ParseError("out_trade_no"))?;
    let trade = Trade {
        status: text(&notice, "trade_status").ok_or(ParseError("trade_status"))?,
        total: money(&notice, "total_amount")?.ok_or(ParseError("total_amount"))?,
        refunded: refunded(&notice)?,
    };
    let at = text(&notice, "gmt_refund").or_else(|| text(&notice, "gmt_payment"));
    Ok(Parsed::Told(Reading {
        reference: Reference {
            order: passed_back(&notice).and_then(|order| order.parse().ok()),
            payment: number.parse().ok(),
            object: Some(object.clone()),
            session: None,
        },
        asked: Some(trade.total),
        livemode: LIVEMODE,
        occurred_at: at.and_then(beijing::read),
        evidence_due_at: None,
        card: None,
        facts: facts(&object, trade.kinds()?),
    }))
}

/// The state of a trade.
pub(super) struct Trade<'a> {
    /// In their words.
    pub(super) status: &'a str,
    /// What was asked, and what is captured once it is paid.
    pub(super) total: Money,
    /// What went back so far, where any did.
    pub(super) refunded: Option<Money>,
}

impl Trade<'_> {
    /// What it tells.
    pub(super) fn kinds(&self) -> Result<Vec<FactKind>, ParseError> {
        let captured = FactKind::Captured { received: self.total };
        let back = self.refunded.map(|total| FactKind::RefundTotal { total });
        match (self.status, back) {
            ("WAIT_BUYER_PAY", _) => Ok(vec![progress(Step::Processing)]),
            ("TRADE_SUCCESS" | "TRADE_FINISHED", None) => Ok(vec![captured]),
            ("TRADE_SUCCESS" | "TRADE_FINISHED" | "TRADE_CLOSED", Some(back)) => Ok(vec![captured, back]),
            ("TRADE_CLOSED", None) => Ok(vec![progress(Step::Expired)]),
            _ => Err(ParseError("trade_status")),
        }
    }
}

/// Facts of one payment object.
pub(super) fn facts(payment: &ObjectId, kinds: Vec<FactKind>) -> Vec<Fact> {
    let fact = |kind| Fact {
        provider: Provider::Alipay,
        payment: payment.clone(),
        kind,
    };
    kinds.into_iter().map(fact).collect()
}

const fn progress(step: Step) -> FactKind {
    FactKind::Progress { step }
}

/// `refund_fee` is a running total. A time of refund without it would leave open how much went back.
fn refunded(notice: &Parameters) -> Result<Option<Money>, ParseError> {
    let fee = money(notice, "refund_fee")?.filter(|fee| fee.amount() > 0);
    if fee.is_none() && text(notice, "gmt_refund").is_some() {
        return Err(ParseError("refund_fee"));
    }
    Ok(fee)
}

fn text<'a>(notice: &'a Parameters, name: &str) -> Option<&'a str> {
    notice.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn money(notice: &Parameters, name: &'static str) -> Result<Option<Money>, ParseError> {
    let read = |value: &str| amount::read(value).ok_or(ParseError(name));
    text(notice, name).map(read).transpose()
}

/// What we gave to be passed back was encoded by us, on top of the form's own encoding.
fn passed_back(notice: &Parameters) -> Option<String> {
    let encoded = text(notice, "passback_params")?;
    let (decoded, _) = form_urlencoded::parse(encoded.as_bytes()).next()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests;
