//! `WeChat` Pay's words to our facts: what a notice holds, and what calls are answered with, which is the same.

use serde::Deserialize;
use serde_json::Value;

use super::{
    super::{ParseError, Parsed},
    LIVEMODE, money, payment_of,
};
use crate::{Fact, FactKind, ObjectId, Provider, Reading, Reference, Step};

/// The types that we need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `TRANSACTION.SUCCESS`. Failures are not told: they are asked for.
    Transaction,
    /// `REFUND.…`
    Refund(RefundStatus),
}

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefundStatus {
    /// The money went out.
    Success,
    /// On its way.
    Processing,
    /// The payer's account does not take it: a person has to act.
    Abnormal,
    /// Given up: the money stays here.
    Closed,
}

impl Kind {
    pub(super) fn of(event_type: &str) -> Option<Self> {
        match event_type {
            "TRANSACTION.SUCCESS" => Some(Self::Transaction),
            "REFUND.SUCCESS" => Some(Self::Refund(RefundStatus::Success)),
            "REFUND.ABNORMAL" => Some(Self::Refund(RefundStatus::Abnormal)),
            "REFUND.CLOSED" => Some(Self::Refund(RefundStatus::Closed)),
            _ => None,
        }
    }
}

impl RefundStatus {
    fn of(text: &str) -> Option<Self> {
        match text {
            "SUCCESS" => Some(Self::Success),
            "PROCESSING" => Some(Self::Processing),
            "ABNORMAL" => Some(Self::Abnormal),
            "CLOSED" => Some(Self::Closed),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Content {
    event_type: String,
    #[serde(default)]
    foreign: bool,
    #[serde(default)]
    resource: Value,
}

/// Reads what `verify` kept. Of an event that was not opened it is the event itself, of a type that we do not need.
pub(in crate::provider) fn parse(text: &str) -> Result<Parsed, ParseError> {
    let content: Content = serde_json::from_str(text).map_err(|_| ParseError("content"))?;
    let Some(kind) = Kind::of(&content.event_type) else {
        return Ok(Parsed::Ignored);
    };
    if content.foreign {
        return Err(ParseError("merchant"));
    }
    let object = &content.resource;
    let reading = match kind {
        Kind::Transaction => match transaction(object)? {
            Some((reading, true)) => reading,
            _ => return Err(ParseError("trade_state")),
        },
        Kind::Refund(told) => {
            let (reading, status) = refund(object, "refund_status")?;
            if status != told {
                return Err(ParseError("refund_status"));
            }
            reading
        }
    };
    Ok(Parsed::Told(reading))
}

/// A payment, and whether money came. `None`: in a state that we do not know.
///
/// # Errors
///
/// When something that is needed is missing or garbled.
pub(super) fn transaction(object: &Value) -> Result<Option<(Reading, bool)>, ParseError> {
    let kind = match text(object, "trade_state").ok_or(ParseError("trade_state"))? {
        // `payer_total` is after coupons: not our amount.
        "SUCCESS" | "REFUND" => Some(FactKind::Captured {
            received: money::minor(object, "total")?,
        }),
        "CLOSED" | "REVOKED" => Some(FactKind::Progress { step: Step::Canceled }),
        "PAYERROR" => Some(FactKind::Progress { step: Step::Failed }),
        "NOTPAY" | "USERPAYING" | "ACCEPT" => None,
        _ => return Ok(None),
    };
    let captured = matches!(kind, Some(FactKind::Captured { .. }));
    let asked = if captured {
        Some(money::minor(object, "total")?)
    } else {
        None
    };
    Ok(Some((reading(object, asked, kind)?, captured)))
}

/// A refund, and how far it is; `status` is the field that says so.
///
/// # Errors
///
/// When something that is needed is missing or garbled.
pub(super) fn refund(object: &Value, status: &'static str) -> Result<(Reading, RefundStatus), ParseError> {
    let state = text(object, status)
        .and_then(RefundStatus::of)
        .ok_or(ParseError(status))?;
    let refund = id(object, "out_refund_no")?;
    let amount = money::minor(object, "refund")?;
    // The order's total, which is what the intent asked for.
    let asked = money::minor(object, "total")?;
    let kind = match state {
        RefundStatus::Success => FactKind::RefundSucceeded { refund, amount },
        RefundStatus::Processing => FactKind::RefundPending { refund, amount },
        RefundStatus::Abnormal => FactKind::RefundAbnormal { refund, amount },
        RefundStatus::Closed => FactKind::RefundFailed { refund, amount },
    };
    Ok((reading(object, Some(asked), Some(kind))?, state))
}

fn reading(object: &Value, asked: Option<kernel::Money>, kind: Option<FactKind>) -> Result<Reading, ParseError> {
    let payment = id(object, "out_trade_no")?;
    Ok(Reading {
        reference: Reference {
            order: text(object, "attach").and_then(|order| order.parse().ok()),
            payment: payment_of(payment.as_str()),
            object: Some(payment.clone()),
            session: None,
        },
        asked,
        livemode: LIVEMODE,
        occurred_at: text(object, "success_time").and_then(|time| time.parse().ok()),
        evidence_due_at: None,
        card: None,
        facts: kind
            .map(|kind| Fact {
                provider: Provider::WechatPay,
                payment,
                kind,
            })
            .into_iter()
            .collect(),
    })
}

pub(super) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

fn id(object: &Value, name: &'static str) -> Result<ObjectId, ParseError> {
    text(object, name)
        .and_then(|id| id.parse().ok())
        .ok_or(ParseError(name))
}

#[cfg(test)]
mod tests;
