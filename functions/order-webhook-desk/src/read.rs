//! Lists and endpoints.

use dynamo::{Cursor, Page};
use kernel::{OrderId, StaffId, Timestamp};
use messaging::{
    Webhooks,
    webhook::{Delivery, DeliveryState, Endpoint, EndpointId, EndpointState, StopReason},
};
use serde::Serialize;
use web::{Body, Caller, Problem, Request, Response, types};

use crate::{Error, Ports};

/// A delivery as staff see it.
#[derive(Serialize)]
struct DeliveryView<'a> {
    id: String,
    webhook_id: String,
    order_id: OrderId,
    event: &'a str,
    order_version: u64,
    endpoint_id: &'a EndpointId,
    state: &'static str,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_outcome: Option<&'a str>,
    occurred_at: Timestamp,
    updated_at: Timestamp,
}

/// An endpoint as staff see it.
#[derive(Serialize)]
struct EndpointView<'a> {
    id: &'a EndpointId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Timestamp>,
    /// New events wait until then; over, when it is past.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<StopReason>,
}

#[derive(Serialize)]
struct List<T> {
    items: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

fn view(delivery: &Delivery) -> DeliveryView<'_> {
    let next_attempt_at = match delivery.state {
        DeliveryState::Waiting { due_at } => Some(due_at),
        DeliveryState::Held | DeliveryState::Delivered | DeliveryState::Superseded => None,
    };
    DeliveryView {
        id: delivery.id.to_string(),
        webhook_id: delivery.webhook_id(),
        order_id: delivery.order_id,
        event: &delivery.event,
        order_version: delivery.order_version,
        endpoint_id: &delivery.endpoint,
        state: delivery.state.name(),
        attempts: delivery.attempts,
        next_attempt_at,
        last_outcome: delivery.last.as_deref(),
        occurred_at: delivery.occurred_at,
        updated_at: delivery.updated_at,
    }
}

fn endpoint_view(endpoint: &Endpoint) -> EndpointView<'_> {
    let (state, stopped_at, reason, paused_until) = match endpoint.state {
        EndpointState::Open => ("open", None, None, None),
        EndpointState::Paused { until } => ("open", None, None, Some(until)),
        EndpointState::Stopped { at, reason } => ("stopped", Some(at), Some(reason), None),
    };
    EndpointView {
        id: &endpoint.id,
        state,
        origin: Some(&endpoint.origin),
        stopped_at,
        paused_until,
        reason,
    }
}

fn list<T, V: Serialize>(page: &Page<T>, view: impl FnMut(&T) -> V) -> Response<Body> {
    let next_cursor = page.next.as_ref().map(Cursor::encode);
    web::json(
        200,
        &List {
            items: page.items.iter().map(view).collect(),
            next_cursor,
        },
    )
}

fn cursor(request: &Request, attribute: &str, partition: &str) -> Result<Option<Cursor>, Error> {
    let text = web::query_parameter(request, "cursor");
    Ok(text
        .map(|text| Cursor::decode(&text, attribute, partition))
        .transpose()?)
}

/// `GET /v1/orders/{id}/webhook-deliveries`: newest event first.
pub(crate) async fn of_order(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    Caller::required(request)?.id::<StaffId>()?;
    let order: OrderId = web::path_parameter(request, "id")?;
    let after = cursor(request, "pk", &order.to_string())?;
    let page = ports
        .webhooks
        .list_of_order(order, web::page_limit(request)?, after)
        .await?;
    Ok(list(&page, |delivery| {
        serde_json::to_value(view(delivery)).unwrap_or_default()
    }))
}

/// `GET /v1/webhook-endpoints`: the stopped ones, last stopped first.
pub(crate) async fn stopped(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    Caller::required(request)?.id::<StaffId>()?;
    if web::query_parameter(request, "state").as_deref() != Some("stopped") {
        return Err(Problem::new(&types::MALFORMED)
            .detail("only state=stopped is listed")
            .into());
    }
    let after = cursor(request, "list", Webhooks::stopped_list())?;
    let page = ports.webhooks.list_stopped(web::page_limit(request)?, after).await?;
    Ok(list(&page, |endpoint| {
        serde_json::to_value(endpoint_view(endpoint)).unwrap_or_default()
    }))
}

/// `GET /v1/webhook-endpoints/{endpoint}`. An endpoint that nothing ever went wrong with has no record: it is open.
pub(crate) async fn endpoint(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    Caller::required(request)?.id::<StaffId>()?;
    let id: EndpointId = web::path_parameter(request, "endpoint")?;
    let found = ports.webhooks.endpoint(&id).await?;
    let open = EndpointView {
        id: &id,
        state: "open",
        origin: None,
        stopped_at: None,
        paused_until: None,
        reason: None,
    };
    Ok(web::json(200, &found.as_ref().map_or(open, endpoint_view)))
}

/// `GET /v1/webhook-endpoints/{endpoint}/deliveries?state=held`: newest event first.
pub(crate) async fn of_endpoint(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    Caller::required(request)?.id::<StaffId>()?;
    let id: EndpointId = web::path_parameter(request, "endpoint")?;
    let state = web::query_parameter(request, "state").unwrap_or_else(|| "held".to_owned());
    let state = DeliveryState::parse_name(&state)?;
    let after = cursor(request, "list", &Webhooks::endpoint_list(&id, state))?;
    let page = ports
        .webhooks
        .list_of_endpoint(&id, state, web::page_limit(request)?, after)
        .await?;
    Ok(list(&page, |delivery| {
        serde_json::to_value(view(delivery)).unwrap_or_default()
    }))
}
