//! Lists, one order, its history.

use dynamo::Cursor;
use http::HeaderValue;
use kernel::{CustomerId, OrderId, StaffId};
use privacy::{PersonKey, Place, Sealed};
use sales::{
    Day, List,
    order::{Address, BUYER_FIELD, Buyer, Change, DESTINATION_FIELD, Order, Platform, SEALED_ENTITY, StateName, View},
};
use serde::{Serialize, de::DeserializeOwned};
use web::{Body, Caller, Problem, Request, Response, query_parameter, types};

use crate::{Error, Ports};

/// A page on the wire.
#[derive(Serialize)]
struct Listed<T> {
    items: Vec<T>,
    /// `cursor` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An order for staff, with its buyer's data.
#[derive(Serialize)]
struct ForStaff<'a> {
    #[serde(flatten)]
    order: View<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a Platform>,
    /// Absent once the buyer was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<Buyer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<Address>,
}

/// `GET /v1/orders?state=…[&day=…]`, `?day=…` or `?customer=…`.
pub(crate) async fn list(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    Caller::required(request)?.id::<StaffId>()?;
    let list = wanted(request, Day::of(ports.ambient.now()))?;
    let cursor = query_parameter(request, "cursor");
    let page = ports
        .orders
        .list(&list, web::page_limit(request)?, cursor.as_deref())
        .await??;
    let items = page.orders.iter().map(View::of).collect();
    Ok(web::json(200, &Listed { items, next: page.next }))
}

/// Exactly one of the three lists.
fn wanted(request: &Request, today: Day) -> Result<List, Error> {
    let malformed = |detail: &str| Error::Request(Problem::new(&types::MALFORMED).detail(detail));
    let day = query_parameter(request, "day").map(|text| text.parse::<Day>());
    let day = day.transpose().map_err(|error| malformed(&format!("day: {error}")))?;
    let state = query_parameter(request, "state").map(|text| text.parse::<StateName>());
    let state = state
        .transpose()
        .map_err(|error| malformed(&format!("state: {error}")))?;
    let customer = query_parameter(request, "customer").map(|text| text.parse::<CustomerId>());
    let customer = customer
        .transpose()
        .map_err(|error| malformed(&format!("customer: {error}")))?;
    match (state, day, customer) {
        (Some(state), day, None) => Ok(List::State {
            state,
            day: day.unwrap_or(today),
        }),
        (None, Some(day), None) => Ok(List::Day(day)),
        (None, None, Some(customer)) => Ok(List::Customer(customer)),
        (_, _, Some(_)) | (None, None, None) => {
            Err(malformed("name one list: state (and the newest day), day, or customer"))
        }
    }
}

/// `GET /v1/orders/{id}`.
pub(crate) async fn one(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    Caller::required(request)?.id::<StaffId>()?;
    let id: OrderId = web::path_parameter(request, "id")?;
    let order = ports.orders.get(id).await?.ok_or(Error::NotFound)?;
    let key = ports.vault.open(order.person()).await?;
    let (buyer, destination) = match &key {
        Some(key) => (
            Some(open(key, id, BUYER_FIELD, order.buyer())?),
            order
                .destination()
                .map(|sealed| open(key, id, DESTINATION_FIELD, sealed))
                .transpose()?,
        ),
        None => (None, None),
    };
    let body = ForStaff {
        order: View::of(&order),
        platform: order.platform(),
        buyer,
        destination,
    };
    Ok(tagged(web::json(200, &body), &order))
}

fn open<T: DeserializeOwned>(key: &PersonKey, order: OrderId, field: &str, sealed: &Sealed) -> Result<T, Error> {
    Ok(key.open(
        Place {
            entity: SEALED_ENTITY,
            id: &order.to_string(),
            field,
        },
        sealed,
    )?)
}

/// The response with the order's `ETag`.
pub(crate) fn tagged(mut response: Response<Body>, order: &Order) -> Response<Body> {
    if let Ok(etag) = HeaderValue::from_str(&web::etag(order.version())) {
        response.headers_mut().insert(http::header::ETAG, etag);
    }
    response
}

/// `GET /v1/orders/{id}/history`.
pub(crate) async fn history(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    Caller::required(request)?.id::<StaffId>()?;
    let id: OrderId = web::path_parameter(request, "id")?;
    let cursor = query_parameter(request, "cursor")
        .map(|text| Cursor::decode(&text, "pk", &id.to_string()))
        .transpose()?;
    let first = cursor.is_none();
    let page = ports.orders.history(id, web::page_limit(request)?, cursor).await?;
    if first && page.items.is_empty() {
        return Err(Error::NotFound);
    }
    let next = page.next.as_ref().map(Cursor::encode);
    Ok(web::json(
        200,
        &Listed::<Change> {
            items: page.items,
            next,
        },
    ))
}
