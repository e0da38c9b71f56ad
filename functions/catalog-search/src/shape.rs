//! Listings in UCP's shapes.

use std::collections::BTreeSet;

use catalog::{Choice, Listing, Variant};
use kernel::{Currency, Money, VariantId};
use serde_json::{Map, Value, json};
use ucp::catalog::{
    Availability, Barcode, Category, Description, Input, Media, OptionValue, Price, PriceRange, Product, ProductOption,
    SelectedOption, Variant as WireVariant,
};

use crate::reader::Reader;

/// A product with these of its variants, in this order. `None` when none of them is sold for a currency of the product.
pub(crate) fn product(
    listing: &Listing,
    variants: &[VariantId],
    stock: &BTreeSet<VariantId>,
    reader: &Reader,
) -> Option<Product> {
    let content = &listing.content;
    let language = reader.language.as_deref();
    let currency = listing.currency(reader.currency, reader.usual)?;
    let shown = variants.iter().filter_map(|id| listing.variant(*id));
    let shown: Vec<WireVariant> = shown
        .filter_map(|v| variant(listing, v, currency, stock, reader))
        .collect();
    if shown.is_empty() {
        return None;
    }
    let option = |axis: &catalog::OptionAxis| ProductOption {
        name: axis.name.to_string(),
        values: axis.values.iter().map(|label| value(label.as_str())).collect(),
    };
    let media = content.media.iter().map(|picture| Media {
        kind: "image".to_owned(),
        url: picture.url.clone(),
        alt_text: picture.alt.as_ref().map(|alt| alt.pick(language).to_owned()),
    });
    let category = |slug: &catalog::Slug| Category {
        value: slug.to_string(),
        taxonomy: "merchant".to_owned(),
    };
    Some(Product {
        id: listing.id.to_string(),
        handle: content.handle.as_ref().map(ToString::to_string),
        title: content.title.pick(language).to_owned(),
        description: Description {
            plain: content.description.pick(language).to_owned(),
        },
        categories: listing.categories.iter().map(category).collect(),
        price_range: price_range(listing, currency)?,
        media: media.collect(),
        options: content.options.iter().map(option).collect(),
        selected: Vec::new(),
        variants: shown,
        tags: content.tags.iter().map(ToString::to_string).collect(),
        metadata: metadata(listing),
    })
}

fn value(label: &str) -> OptionValue {
    OptionValue {
        label: label.to_owned(),
        available: None,
        exists: None,
    }
}

fn price_range(listing: &Listing, currency: Currency) -> Option<PriceRange> {
    let amounts = || {
        listing
            .content
            .sold()
            .filter_map(|variant| variant.price(currency))
            .map(Money::amount)
    };
    let price = |amount| Price {
        amount,
        currency: currency.code().to_owned(),
    };
    Some(PriceRange {
        min: price(amounts().min()?),
        max: price(amounts().max()?),
    })
}

fn metadata(listing: &Listing) -> Map<String, Value> {
    let content = &listing.content;
    let mut metadata = Map::new();
    if let (Ok(attributes), false) = (serde_json::to_value(&content.attributes), content.attributes.is_empty()) {
        metadata.insert("attributes".to_owned(), attributes);
    }
    if let (Ok(shelf), false) = (serde_json::to_value(&content.shelf), content.shelf.is_empty()) {
        metadata.insert("shelf".to_owned(), shelf);
    }
    metadata
}

fn variant(
    listing: &Listing,
    variant: &Variant,
    currency: Currency,
    stock: &BTreeSet<VariantId>,
    reader: &Reader,
) -> Option<WireVariant> {
    let price = |money: Money| Price {
        amount: money.amount(),
        currency: money.currency().code().to_owned(),
    };
    let labels: Vec<&str> = variant.options.iter().map(|choice| choice.label.as_str()).collect();
    let product_title = listing.content.title.pick(reader.language.as_deref());
    let title = if labels.is_empty() {
        product_title.to_owned()
    } else {
        labels.join(", ")
    };
    let full = if labels.is_empty() {
        product_title.to_owned()
    } else {
        format!("{product_title}: {title}")
    };
    let available = stock.contains(&variant.id);
    let status = if available { "in_stock" } else { "out_of_stock" };
    let mut metadata = Map::from_iter([
        ("minimum_quantity".to_owned(), json!(variant.minimum_quantity)),
        ("weight_grams".to_owned(), json!(variant.weight_grams)),
    ]);
    if let (Ok(bundle), false) = (serde_json::to_value(&variant.bundle), variant.bundle.is_empty()) {
        metadata.insert("bundle".to_owned(), bundle);
    }
    let barcode = |code: &catalog::Barcode| Barcode {
        kind: code.kind.to_string(),
        value: code.value.to_string(),
    };
    Some(WireVariant {
        id: variant.id.to_string(),
        sku: variant.sku.to_string(),
        title,
        description: Description { plain: full },
        price: price(variant.price(currency)?),
        list_price: variant.list_price(currency).map(price),
        availability: Availability {
            available,
            status: status.to_owned(),
        },
        options: variant.options.iter().map(selected).collect(),
        barcodes: variant.barcodes.iter().map(barcode).collect(),
        metadata,
        inputs: Vec::new(),
    })
}

/// A choice on the wire.
pub(crate) fn selected(choice: &Choice) -> SelectedOption {
    SelectedOption {
        name: choice.name.to_string(),
        label: choice.label.to_string(),
    }
}

/// How an id named a variant.
pub(crate) fn input(id: &str, exact: bool) -> Input {
    Input {
        id: id.to_owned(),
        resolved: if exact { "exact" } else { "featured" }.to_owned(),
    }
}
