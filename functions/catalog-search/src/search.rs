//! `POST /catalog/search`.

use catalog::PAGE_MAX;
use kernel::VariantId;
use ucp::{
    Metadata,
    catalog::{PageResponse, Products, SearchRequest},
};
use web::{Body, Request, Response};

use crate::{
    Error, Ports, in_stock,
    reader::{self, Reader},
    shape,
};

/// Products of a page when the platform does not say: the protocol's own default.
const PAGE_DEFAULT: u16 = 10;
/// The longest query, in bytes.
const QUERY_BYTES_MAX: usize = 500;

pub(crate) async fn handle<H>(ports: &Ports<H>, ucp: Metadata, request: &Request) -> Result<Response<Body>, Error> {
    let body: SearchRequest = reader::body(&ucp, request)?;
    let query = body.query.as_deref().map(str::trim).filter(|query| !query.is_empty());
    if query.is_none() && body.filters.is_empty() {
        return Err(Error::invalid(
            &ucp,
            "a search needs a query or a filter; \"*\" asks for everything",
        ));
    }
    if query.is_some_and(|query| query.len() > QUERY_BYTES_MAX) {
        return Err(Error::invalid(
            &ucp,
            format!("a query has at most {QUERY_BYTES_MAX} bytes"),
        ));
    }
    let reader = Reader::of(request, &body.context, ports.currency);
    let (criteria, messages) = reader.criteria(query, &body.filters);
    let limit = match body.pagination.limit {
        None => PAGE_DEFAULT,
        Some(0) => return Err(Error::invalid(&ucp, "pagination.limit is at least 1")),
        Some(wanted) => u16::try_from(wanted).unwrap_or(PAGE_MAX).min(PAGE_MAX),
    };
    let cursor = body.pagination.cursor.or(body.cursor);
    let found = ports.catalog.search(&criteria, limit, cursor.as_deref()).await;
    let page = found.map_err(|error| Error::of_search(&ucp, error))?;
    let stock = in_stock(ports, &page.listings).await?;
    let products = page.listings.iter().filter_map(|listing| {
        let priced = listing
            .content
            .sold()
            .filter(|variant| criteria.priced(variant))
            .map(|variant| variant.id);
        let mut variants: Vec<VariantId> = priced.collect();
        // What can be bought is featured; the sort is stable.
        variants.sort_by_key(|id| !stock.contains(id));
        shape::product(listing, &variants, &stock, &reader)
    });
    let pagination = PageResponse {
        has_next_page: page.next.is_some(),
        cursor: page.next.clone(),
    };
    Ok(web::json(
        200,
        &Products {
            ucp,
            products: products.collect(),
            pagination: Some(pagination),
            messages,
        },
    ))
}
