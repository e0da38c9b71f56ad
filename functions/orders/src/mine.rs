//! A signed-in customer's own orders.

use dynamo::{Begin, Part, Saved, fingerprint};
use kernel::{Actor, CustomerId, OrderId};
use sales::{
    List, Lost,
    order::{Act, Cancel, Reason, View},
};
use serde::{Deserialize, Serialize};
use web::{Body, Caller, Request, Response, query_parameter};

use crate::{Error, Ports};

/// How often an order that changed meanwhile is looked at again.
const TRIES_MAX: u32 = 4;

/// A page on the wire.
#[derive(Serialize)]
struct Listed<'a> {
    items: Vec<View<'a>>,
    /// `cursor` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// `GET /v1/me/orders`.
pub(crate) async fn list<H, V>(ports: &Ports<H, V>, request: &Request) -> Result<Response<Body>, Error> {
    let customer: CustomerId = Caller::required(request)?.id()?;
    let cursor = query_parameter(request, "cursor");
    let limit = web::page_limit(request)?;
    let page = ports
        .orders
        .list(&List::Customer(customer), limit, cursor.as_deref())
        .await??;
    Ok(web::json(
        200,
        &Listed {
            items: page.orders.iter().map(View::of).collect(),
            next: page.next,
        },
    ))
}

/// The body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default)]
    reason: Option<Reason>,
}

/// Who was quicker.
#[derive(Debug, Clone, Copy)]
enum Quicker {
    Other(Lost),
    Equal,
}

/// `POST /v1/me/orders/{id}/cancel`: the whole order, while nothing of it was shipped. It takes no `If-Match`: what the
/// customer asks for does not depend on which version they saw, and the state refuses what is too late.
#[tracing::instrument(name = "order.cancel", skip_all)]
pub(crate) async fn cancel<H, V>(ports: &Ports<H, V>, request: &Request) -> Result<Response<Body>, Error> {
    let customer: CustomerId = Caller::required(request)?.id()?;
    let id: OrderId = web::path_parameter(request, "id")?;
    let key = web::idempotency_key(request)?;
    let body = web::body(request)?;
    let reason = if body.is_empty() {
        None
    } else {
        web::json_body::<Input>(request)?.reason
    };
    let scope = format!("{customer} POST /v1/me/orders/{id}/cancel");
    let act = Act::by(Actor::Customer { id: customer }, ports.ambient.now())
        .because(reason)
        .caused_by(web::request_id(request));
    for _ in 0..TRIES_MAX {
        let claim = match ports.idempotency.begin(&scope, key, &fingerprint(body)).await? {
            Begin::Fresh(claim) => claim,
            Begin::Replay(saved) => return Ok(web::raw_json(saved.status, saved.body)),
            Begin::Mismatch => return Err(Error::KeyReused),
        };
        let order = ports
            .orders
            .get(id)
            .await?
            .filter(|order| order.customer() == Some(customer));
        let order = order.ok_or(Error::NotFound)?;
        let releasing = ports
            .orders
            .cancel(&ports.inventory, order, &Cancel::Whole, &act)
            .await?;
        let answer = serde_json::to_string(&View::of(&releasing.changed.order))?;
        let saved = Saved {
            status: 200,
            body: answer,
        };
        let mut writes: Vec<Part<Quicker>> = releasing
            .parts
            .into_iter()
            .map(|part| part.map(Quicker::Other))
            .collect();
        writes.push(claim.record(&saved, Quicker::Equal)?);
        match ports.orders.commit(writes).await? {
            None => return Ok(web::raw_json(saved.status, saved.body)),
            Some(Quicker::Equal | Quicker::Other(Lost::Order | Lost::Stock)) => {}
        }
    }
    Err(Error::Busy)
}
