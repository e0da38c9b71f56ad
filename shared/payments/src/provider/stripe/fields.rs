//! Fields of Stripe's objects in our types.

use kernel::{Currency, Money, RefundId, Timestamp};
use serde_json::Value;

use super::super::ParseError;
use crate::{FactKind, ObjectId};

pub(super) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

pub(super) fn id(object: &Value, name: &'static str) -> Result<ObjectId, ParseError> {
    text(object, name)
        .and_then(|id| id.parse().ok())
        .ok_or(ParseError(name))
}

/// A reference is an id, or the whole object where it was expanded.
pub(super) fn reference(object: &Value, name: &str) -> Option<ObjectId> {
    let value = object.get(name)?;
    value.as_str().or_else(|| text(value, "id"))?.parse().ok()
}

/// An id of ours in the metadata that we gave.
pub(super) fn metadata<T: std::str::FromStr>(object: &Value, name: &str) -> Option<T> {
    text(object.get("metadata")?, name)?.parse().ok()
}

/// Amounts are integers of the minor unit, currencies lower-case.
pub(super) fn money(object: &Value, name: &'static str) -> Result<Money, ParseError> {
    let amount = object
        .get(name)
        .and_then(Value::as_i64)
        .filter(|amount| *amount >= 0)
        .ok_or(ParseError(name))?;
    let code = text(object, "currency")
        .ok_or(ParseError("currency"))?
        .to_ascii_uppercase();
    let currency: Currency = code.parse().map_err(|_| ParseError("currency"))?;
    Money::new(amount, currency).map_err(|_| ParseError(name))
}

pub(super) fn livemode(object: &Value) -> Result<bool, ParseError> {
    object
        .get("livemode")
        .and_then(Value::as_bool)
        .ok_or(ParseError("livemode"))
}

/// Times are seconds since the epoch.
pub(super) fn time(object: &Value, name: &str) -> Option<Timestamp> {
    let seconds = object.get(name)?.as_i64().filter(|seconds| *seconds > 0)?;
    Some(Timestamp::from_seconds(seconds))
}

/// Stripe's fingerprint of the card that a charge is of: the same for the same number.
pub(super) fn card(charge: &Value) -> Option<ObjectId> {
    let fingerprint = charge.pointer("/payment_method_details/card/fingerprint")?;
    fingerprint.as_str()?.parse().ok()
}

/// A refund as facts name it: our own id where we asked for it, else theirs.
pub(super) fn refund_id(refund: &Value) -> Result<ObjectId, ParseError> {
    let ours = metadata::<RefundId>(refund, "refund_id").and_then(|id| id.to_string().parse().ok());
    ours.map_or_else(|| id(refund, "id"), Ok)
}

/// What a refund object tells.
pub(super) fn refund(object: &Value) -> Result<FactKind, ParseError> {
    let refund = refund_id(object)?;
    let amount = money(object, "amount")?;
    match text(object, "status").ok_or(ParseError("status"))? {
        "succeeded" => Ok(FactKind::RefundSucceeded { refund, amount }),
        "failed" | "canceled" => Ok(FactKind::RefundFailed { refund, amount }),
        "pending" | "requires_action" => Ok(FactKind::RefundPending { refund, amount }),
        _ => Err(ParseError("status")),
    }
}
