//! `POST /catalog/lookup`.

use std::collections::BTreeSet;

use catalog::{Criteria, Found, Listing};
use kernel::VariantId;
use ucp::{
    Message, Metadata,
    catalog::{LookupRequest, Product, Products},
    codes,
};
use web::{Body, Request, Response};

use crate::{
    Error, Ports, in_stock,
    reader::{self, Reader},
    shape,
};

/// The most ids of one look-up.
const IDS_MAX: usize = 50;
/// The longest id that a message repeats, in characters.
const ECHO_CHARS_MAX: usize = 100;

pub(crate) async fn handle<H>(ports: &Ports<H>, ucp: Metadata, request: &Request) -> Result<Response<Body>, Error> {
    let body: LookupRequest = reader::body(&ucp, request)?;
    if body.ids.is_empty() {
        return Err(Error::invalid(&ucp, "a look-up needs at least one id"));
    }
    if body.ids.len() > IDS_MAX {
        return Err(Error::too_large(&ucp, format!("a look-up takes at most {IDS_MAX} ids")));
    }
    let reader = Reader::of(request, &body.context, ports.currency);
    let (criteria, mut messages) = reader.criteria(None, &body.filters);
    let (found, listings) = ports.catalog.look_up(&body.ids).await?;
    let stock = in_stock(ports, &listings).await?;
    let mut seen = BTreeSet::new();
    let in_order = found.iter().filter(|found| seen.insert(found.product));
    let products = in_order.filter_map(|first| {
        let listing = listings.iter().find(|listing| listing.id == first.product)?;
        product(listing, &found, &criteria, &stock, &reader)
    });
    let products: Vec<Product> = products.collect();
    let mut told = BTreeSet::new();
    let missing = body
        .ids
        .iter()
        .filter(|id| !found.iter().any(|found| found.input == **id) && told.insert(*id));
    messages.extend(missing.map(|id| Message::Info {
        code: Some(codes::NOT_FOUND.to_owned()),
        content: id.chars().take(ECHO_CHARS_MAX).collect(),
        path: None,
    }));
    Ok(web::json(
        200,
        &Products {
            ucp,
            products,
            pagination: None,
            messages,
        },
    ))
}

/// A product with the variants that ids of the request resolved to, each with those ids.
fn product(
    listing: &Listing,
    found: &[Found],
    criteria: &Criteria,
    stock: &BTreeSet<VariantId>,
    reader: &Reader,
) -> Option<Product> {
    if !criteria.matches(listing) {
        return None;
    }
    let candidates: Vec<VariantId> = listing
        .content
        .sold()
        .filter(|variant| criteria.priced(variant))
        .map(|variant| variant.id)
        .collect();
    let featured = candidates
        .iter()
        .find(|id| stock.contains(id))
        .or_else(|| candidates.first())
        .copied()?;
    let resolved: Vec<(VariantId, &Found)> = found
        .iter()
        .filter(|found| found.product == listing.id)
        .map(|found| (found.variant.unwrap_or(featured), found))
        .filter(|(id, _)| candidates.contains(id))
        .collect();
    let mut variants: Vec<VariantId> = Vec::new();
    for (id, _) in &resolved {
        if !variants.contains(id) {
            variants.push(*id);
        }
    }
    let mut product = shape::product(listing, &variants, stock, reader)?;
    for variant in &mut product.variants {
        let named = resolved.iter().filter(|(id, _)| id.to_string() == variant.id);
        variant.inputs = named
            .map(|(_, found)| shape::input(&found.input, found.variant.is_some()))
            .collect();
    }
    Some(product)
}
