//! The catalogue for platforms that speak UCP: search, look-up by id, product detail.
//!
//! Nothing is written, so running twice, late or half changes nothing.

mod detail;
mod error;
mod lookup;
mod reader;
mod search;
mod shape;
#[cfg(test)]
mod tests;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use catalog::{Catalog, Listing, availability};
use inventory::Inventory;
use kernel::{Currency, VariantId};
use ucp::{Negotiator, Operation, Refusal};
use web::{Body, HttpClient, Request, Response};

use error::Error;
pub use wire::wire;

/// What the function works with.
#[derive(Debug)]
pub struct Ports<H> {
    /// Which platform asks, and what it can do.
    pub negotiator: Negotiator<H>,
    /// Products.
    pub catalog: Catalog,
    /// Stock.
    pub inventory: Inventory,
    /// What prices are shown in when nothing else is asked for or to be had.
    pub currency: Currency,
}

/// Answers one call. Every refusal is an answer too.
pub async fn handle<H: HttpClient>(ports: &Ports<H>, request: Request) -> Response<Body> {
    match route(ports, &request).await {
        Ok(response) => response,
        Err(error) => error.response(),
    }
}

async fn route<H: HttpClient>(ports: &Ports<H>, request: &Request) -> Result<Response<Body>, Error> {
    let route = web::route_key(request);
    let (method, path) = route.split_once(' ').unwrap_or_default();
    let call = path.strip_prefix(ucp::BASE_PATH).unwrap_or_default();
    let operation = if call == "/catalog/search" {
        Operation::CatalogSearch
    } else {
        Operation::CatalogLookup
    };
    let platform = ports.negotiator.negotiate(request, operation).await?;
    let metadata = platform.metadata(operation);
    match (method, call) {
        ("POST", "/catalog/search") => search::handle(ports, metadata, request).await,
        ("POST", "/catalog/lookup") => lookup::handle(ports, metadata, request).await,
        ("POST", "/catalog/product") => detail::handle(ports, metadata, request).await,
        _ => Err(Refusal::Malformed(format!("no such call: {route}")).into()),
    }
}

/// The variants of listings that can be bought now.
async fn in_stock<H>(ports: &Ports<H>, listings: &[Listing]) -> Result<BTreeSet<VariantId>, Error> {
    let variants = || listings.iter().flat_map(|listing| listing.content.sold());
    let counted: BTreeSet<VariantId> = variants()
        .flat_map(|variant| std::iter::once(variant.id).chain(variant.bundle.iter().map(|part| part.variant)))
        .collect();
    let counted: Vec<VariantId> = counted.into_iter().collect();
    let mut free: BTreeMap<VariantId, u64> = BTreeMap::new();
    for some in counted.chunks(STOCK_READ_MAX) {
        free.extend(ports.inventory.availability(some).await?);
    }
    let enough = |variant: &&catalog::Variant| {
        availability(variant.id, &variant.bundle, &free) >= u64::from(variant.minimum_quantity)
    };
    Ok(variants().filter(enough).map(|variant| variant.id).collect())
}

/// Variants whose stock is read at once.
const STOCK_READ_MAX: usize = 500;
