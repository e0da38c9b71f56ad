//! A day's movements: the charges and then the refunds that were made on that UTC day.
//!
//! Charges rather than `PaymentIntents`, which may be days older than the money: a charge is made when the payer pays. One of
//! a delayed method is pending on its day and succeeds later, so a day is read again for as long as that takes. The fee is
//! that of the charge's balance transaction, which comes with the list, where Stripe took it in the charge's currency.
//! Tries that failed moved nothing, and are no rows.

use kernel::{Money, Timestamp};
use serde_json::Value;
use web::HttpClient;

use super::{
    super::{CallError, ParseError, StatementPage, StatementRow, StatementState},
    Stripe,
    fields::{id, metadata, money, reference, refund_id, text},
};

/// Rows of one page, at most.
pub const STATEMENT_ROWS_MAX: usize = 100;
/// A day.
const DAY_S: i64 = 86_400;

/// The two lists of a day, in the order in which they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Charges,
    Refunds,
}

impl List {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Charges => "charges",
            Self::Refunds => "refunds",
        }
    }

    const fn next(self) -> Option<Self> {
        match self {
            Self::Charges => Some(Self::Refunds),
            Self::Refunds => None,
        }
    }
}

/// The page after `after`: `refunds`, or `charges:ch_…`, the last one that was read.
pub(super) async fn page<C: HttpClient>(
    stripe: &Stripe<C>,
    day: &str,
    after: Option<&str>,
) -> Result<StatementPage, CallError> {
    let from: Timestamp = format!("{day}T00:00:00Z")
        .parse()
        .map_err(|_| CallError::Misfit("day"))?;
    let (list, read_to) = position(after)?;
    let (from_s, to_s) = (from.seconds().to_string(), (from.seconds() + DAY_S).to_string());
    let limit = STATEMENT_ROWS_MAX.to_string();
    let mut query = vec![("created[gte]", &*from_s), ("created[lt]", &*to_s), ("limit", &*limit)];
    if list == List::Charges {
        query.push(("expand[]", "data.balance_transaction"));
    }
    query.extend(read_to.map(|id| ("starting_after", id)));
    let answer = stripe.get(&format!("/v1/{}", list.as_str()), &query).await?;
    read(list, &answer.unwrap_or_default())
}

fn position(after: Option<&str>) -> Result<(List, Option<&str>), CallError> {
    let Some(after) = after else {
        return Ok((List::Charges, None));
    };
    let (name, read_to) = match after.split_once(':') {
        Some((name, id)) => (name, Some(id)),
        None => (after, None),
    };
    match name {
        "charges" => Ok((List::Charges, read_to)),
        "refunds" => Ok((List::Refunds, read_to)),
        _ => Err(CallError::Misfit("page")),
    }
}

fn read(list: List, answer: &Value) -> Result<StatementPage, CallError> {
    let objects = answer
        .get("data")
        .and_then(Value::as_array)
        .ok_or(CallError::Misfit("data"))?;
    let mut page = StatementPage::default();
    for object in objects {
        let row = match list {
            List::Charges => charge(object),
            List::Refunds => refund(object).map(Some),
        };
        match row {
            Ok(row) => page.rows.extend(row),
            Err(ParseError(_)) => page.unreadable += 1,
        }
    }
    let more = answer.get("has_more").and_then(Value::as_bool) == Some(true);
    page.next = match objects.last() {
        Some(object) if more => Some(format!("{}:{}", list.as_str(), id(object, "id")?)),
        _ => list.next().map(|next| next.as_str().to_owned()),
    };
    Ok(page)
}

/// A charge; nothing where it moved nothing.
fn charge(object: &Value) -> Result<Option<StatementRow>, ParseError> {
    let (state, amount) = match text(object, "status").ok_or(ParseError("status"))? {
        "succeeded" if object.get("captured").and_then(Value::as_bool) == Some(false) => return Ok(None),
        "succeeded" => (StatementState::Succeeded, money(object, "amount_captured")?),
        "pending" => (StatementState::Pending, money(object, "amount")?),
        _ => return Ok(None),
    };
    Ok(Some(StatementRow {
        payment: reference(object, "payment_intent").map_or_else(|| id(object, "id"), Ok)?,
        refund: None,
        amount,
        fee: fee(object, amount),
        state,
        order: metadata(object, "order_id"),
        intent: metadata(object, "payment_id"),
    }))
}

fn fee(charge: &Value, amount: Money) -> Money {
    let transaction = charge.get("balance_transaction").unwrap_or(&Value::Null);
    money(transaction, "fee")
        .ok()
        .filter(|fee| fee.currency() == amount.currency())
        .unwrap_or_else(|| Money::zero(amount.currency()))
}

fn refund(object: &Value) -> Result<StatementRow, ParseError> {
    let amount = money(object, "amount")?;
    Ok(StatementRow {
        payment: reference(object, "payment_intent")
            .or_else(|| reference(object, "charge"))
            .ok_or(ParseError("payment_intent"))?,
        refund: Some(refund_id(object)?),
        amount,
        fee: Money::zero(amount.currency()),
        state: match text(object, "status").ok_or(ParseError("status"))? {
            "succeeded" => StatementState::Succeeded,
            "failed" | "canceled" => StatementState::Failed,
            _ => StatementState::Pending,
        },
        order: metadata(object, "order_id"),
        intent: metadata(object, "payment_id"),
    })
}

#[cfg(test)]
mod tests;
