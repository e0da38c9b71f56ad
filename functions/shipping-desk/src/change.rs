//! The frame of every change, and the changes that concern the shipment alone.

use dynamo::{Begin, CommitError, Part, Saved, fingerprint};
use fulfilment::{Shipment, Units};
use kernel::{Actor, Id, LineId, ShipmentId, StaffId};
use lambda_http::{Body, Request, Response};
use sales::order::{Act, Scan, ShipmentStatus};
use serde::Deserialize;
use serde_json::Value;
use web::Precondition;

use crate::{Error, Ports, read::with_etag, view};

/// How often a change is decided again, when somebody else is quicker.
const TRIES_MAX: u32 = 5;

/// Why writes were refused: load and decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raced {
    /// An equal request with the same key was quicker.
    Key,
    /// The shipment, its parcel, its order or its stock changed.
    State,
}

/// What one call decides: the shipment afterwards, and the writes that make it so.
pub(crate) struct Decided {
    /// What is answered.
    pub(crate) shipment: Shipment,
    /// More that is answered, such as the other half of a split.
    pub(crate) more: Option<(&'static str, Value)>,
    /// What is committed.
    pub(crate) writes: Vec<Part<Raced>>,
}

/// Who asked for it, and by which request.
pub(crate) struct By {
    /// Who.
    pub(crate) staff: StaffId,
    /// The request.
    pub(crate) correlation: String,
}

/// One kind of change.
pub(crate) trait Change: Sync {
    /// Decides on a shipment as it was read now.
    fn decide(&self, ports: &Ports, shipment: Shipment, by: &By)
    -> impl Future<Output = Result<Decided, Error>> + Send;
}

/// Load, decide, commit with the kept answer; again when somebody else was quicker.
pub(crate) async fn run(
    ports: &Ports,
    request: &Request,
    staff: StaffId,
    change: &impl Change,
) -> Result<Response<Body>, Error> {
    let id: ShipmentId = web::path_parameter(request, "id")?;
    let key = web::idempotency_key(request)?;
    let expected = Precondition::required(request)?;
    let scope = format!("{staff} {} {id}", web::route_key(request));
    let print = fingerprint(web::body(request)?);
    let by = By {
        staff,
        correlation: web::request_id(request),
    };
    for _ in 0..TRIES_MAX {
        let claim = match ports.idempotency.begin(&scope, key, &print).await? {
            Begin::Fresh(claim) => claim,
            Begin::Replay(saved) => return Ok(answer(&saved)),
            Begin::Mismatch => return Err(Error::KeyReused),
        };
        let shipment = ports.fulfilment.shipment(id).await?.ok_or(Error::NotFound)?;
        expected.check(shipment.version)?;
        let mut decided = change.decide(ports, shipment, &by).await?;
        let saved = Saved {
            status: 200,
            body: body(&decided).to_string(),
        };
        decided.writes.push(claim.record(&saved, Raced::Key)?);
        match ports.fulfilment.dynamo().commit(decided.writes).await {
            Ok(()) => {
                tracing::info!(shipment.id = %id, staff.id = %by.staff, state = %decided.shipment.state.name(), "shipment.changed");
                return Ok(answer(&saved));
            }
            Err(CommitError::Refused(_) | CommitError::Conflict) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Error::Busy)
}

fn body(decided: &Decided) -> Value {
    let mut body = view::shipment(&decided.shipment);
    if let (Some(members), Some((name, value))) = (body.as_object_mut(), &decided.more) {
        members.insert((*name).to_owned(), value.clone());
    }
    body
}

/// A kept answer, with the entity tag of the version that it tells of.
fn answer(saved: &Saved) -> Response<Body> {
    let kept: Option<Value> = serde_json::from_str(&saved.body).ok();
    let version = kept.and_then(|body| body.get("version")?.as_u64()).unwrap_or_default();
    with_etag(web::raw_json(saved.status, saved.body.clone()), version)
}

/// Somebody goes to fetch it.
pub(crate) struct Pick;
/// It is in its box.
pub(crate) struct Pack;
/// It is given up; a person settles with buyer and carrier.
pub(crate) struct Lose;
/// Some of it becomes a shipment of its own.
pub(crate) struct Split(Vec<Units>);

impl Change for Pick {
    async fn decide(&self, ports: &Ports, shipment: Shipment, by: &By) -> Result<Decided, Error> {
        alone(ports, shipment.start_picking(ports.ambient.now()), by)
    }
}

impl Change for Pack {
    async fn decide(&self, ports: &Ports, shipment: Shipment, by: &By) -> Result<Decided, Error> {
        alone(ports, shipment.pack(ports.ambient.now()), by)
    }
}

impl Change for Lose {
    /// The buyer's order says so too: somebody looks after it.
    async fn decide(&self, ports: &Ports, shipment: Shipment, by: &By) -> Result<Decided, Error> {
        let now = ports.ambient.now();
        let mut decided = alone(ports, shipment.lose(now), by)?;
        let Some(order) = ports.orders.get(decided.shipment.order).await? else {
            return Ok(decided);
        };
        let scan = Scan {
            shipment: decided.shipment.id,
            status: ShipmentStatus::Exception,
            at: now,
            description: None,
        };
        let act = Act::by(Actor::Staff { id: by.staff }, now).caused_by(&by.correlation);
        match order.track(&scan, &act) {
            Ok(changed) => decided.writes.extend(ports.orders.save(&changed, Raced::State)?),
            // It says so already, or it counts the parcel as arrived: then the shipment alone is lost.
            Err(refused) => tracing::info!(shipment.id = %scan.shipment, %refused, "shipment.lost.order_unchanged"),
        }
        Ok(decided)
    }
}

fn alone(ports: &Ports, changed: Result<fulfilment::Changed, fulfilment::Refused>, by: &By) -> Result<Decided, Error> {
    let changed = changed.map_err(Error::Shipment)?;
    let writes = ports.fulfilment.save(&changed, Some(&by.correlation), Raced::State)?;
    Ok(Decided {
        shipment: changed.shipment,
        more: None,
        writes,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitBody {
    lines: Vec<SplitLine>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitLine {
    line_id: LineId,
    quantity: u32,
}

impl Split {
    /// From the body: `{"lines":[{"line_id","quantity"}]}`.
    pub(crate) fn of(request: &Request) -> Result<Self, Error> {
        let body: SplitBody = web::json_body(request)?;
        Ok(Self(
            body.lines
                .iter()
                .map(|line| Units {
                    line: line.line_id,
                    quantity: line.quantity,
                })
                .collect(),
        ))
    }
}

impl Change for Split {
    async fn decide(&self, ports: &Ports, shipment: Shipment, by: &By) -> Result<Decided, Error> {
        let id = ShipmentId::generate(&ports.ambient);
        let (rest, new) = shipment
            .split(&self.0, id, ports.ambient.now())
            .map_err(Error::Shipment)?;
        let mut writes = ports.fulfilment.save(&rest, Some(&by.correlation), Raced::State)?;
        writes.extend(ports.fulfilment.insert(&new, Some(&by.correlation), Raced::State)?);
        Ok(Decided {
            shipment: rest.shipment,
            more: Some(("split_off", view::shipment(&new.shipment))),
            writes,
        })
    }
}
