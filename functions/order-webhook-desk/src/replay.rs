//! Sending again.

use dynamo::{Begin, Claim, Saved, fingerprint};
use kernel::{DeliveryId, OrderId, StaffId};
use messaging::{Lost, Replayed, webhook::EndpointId};
use serde_json::json;
use web::{Body, Caller, Request, Response};

use crate::{Error, Ports};

/// How often a replay is decided anew when deliveries change at the same moment.
const TRIES_MAX: u32 = 4;

/// `POST /v1/orders/{id}/webhook-deliveries/{delivery}/replay`: sends one delivery again, whatever became of it.
#[tracing::instrument(name = "webhook.replay", skip_all)]
pub(crate) async fn one(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let staff: StaffId = Caller::required(request)?.id()?;
    let order: OrderId = web::path_parameter(request, "id")?;
    let id: DeliveryId = web::path_parameter(request, "delivery")?;
    let scope = format!("{staff} POST /v1/orders/{order}/webhook-deliveries/{id}/replay");
    for _ in 0..TRIES_MAX {
        let claim = match claim(ports, request, &scope).await? {
            Ok(claim) => claim,
            Err(kept) => return Ok(kept),
        };
        let delivery = ports.webhooks.get(order, id).await?.ok_or(Error::NotFound)?;
        let replayed = ports.webhooks.replay_one(&delivery).await?;
        if let Some(answer) = commit(ports, &claim, replayed).await? {
            tracing::info!(delivery.id = %id, staff.id = %staff, "webhook.replayed");
            return Ok(answer);
        }
    }
    Err(Error::Busy)
}

/// `POST /v1/webhook-endpoints/{endpoint}/replay`: opens the endpoint and sends what was held, oldest first. While `more`
/// is true, call again with a new key.
#[tracing::instrument(name = "webhook.replay.endpoint", skip_all)]
pub(crate) async fn endpoint(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let staff: StaffId = Caller::required(request)?.id()?;
    let id: EndpointId = web::path_parameter(request, "endpoint")?;
    let scope = format!("{staff} POST /v1/webhook-endpoints/{id}/replay");
    for _ in 0..TRIES_MAX {
        let claim = match claim(ports, request, &scope).await? {
            Ok(claim) => claim,
            Err(kept) => return Ok(kept),
        };
        let replayed = ports.webhooks.replay_endpoint(&id).await?;
        if let Some(answer) = commit(ports, &claim, replayed).await? {
            tracing::info!(endpoint.id = %id, staff.id = %staff, "webhook.endpoint.replayed");
            return Ok(answer);
        }
    }
    Err(Error::Busy)
}

/// The right to answer for the key, or the answer that is kept.
async fn claim(ports: &Ports, request: &Request, scope: &str) -> Result<Result<Claim, Response<Body>>, Error> {
    let key = web::idempotency_key(request)?;
    match ports
        .idempotency
        .begin(scope, key, &fingerprint(web::body(request)?))
        .await?
    {
        Begin::Fresh(claim) => Ok(Ok(claim)),
        Begin::Replay(saved) => Ok(Err(web::raw_json(saved.status, saved.body))),
        Begin::Mismatch => Err(Error::KeyReused),
    }
}

/// The answer; `None` when somebody was quicker.
async fn commit(ports: &Ports, claim: &Claim, replayed: Replayed) -> Result<Option<Response<Body>>, Error> {
    let body = serde_json::to_string(&json!({"scheduled": replayed.count, "more": replayed.more}))?;
    let saved = Saved { status: 202, body };
    let mut writes = replayed.parts;
    writes.push(claim.record(&saved, Lost::Request)?);
    let done = ports.webhooks.commit_replay(writes).await?;
    Ok(done.is_ok().then(|| web::raw_json(saved.status, saved.body)))
}
