//! Locations.

use inventory::{Inventory, Location, LocationKind};
use kernel::{Id, LocationId, StaffId, Text};
use serde::{Deserialize, Serialize};
use web::{Body, Problem, Request, Response, json_body, page_limit, query_parameter, types};

use crate::{
    Error, Ports,
    writing::{self, Refused, Start},
};

#[derive(Deserialize)]
struct NewLocation {
    id: Option<LocationId>,
    name: Text<100>,
    kind: LocationKind,
    country: Text<2>,
    region: Option<Text<100>>,
}

#[derive(Serialize)]
struct Listed {
    items: Vec<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) async fn list(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let refused = || Error::Request(Problem::new(&types::MALFORMED).detail("not a cursor of this list"));
    let cursor = match query_parameter(request, "cursor") {
        Some(text) => Some(Inventory::locations_cursor(&text).ok_or_else(refused)?),
        None => None,
    };
    let page = ports.inventory.locations(page_limit(request)?, cursor).await?;
    Ok(web::json(
        200,
        &Listed {
            items: page.items,
            next: page.next.map(|next| next.encode()),
        },
    ))
}

pub(crate) async fn create(ports: &Ports, request: &Request, who: StaffId) -> Result<Response<Body>, Error> {
    let writing = match writing::begin(ports, request, who).await? {
        Start::Fresh(writing) => writing,
        Start::Done(response) => return Ok(response),
    };
    let body: NewLocation = json_body(request)?;
    if body.country.as_str().len() != 2 || !body.country.as_str().bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Error::field("/country", "two capital letters, ISO 3166-1"));
    }
    let location = Location {
        id: body.id.unwrap_or_else(|| LocationId::generate(&ports.ambient)),
        name: body.name,
        kind: body.kind,
        country: body.country,
        region: body.region,
        created_at: ports.ambient.now(),
    };
    let part = ports.inventory.create_location(&location)?.map(Refused::Location);
    writing.commit(ports, vec![part], 201, &location).await?.done()
}
