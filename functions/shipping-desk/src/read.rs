//! Lists, the pick list, and one shipment with where it goes.

use std::collections::BTreeMap;

use dynamo::Cursor;
use fulfilment::{List, Shipment, StateName};
use kernel::{LocationId, OrderId, ShipmentId, VariantId};
use lambda_http::{Body, Request, Response};
use privacy::{Place, VaultError};
use sales::order::{DESTINATION_FIELD, SEALED_ENTITY};
use serde_json::{Value, json};
use web::{Problem, types};

use crate::{Error, Ports, view};

/// The most shipments that one pick list sums up: what one person carries in one round, generously.
const PICK_SHIPMENTS_MAX: u16 = 100;

fn parameter<T: std::str::FromStr>(request: &Request, name: &str) -> Result<Option<T>, Problem> {
    let text = web::query_parameter(request, name);
    text.map(|text| {
        text.parse()
            .map_err(|_| Problem::new(&types::MALFORMED).detail(format!("{name} is not of its form")))
    })
    .transpose()
}

/// `?order=…`: the shipments of an order. Else `?state=…&location=…`: a page of a list, oldest first.
pub(crate) async fn list(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    if let Some(order) = parameter::<OrderId>(request, "order")? {
        let shipments = ports.fulfilment.of_order(order).await?;
        return Ok(page(&shipments, None));
    }
    let state = parameter(request, "state")?.unwrap_or(StateName::ToPick);
    let list = List {
        state,
        location: parameter::<LocationId>(request, "location")?,
    };
    let cursor = web::query_parameter(request, "cursor")
        .map(|text| list.cursor(&text))
        .transpose();
    let cursor = cursor.map_err(|error| Problem::new(&types::MALFORMED).detail(error.to_string()))?;
    let found = ports.fulfilment.list(&list, web::page_limit(request)?, cursor).await?;
    Ok(page(&found.items, found.next.as_ref()))
}

fn page(shipments: &[Shipment], next: Option<&Cursor>) -> Response<Body> {
    let items: Vec<Value> = shipments.iter().map(view::shipment).collect();
    web::json(200, &json!({"items": items, "next_cursor": next.map(Cursor::encode)}))
}

/// What to fetch from the shelves of a place, summed by variant, for the oldest shipments in a state (`to_pick`, or
/// `picking` for what somebody is about).
pub(crate) async fn pick_list(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let state = parameter(request, "state")?.unwrap_or(StateName::ToPick);
    let list = List {
        state,
        location: parameter::<LocationId>(request, "location")?,
    };
    let found = ports.fulfilment.list(&list, PICK_SHIPMENTS_MAX, None).await?;
    let mut sums: BTreeMap<VariantId, (u32, String)> = BTreeMap::new();
    for shipment in &found.items {
        for pick in shipment.picks() {
            let title = title_of(shipment, pick.variant);
            let sum = sums.entry(pick.variant).or_insert((0, title));
            sum.0 = sum.0.saturating_add(pick.quantity);
        }
    }
    let picks: Vec<Value> = sums
        .into_iter()
        .map(|(variant, (quantity, title))| json!({"variant_id": variant, "title": title, "quantity": quantity}))
        .collect();
    let shipments: Vec<ShipmentId> = found.items.iter().map(|shipment| shipment.id).collect();
    Ok(web::json(
        200,
        &json!({"picks": picks, "shipments": shipments, "complete": found.next.is_none()}),
    ))
}

/// The title of the line that takes the variant: a bundle's, for its parts.
fn title_of(shipment: &Shipment, variant: VariantId) -> String {
    let takes = |line: &&fulfilment::ShipmentLine| line.components.iter().any(|part| part.variant == variant);
    shipment
        .lines
        .iter()
        .find(takes)
        .map(|line| line.title.clone())
        .unwrap_or_default()
}

/// One shipment, with where it goes: `null` when the buyer's data was erased, or the order has no destination.
pub(crate) async fn one(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let id: ShipmentId = web::path_parameter(request, "id")?;
    let shipment = ports.fulfilment.shipment(id).await?.ok_or(Error::NotFound)?;
    let destination = destination(ports, shipment.order).await?;
    let mut body = view::shipment(&shipment);
    if let Some(members) = body.as_object_mut() {
        members.insert("destination".to_owned(), destination);
    }
    Ok(with_etag(web::json(200, &body), shipment.version))
}

pub(crate) fn with_etag(mut response: Response<Body>, version: u64) -> Response<Body> {
    if let Ok(value) = web::etag(version).parse() {
        response.headers_mut().insert("etag", value);
    }
    response
}

async fn destination(ports: &Ports, order: OrderId) -> Result<Value, Error> {
    let Some(order) = ports.orders.get(order).await? else {
        return Err(Error::Inconsistent(format!("no order {order} for its shipment")));
    };
    let Some(sealed) = order.destination() else {
        return Ok(Value::Null);
    };
    let key = match ports.vault.open(order.person()).await {
        Ok(key) => key,
        Err(VaultError::Store(error)) => return Err(error.into()),
        Err(VaultError::Unwrap(_)) => return Err(Error::Inconsistent("a data key does not unwrap".to_owned())),
    };
    let Some(key) = key else { return Ok(Value::Null) };
    let id = order.id().to_string();
    let place = Place {
        entity: SEALED_ENTITY,
        id: &id,
        field: DESTINATION_FIELD,
    };
    key.open(place, sealed)
        .map_err(|error| Error::Inconsistent(error.to_string()))
}
