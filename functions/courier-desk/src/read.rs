//! What a courier holds, collected and handed in.

use desk::{Error, Member};
use kernel::{Currency, StaffId};
use payments::{AtTheDoor, CashInHand, Collection, Payments};
use serde_json::{Value, json};
use web::{Body, Problem, Request, Response, query_parameter, types};

use crate::Ports;

/// `GET /v1/courier/cash?currency=`: one's own.
pub(crate) async fn own(ports: &Ports, request: &Request, courier: &Member) -> Result<Response<Body>, Error> {
    cash(ports, request, courier.id).await
}

/// `GET /v1/payments/couriers/{id}/cash?currency=`.
pub(crate) async fn of(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    cash(ports, request, web::path_parameter(request, "id")?).await
}

/// Cash in hand, with a page of what was collected and one of what was handed in, newest first. The pages go on by
/// `collections` and `remittances`, their cursors.
async fn cash(ports: &Ports, request: &Request, courier: StaffId) -> Result<Response<Body>, Error> {
    let currency = query_parameter(request, "currency").and_then(|text| text.parse::<Currency>().ok());
    let currency =
        currency.ok_or_else(|| Problem::new(&types::MALFORMED).detail("currency is an ISO 4217 code, such as CNY"))?;
    let cursor = |name: &str| {
        query_parameter(request, name)
            .map(|text| Payments::cash_cursor(courier, currency, &text))
            .transpose()
    };
    let (limit, store) = (web::page_limit(request)?, &ports.payments);
    let hand = store.cash_in_hand(courier, currency).await?;
    let collected = store
        .collections(courier, currency, limit, cursor("collections")?)
        .await?;
    let remitted = store
        .remittances(courier, currency, limit, cursor("remittances")?)
        .await?;
    let collections: Vec<_> = collected.items.iter().map(|visit| visit_view(visit, &hand)).collect();
    let mut body = hand_view(&hand)?;
    if let Some(members) = body.as_object_mut() {
        let listed = |items: Value, next: Option<dynamo::Cursor>| json!({"items": items, "next": next.map(|next| next.encode())});
        members.insert("collections".to_owned(), listed(json!(collections), collected.next));
        members.insert("remittances".to_owned(), listed(json!(remitted.items), remitted.next));
    }
    Ok(web::json(200, &body))
}

/// The running totals, and what follows from them.
pub(crate) fn hand_view(hand: &CashInHand) -> Result<Value, Error> {
    let sums = |error: kernel::MoneyError| Error::Inconsistent(error.to_string());
    Ok(json!({
        "courier": hand.courier,
        "in_hand": hand.held().map_err(sums)?,
        "uncounted": hand.uncounted().map_err(sums)?,
        "collected": hand.collected,
        "remitted": hand.remitted,
        "confirmed": hand.confirmed,
    }))
}

/// A visit. Our payment's id stays inside: the buyer's code follows from it.
pub(crate) fn visit_view(visit: &Collection, hand: &CashInHand) -> Value {
    let mut view = json!({
        "order_id": visit.order,
        "courier": visit.courier,
        "state": visit.state(hand),
        "due": visit.due,
        "at": visit.at,
    });
    if let Some(members) = view.as_object_mut() {
        match &visit.outcome {
            AtTheDoor::Collected { amount, evidence, .. } => {
                members.insert("collected".to_owned(), json!(amount));
                members.insert("short_by".to_owned(), json!(visit.due.minus(*amount).ok()));
                members.insert("evidence".to_owned(), json!(evidence));
            }
            AtTheDoor::Refused { reason } => {
                members.insert("reason".to_owned(), json!(reason));
            }
        }
    }
    view
}
