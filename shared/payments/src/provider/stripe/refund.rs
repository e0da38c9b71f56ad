//! Giving money back.
//!
//! Our refund is found again in two ways: by the idempotency key, which Stripe keeps for a day, and by our id in the refund's
//! metadata, which it keeps for ever. So a refund is looked for before it is asked for, and however late a request is sent
//! again, no second one is made.

use serde_json::Value;
use web::HttpClient;

use super::{
    super::{CallError, ParseError, RefundOrder},
    Stripe,
    fields::{id, money, reference, refund as told, text, time},
    query::session,
};
use crate::{Fact, ObjectId, Provider, Reading, Reference};

/// Refunds of one page of a payment's list.
const PAGE_REFUNDS_MAX: &str = "100";
/// Pages of a payment's list that are read, at most.
const PAGES_MAX: usize = 5;

/// Asks for a refund, unless it was made already.
pub(super) async fn refund<C: HttpClient>(stripe: &Stripe<C>, order: RefundOrder<'_>) -> Result<Reading, CallError> {
    let payment = payment_intent(stripe, order).await?;
    if let Some(made) = find(stripe, &payment, order).await? {
        return reading(&payment, &made, order);
    }
    let key = order.request.id.to_string();
    let made = stripe.post("/v1/refunds", form(&payment, order), &key).await?;
    reading(&payment, &made, order)
}

/// What became of a refund; no facts when there is none.
pub(super) async fn query<C: HttpClient>(stripe: &Stripe<C>, order: RefundOrder<'_>) -> Result<Reading, CallError> {
    let payment = payment_intent(stripe, order).await?;
    match find(stripe, &payment, order).await? {
        Some(made) => reading(&payment, &made, order),
        None => Ok(empty(&payment, order)),
    }
}

/// Facts are of the `PaymentIntent`. A hosted page stands for it only as long as it has none.
async fn payment_intent<C: HttpClient>(stripe: &Stripe<C>, order: RefundOrder<'_>) -> Result<ObjectId, CallError> {
    let payment = &order.request.payment;
    if !payment.as_str().starts_with("cs_") {
        return Ok(payment.clone());
    }
    let session = session(stripe, payment).await?.unwrap_or_default();
    reference(&session, "payment_intent").ok_or(CallError::Misfit("payment_intent"))
}

/// The refund with our id, among those of the payment.
async fn find<C: HttpClient>(
    stripe: &Stripe<C>,
    payment: &ObjectId,
    order: RefundOrder<'_>,
) -> Result<Option<Value>, CallError> {
    let wanted = order.request.id.to_string();
    let mut after: Option<ObjectId> = None;
    for _ in 0..PAGES_MAX {
        let mut query = vec![("payment_intent", payment.as_str()), ("limit", PAGE_REFUNDS_MAX)];
        query.extend(after.as_ref().map(|after| ("starting_after", after.as_str())));
        // No such payment: no refund of it.
        let page = stripe.get("/v1/refunds", &query).await?.unwrap_or_default();
        let refunds = page
            .get("data")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let ours = |refund: &&Value| refund.pointer("/metadata/refund_id").and_then(Value::as_str) == Some(&*wanted);
        if let Some(found) = refunds.iter().find(ours) {
            return Ok(Some(found.clone()));
        }
        after = refunds.last().and_then(|last| id(last, "id").ok());
        if after.is_none() || page.get("has_more").and_then(Value::as_bool) != Some(true) {
            return Ok(None);
        }
    }
    Err(CallError::Misfit("more refunds than a payment can have"))
}

fn form(payment: &ObjectId, order: RefundOrder<'_>) -> String {
    let request = order.request;
    form_urlencoded::Serializer::new(String::new())
        .append_pair("payment_intent", payment.as_str())
        .append_pair("amount", &request.amount.amount().to_string())
        .append_pair("metadata[refund_id]", &request.id.to_string())
        .append_pair("metadata[order_id]", &request.order.to_string())
        .append_pair("metadata[payment_id]", &order.intent.id.to_string())
        .finish()
}

/// Their answer is their word: what it says must be what was asked.
fn reading(payment: &ObjectId, refund: &Value, order: RefundOrder<'_>) -> Result<Reading, CallError> {
    let misfit = |what: &'static str| Err(CallError::Misfit(what));
    if reference(refund, "payment_intent").as_ref() != Some(payment) {
        return misfit("payment_intent");
    }
    if money(refund, "amount").map_err(|ParseError(name)| CallError::Misfit(name))? != order.request.amount {
        return misfit("amount");
    }
    if refund.get("metadata").and_then(|metadata| text(metadata, "refund_id")) != Some(&*order.request.id.to_string()) {
        return misfit("metadata");
    }
    let fact = Fact {
        provider: Provider::Stripe,
        payment: payment.clone(),
        kind: told(refund)?,
    };
    Ok(Reading {
        occurred_at: time(refund, "created"),
        facts: vec![fact],
        ..empty(payment, order)
    })
}

fn empty(payment: &ObjectId, order: RefundOrder<'_>) -> Reading {
    Reading {
        reference: Reference {
            order: Some(order.request.order),
            payment: Some(order.intent.id),
            object: Some(payment.clone()),
            session: None,
        },
        asked: None,
        livemode: order.intent.livemode,
        occurred_at: None,
        evidence_due_at: None,
        card: None,
        facts: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
