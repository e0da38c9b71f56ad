//! `POST /catalog/product`.

use std::collections::BTreeSet;

use catalog::{Choice, OptionSignal, select};
use kernel::{Text, VariantId};
use ucp::{
    ErrorResponse, Metadata,
    catalog::{OptionValue, ProductDetail, ProductOption, ProductRequest, SelectedOption},
};
use web::{Body, Request, Response};

use crate::{
    Error, Ports, in_stock,
    reader::{self, Reader},
    shape,
};

/// The most choices and preferences of one request.
const CHOICES_MAX: usize = 10;

pub(crate) async fn handle<H>(ports: &Ports<H>, ucp: Metadata, request: &Request) -> Result<Response<Body>, Error> {
    let body: ProductRequest = reader::body(&ucp, request)?;
    if body.selected.len() > CHOICES_MAX || body.preferences.len() > CHOICES_MAX {
        return Err(Error::invalid(
            &ucp,
            format!("at most {CHOICES_MAX} choices and preferences"),
        ));
    }
    let mut names = BTreeSet::new();
    if !body.selected.iter().all(|choice| names.insert(&choice.name)) {
        return Err(Error::invalid(&ucp, "each option is selected once at most"));
    }
    let reader = Reader::of(request, &body.context, ports.currency);
    let (criteria, messages) = reader.criteria(None, &body.filters);
    let not_found = |ucp: Metadata| {
        Ok(web::json(
            200,
            &ErrorResponse::not_found(ucp, "there is no such product"),
        ))
    };
    let (found, listings) = ports.catalog.look_up(std::slice::from_ref(&body.id)).await?;
    let (Some(found), Some(listing)) = (found.first(), listings.first()) else {
        return not_found(ucp);
    };
    let stock = in_stock(ports, &listings).await?;
    let asked: Vec<Choice> = body.selected.iter().filter_map(choice).collect();
    let Some(selection) = select(&listing.content, found.variant, &asked, &body.preferences, &stock) else {
        return not_found(ucp);
    };
    let priced = |id: &VariantId| listing.variant(*id).is_some_and(|variant| criteria.priced(variant));
    let variants: Vec<VariantId> = selection.variants.iter().copied().filter(priced).collect();
    let shown = if criteria.matches(listing) {
        shape::product(listing, &variants, &stock, &reader)
    } else {
        None
    };
    let Some(mut product) = shown else {
        return not_found(ucp);
    };
    product.selected = selection.selected.iter().map(shape::selected).collect();
    product.options = selection
        .options
        .into_iter()
        .map(|(name, values)| option(name, values))
        .collect();
    Ok(web::json(200, &ProductDetail { ucp, product, messages }))
}

/// A choice as the catalogue keeps it; a text that no option can have is a choice that cannot be kept.
fn choice(selected: &SelectedOption) -> Option<Choice> {
    Some(Choice {
        name: Text::parse(&selected.name).ok()?,
        label: Text::parse(&selected.label).ok()?,
    })
}

fn option(name: String, values: Vec<OptionSignal>) -> ProductOption {
    let value = |signal: OptionSignal| OptionValue {
        label: signal.label,
        available: Some(signal.available),
        exists: Some(signal.exists),
    };
    ProductOption {
        name,
        values: values.into_iter().map(value).collect(),
    }
}
