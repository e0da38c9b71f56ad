//! Staff create, edit, submit, approve, publish and unpublish products, and keep the tree of categories.
//!
//! Running twice is harmless: every write carries an `Idempotency-Key`, whose answer is kept in the transaction of the
//! write; the second run answers what the first one kept. Running late is harmless: a write names the version that it
//! changes. There is no half: each write is one transaction.

mod categories;
mod error;
mod products;
#[cfg(test)]
mod tests;
mod wire;
mod writing;

use catalog::{Catalog, Reviewer};
use dynamo::{Idempotency, Outbox};
use kernel::Ambient;
use web::{Body, Caller, Problem, Request, Response, route_key};

use error::Error;
pub use wire::wire;

/// May write products.
const ROLE_EDIT: &str = "catalog.edit";
/// May approve what others wrote.
const ROLE_APPROVE: &str = "catalog.approve";
/// May do everything.
const ROLE_ADMIN: &str = "admin";

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Ports {
    /// Products and categories.
    pub catalog: Catalog,
    /// Kept answers.
    pub idempotency: Idempotency,
    /// Events.
    pub outbox: Outbox,
    /// Time and ids.
    pub ambient: Ambient,
}

/// Answers one request.
pub async fn handle(ports: &Ports, request: Request) -> Response<Body> {
    match route(ports, &request).await {
        Ok(response) => response,
        Err(error) => {
            error.log();
            Problem::from(error).response(&web::request_id(&request))
        }
    }
}

async fn route(ports: &Ports, request: &Request) -> Result<Response<Body>, Error> {
    let who = member(request)?;
    match route_key(request).as_str() {
        "GET /v1/categories" => categories::list(ports).await,
        "POST /v1/categories" => categories::create(ports, request, who).await,
        "PUT /v1/categories/{slug}" => categories::replace(ports, request, who).await,
        "GET /v1/products" => products::list(ports, request).await,
        "POST /v1/products" => products::create(ports, request, who).await,
        "GET /v1/products/{id}" => products::get(ports, request).await,
        "PUT /v1/products/{id}" => products::edit(ports, request, who).await,
        "POST /v1/products/{id}/submit" => products::submit(ports, request, who).await,
        "POST /v1/products/{id}/approve" => products::approve(ports, request, who).await,
        "POST /v1/products/{id}/reject" => products::reject(ports, request, who).await,
        "POST /v1/products/{id}/unpublish" => products::unpublish(ports, request, who).await,
        _ => Err(Error::NotFound),
    }
}

/// Who of the staff calls. Those who may neither edit nor approve have no business here.
fn member(request: &Request) -> Result<Member, Error> {
    let caller = Caller::required(request)?;
    let admin = caller.has_role(ROLE_ADMIN);
    let edits = admin || caller.has_role(ROLE_EDIT);
    let approves = admin || caller.has_role(ROLE_APPROVE);
    if !edits && !approves {
        return Err(Error::Role(ROLE_EDIT));
    }
    Ok(Member {
        reviewer: Reviewer {
            id: caller.id()?,
            approves,
            admin,
        },
        edits,
    })
}

/// A member of staff with a role in the catalogue.
#[derive(Debug, Clone, Copy)]
struct Member {
    reviewer: Reviewer,
    edits: bool,
}

impl Member {
    /// Refuses those who only approve.
    const fn editor(self) -> Result<Self, Error> {
        if self.edits {
            Ok(self)
        } else {
            Err(Error::Role(ROLE_EDIT))
        }
    }
}
