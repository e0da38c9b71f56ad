//! Receipts and adjustments.

use dynamo::Part;
use inventory::{BookRefusal, Inventory, MOVEMENT_QUANTITY_MAX, Movement, Reason};
use kernel::{Actor, Id, LocationId, MovementId, StaffId, Text, VariantId};
use serde::{Deserialize, Serialize};
use web::{Body, Problem, Request, Response, json_body, page_limit, path_parameter, query_parameter, types};

use crate::{
    Error, Ports,
    writing::{self, Refused, Start, Tried},
};

/// Lines of one booking: each is up to 20 parts (movement, 16 shards, card, event) of one transaction.
const LINES_MAX: usize = 20;
/// Parts of one transaction that lines may take: one is the kept answer, one the location.
const LINE_PARTS_MAX: usize = dynamo::PARTS_MAX - 2;
/// How often a booking that lost against buyers is decided again.
const TRIES_MAX: usize = 10;

/// Goods that came in.
#[derive(Deserialize)]
struct Receipt {
    location: LocationId,
    note: Option<Text<500>>,
    lines: Vec<Line>,
}

/// A correction of stock.
#[derive(Deserialize)]
struct Adjustment {
    location: LocationId,
    reason: Reason,
    note: Option<Text<500>>,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    id: Option<MovementId>,
    variant: VariantId,
    quantity: i64,
}

#[derive(Serialize)]
struct Listed {
    items: Vec<Movement>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) async fn list(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let variant: VariantId = path_parameter(request, "variant")?;
    let refused = || Error::Request(Problem::new(&types::MALFORMED).detail("not a cursor of this list"));
    let cursor = match query_parameter(request, "cursor") {
        Some(text) => Some(Inventory::movements_cursor(variant, &text).ok_or_else(refused)?),
        None => None,
    };
    let page = ports.inventory.movements(variant, page_limit(request)?, cursor).await?;
    Ok(web::json(
        200,
        &Listed {
            items: page.items,
            next: page.next.map(|next| next.encode()),
        },
    ))
}

pub(crate) async fn receive(ports: &Ports, request: &Request, who: StaffId) -> Result<Response<Body>, Error> {
    book(ports, request, who, || {
        let body: Receipt = json_body(request)?;
        if let Some(line) = body.lines.iter().position(|line| line.quantity < 0) {
            return Err(Error::field(
                &format!("/lines/{line}/quantity"),
                "a receipt brings goods: more than 0",
            ));
        }
        Ok(Adjustment {
            location: body.location,
            reason: Reason::Receipt,
            note: body.note,
            lines: body.lines,
        })
    })
    .await
}

pub(crate) async fn adjust(ports: &Ports, request: &Request, who: StaffId) -> Result<Response<Body>, Error> {
    book(ports, request, who, || Ok(json_body(request)?)).await
}

async fn book(
    ports: &Ports,
    request: &Request,
    who: StaffId,
    read: impl Fn() -> Result<Adjustment, Error>,
) -> Result<Response<Body>, Error> {
    let writing = match writing::begin(ports, request, who).await? {
        Start::Fresh(writing) => writing,
        Start::Done(response) => return Ok(response),
    };
    let movements = movements(ports, who, &read()?)?;
    let booked = Listed {
        items: movements,
        next: None,
    };
    for _ in 0..TRIES_MAX {
        let writes = writes(ports, &booked.items).await?;
        match writing.commit(ports, writes, 201, &booked).await? {
            Tried::Done(response) => return Ok(response),
            Tried::Again => {}
        }
    }
    Err(Error::Line {
        line: 0,
        refusal: BookRefusal::Raced,
    })
}

fn movements(ports: &Ports, who: StaffId, body: &Adjustment) -> Result<Vec<Movement>, Error> {
    if body.lines.is_empty() || body.lines.len() > LINES_MAX {
        return Err(Error::field("/lines", format!("1 to {LINES_MAX}")));
    }
    let mut seen = std::collections::BTreeSet::new();
    for (index, line) in body.lines.iter().enumerate() {
        if line.quantity == 0 || line.quantity.abs() > MOVEMENT_QUANTITY_MAX {
            let detail = format!("not 0, at most {MOVEMENT_QUANTITY_MAX} either way");
            return Err(Error::field(&format!("/lines/{index}/quantity"), detail));
        }
        if !seen.insert(line.variant) {
            return Err(Error::field(
                &format!("/lines/{index}/variant"),
                "each variant stands once",
            ));
        }
    }
    let movement = |line: &Line| Movement {
        id: line.id.unwrap_or_else(|| MovementId::generate(&ports.ambient)),
        variant: line.variant,
        location: body.location,
        quantity: line.quantity,
        reason: body.reason,
        note: body.note.clone(),
        actor: Actor::Staff { id: who },
        booked_at: ports.ambient.now(),
    };
    Ok(body.lines.iter().map(movement).collect())
}

/// The parts of all lines. The location is checked once, whichever line asked.
async fn writes(ports: &Ports, movements: &[Movement]) -> Result<Vec<Part<Refused>>, Error> {
    let mut writes: Vec<Part<Refused>> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for (line, movement) in movements.iter().enumerate() {
        let booked = ports
            .inventory
            .book(movement)
            .await?
            .map_err(|refusal| Error::Line { line, refusal })?;
        let fresh = booked.into_iter().filter(|part| seen.insert(part.target()));
        writes.extend(fresh.map(|part| part.map(|refusal| Refused::Line(line, refusal))));
    }
    if writes.len() > LINE_PARTS_MAX {
        return Err(Error::field(
            "/lines",
            "too many shards change at once: send fewer lines",
        ));
    }
    Ok(writes)
}
