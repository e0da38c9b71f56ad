//! Cancelling.

use dynamo::{Begin, Part, Saved, fingerprint};
use kernel::{Actor, LineId, OrderId, StaffId};
use sales::{
    Lost,
    order::{Act, Cancel, LineQuantity, Reason, View},
};
use serde::Deserialize;
use web::{Body, Caller, Precondition, Request, Response};

use crate::{Error, Ports, read::tagged};

/// How often an equal request that was quicker is answered for, before it is left to the caller.
const REPLAYS_MAX: u32 = 2;

/// The body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Why; kept in the history.
    reason: Reason,
    /// Units of lines; absent for the whole order.
    #[serde(default)]
    lines: Option<Vec<Units>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Units {
    line_id: LineId,
    quantity: u32,
}

/// Who was quicker.
#[derive(Debug, Clone, Copy)]
enum Quicker {
    Other(Lost),
    Equal,
}

/// `POST /v1/orders/{id}/cancel`.
#[tracing::instrument(name = "order.cancel", skip_all)]
pub(crate) async fn cancel(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let staff: StaffId = Caller::required(request)?.id()?;
    let id: OrderId = web::path_parameter(request, "id")?;
    let key = web::idempotency_key(request)?;
    let expected = Precondition::required(request)?;
    let input: Input = web::json_body(request)?;
    let scope = format!("{staff} POST /v1/orders/{id}/cancel");
    let act = Act::by(Actor::Staff { id: staff }, ports.ambient.now())
        .because(Some(input.reason))
        .caused_by(web::request_id(request));
    let what = what(input.lines);
    for _ in 0..REPLAYS_MAX {
        let claim = match ports
            .idempotency
            .begin(&scope, key, &fingerprint(web::body(request)?))
            .await?
        {
            Begin::Fresh(claim) => claim,
            Begin::Replay(saved) => return Ok(web::raw_json(saved.status, saved.body)),
            Begin::Mismatch => return Err(Error::KeyReused),
        };
        let order = ports.orders.get(id).await?.ok_or(Error::NotFound)?;
        expected.check(order.version())?;
        let releasing = ports.orders.cancel(&ports.inventory, order, &what, &act).await?;
        let order = &releasing.changed.order;
        let saved = Saved {
            status: 200,
            body: serde_json::to_string(&View::of(order))?,
        };
        let mut writes: Vec<Part<Quicker>> = releasing
            .parts
            .into_iter()
            .map(|part| part.map(Quicker::Other))
            .collect();
        writes.push(claim.record(&saved, Quicker::Equal)?);
        match ports.orders.commit(writes).await? {
            None => return Ok(tagged(web::raw_json(saved.status, saved.body), order)),
            // When an equal request was quicker, the order changed as well: the kept answer comes first.
            Some(Quicker::Equal | Quicker::Other(Lost::Order | Lost::Stock)) => {}
        }
    }
    Err(Error::Stale)
}

fn what(lines: Option<Vec<Units>>) -> Cancel {
    let units = |unit: Units| LineQuantity {
        line: unit.line_id,
        quantity: unit.quantity,
    };
    lines.map_or(Cancel::Whole, |lines| {
        Cancel::Units(lines.into_iter().map(units).collect())
    })
}
