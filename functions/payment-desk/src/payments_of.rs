//! All that is known of one order's money.

use desk::{Error, Member, tagged};
use kernel::{Money, OrderId};
use payments::{Intent, IntentState, Mode, Notice, OrderMoney, RefundRequest, Told};
use serde_json::{Value, json};
use web::{Body, Request, Response};

use crate::{Ports, words};

/// `GET /v1/orders/{id}/payments`. Its `ETag` is the version of the money: a refund names it.
pub(crate) async fn read(ports: &Ports, request: &Request, _: &Member) -> Result<Response<Body>, Error> {
    let id: OrderId = web::path_parameter(request, "id")?;
    let order = ports.orders.get(id).await?.ok_or_else(Error::not_found)?;
    let money = ports.payments.order_money(id, order.value()).await?;
    let told = ports.payments.told(id).await?;
    let mut tries = Vec::with_capacity(money.intents.len());
    for intent in &money.intents {
        tries.push(one_try(ports, intent).await?);
    }
    let state = &money.state;
    let left = Money::new(state.left().max(0), state.due.currency()).map_err(|error| crate::inconsistent(&error))?;
    let body = json!({
        "order_id": id,
        "order_state": order.state().name().as_str(),
        "on_delivery": order.on_delivery(),
        "under_review": order.under_review(),
        "version": state.version,
        "status": state.status(),
        "standing": state.standing,
        "escrow": state.escrow,
        "hold": state.hold,
        "due": state.due,
        "captured": state.folded.total.captured,
        "refunded": state.folded.total.refunded,
        "withdrawn": state.folded.total.withdrawn,
        "refundable": left,
        "tries": tries,
        "facts": told.iter().map(fact).collect::<Vec<_>>(),
        "refunds": state.requests.iter().map(|request| refund(request, &money)).collect::<Vec<_>>(),
        "disputes": money.disputes,
    });
    Ok(tagged(web::json(200, &body), state.version))
}

/// A try to pay, without what the payer pays with. Of cash, where it is.
async fn one_try(ports: &Ports, intent: &Intent) -> Result<Value, Error> {
    let (state, code) = match &intent.state {
        IntentState::InReview { .. } => ("in_review", None),
        IntentState::Approved { .. } => ("approved", None),
        IntentState::Sending => ("sending", None),
        IntentState::Open { .. } => ("open", None),
        IntentState::Refused { code } => ("refused", Some(code)),
    };
    let mut view = json!({
        "payment_id": intent.id,
        "provider": intent.provider,
        "mode": intent.mode,
        "amount": intent.amount,
        "state": state,
        "code": code,
        "created_at": intent.created_at,
    });
    if let (Mode::Cash, Some(members)) = (intent.mode, view.as_object_mut()) {
        members.insert("cash".to_owned(), cash(ports, intent).await?);
    }
    Ok(view)
}

async fn cash(ports: &Ports, intent: &Intent) -> Result<Value, Error> {
    let Some(visit) = ports.payments.collection(intent.id).await? else {
        return Ok(json!({"state": payments::CashState::CodPending}));
    };
    let hand = ports.payments.cash_in_hand(visit.courier, visit.due.currency()).await?;
    Ok(json!({
        "state": visit.state(&hand),
        "courier": visit.courier,
        "due": visit.due,
        "at": visit.at,
        "outcome": visit.outcome,
    }))
}

fn fact(told: &Told) -> Value {
    json!({
        "says": words::of(&told.fact.kind),
        "provider": told.fact.provider,
        "payment": told.fact.payment,
        "fact": told.fact.kind,
        "source": Notice::source_of(&told.delivery).as_str(),
        "delivery": told.delivery,
        "told_at": told.told_at,
    })
}

/// A refund and how far it is.
pub(crate) fn refund(request: &RefundRequest, money: &OrderMoney) -> Value {
    json!({
        "id": request.id,
        "amount": request.amount,
        "reason": request.reason,
        "progress": request.progress(&money.state.folded),
        "provider": request.provider,
        "payment": request.payment,
        "lines": request.lines,
        "by": request.by,
        "requested_at": request.requested_at,
        "provider_refund": request.provider_refund,
    })
}
