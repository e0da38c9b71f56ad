//! What content must be like, to be kept and to be published.

use std::collections::BTreeSet;

use kernel::{Money, VariantId};

use crate::{AttributeDefinition, Content, OptionAxis, SellableVariant, VARIANTS_MAX, Variant, content::Component};

const MEDIA_MAX: usize = 20;
const TAGS_MAX: usize = 20;
const SHELF_MAX: usize = 50;
const ATTRIBUTES_MAX: usize = 60;
const AXES_MAX: usize = 3;
const AXIS_VALUES_MAX: usize = 30;
const PRICES_MAX: usize = 10;
const BARCODES_MAX: usize = 5;
const COMPONENTS_MAX: usize = 10;
const COMPONENT_QUANTITY_MAX: u32 = 1_000;
const MINIMUM_QUANTITY_MAX: u32 = 10_000;
const WEIGHT_GRAMS_MAX: u32 = 10_000_000;
const URL_BYTES_MAX: usize = 1_000;
const SHELF_NAME_BYTES_MAX: usize = 100;

/// What is wrong with content, and where, as JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub pointer: String,
    /// What.
    pub detail: String,
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn unless(&mut self, holds: bool, pointer: impl Into<String>, detail: impl Into<String>) {
        if !holds {
            self.0.push(Fault {
                pointer: pointer.into(),
                detail: detail.into(),
            });
        }
    }

    fn at_most(&mut self, count: usize, max: usize, pointer: &str) {
        self.unless(count <= max, pointer, format!("at most {max}"));
    }
}

/// What keeps content from being kept at all.
pub fn faults(content: &Content) -> Vec<Fault> {
    let mut faults = Faults::default();
    faults.at_most(content.media.len(), MEDIA_MAX, "/media");
    faults.at_most(content.tags.len(), TAGS_MAX, "/tags");
    faults.at_most(content.shelf.len(), SHELF_MAX, "/shelf");
    faults.at_most(content.attributes.len(), ATTRIBUTES_MAX, "/attributes");
    faults.at_most(content.options.len(), AXES_MAX, "/options");
    faults.at_most(content.variants.len(), VARIANTS_MAX, "/variants");
    faults.unless(!content.variants.is_empty(), "/variants", "at least one");
    faults.unless(
        content.shelf.keys().all(|name| name.len() <= SHELF_NAME_BYTES_MAX),
        "/shelf",
        "a name is too long",
    );
    for (index, picture) in content.media.iter().enumerate() {
        faults.unless(
            is_https(&picture.url),
            format!("/media/{index}/url"),
            "must be an absolute https URL",
        );
    }
    for (index, axis) in content.options.iter().enumerate() {
        axis_faults(&mut faults, index, axis);
    }
    faults.unless(
        distinct(content.options.iter().map(|axis| axis.name.as_str())),
        "/options",
        "names must differ",
    );
    faults.unless(
        distinct(content.variants.iter().map(|variant| variant.id)),
        "/variants",
        "ids must differ",
    );
    faults.unless(
        distinct(content.variants.iter().map(|variant| variant.sku.as_str())),
        "/variants",
        "skus must differ",
    );
    let combination = |variant: &Variant| -> Vec<String> {
        let choice = |axis: &OptionAxis| variant.options.iter().find(|choice| choice.name == axis.name);
        content
            .options
            .iter()
            .map(|axis| choice(axis).map(|found| found.label.to_string()).unwrap_or_default())
            .collect()
    };
    let combinations_differ = distinct(content.variants.iter().map(combination));
    faults.unless(
        combinations_differ,
        "/variants",
        "each combination of options stands once",
    );
    for (index, variant) in content.variants.iter().enumerate() {
        variant_faults(&mut faults, index, variant, &content.options);
    }
    faults.0
}

fn axis_faults(faults: &mut Faults, index: usize, axis: &OptionAxis) {
    let pointer = format!("/options/{index}/values");
    faults.unless(
        (1..=AXIS_VALUES_MAX).contains(&axis.values.len()),
        &pointer,
        format!("1 to {AXIS_VALUES_MAX}"),
    );
    faults.unless(distinct(axis.values.iter()), &pointer, "values must differ");
}

fn variant_faults(faults: &mut Faults, index: usize, variant: &Variant, axes: &[OptionAxis]) {
    let at = |member: &str| format!("/variants/{index}/{member}");
    let chosen = |axis: &OptionAxis| {
        let mut choices = variant.options.iter().filter(|choice| choice.name == axis.name);
        let once = choices.next().filter(|_| choices.next().is_none());
        once.is_some_and(|choice| axis.values.contains(&choice.label))
    };
    let fits = axes.len() == variant.options.len() && axes.iter().all(chosen);
    faults.unless(fits, at("options"), "one value of each of the product's options");
    prices(faults, &at("prices"), &variant.prices);
    prices(faults, &at("list_prices"), &variant.list_prices);
    faults.unless(!variant.prices.is_empty(), at("prices"), "at least one");
    let least = (1..=MINIMUM_QUANTITY_MAX).contains(&variant.minimum_quantity);
    faults.unless(least, at("minimum_quantity"), format!("1 to {MINIMUM_QUANTITY_MAX}"));
    faults.unless(
        variant.weight_grams <= WEIGHT_GRAMS_MAX,
        at("weight_grams"),
        format!("at most {WEIGHT_GRAMS_MAX}"),
    );
    faults.at_most(variant.barcodes.len(), BARCODES_MAX, &at("barcodes"));
    faults.at_most(variant.bundle.len(), COMPONENTS_MAX, &at("bundle"));
    let counted = |part: &Component| (1..=COMPONENT_QUANTITY_MAX).contains(&part.quantity);
    faults.unless(
        variant.bundle.iter().all(counted),
        at("bundle"),
        format!("quantities from 1 to {COMPONENT_QUANTITY_MAX}"),
    );
    let others = variant.bundle.iter().all(|part| part.variant != variant.id);
    let once = distinct(variant.bundle.iter().map(|part| part.variant));
    faults.unless(others && once, at("bundle"), "other variants, each once");
}

fn prices(faults: &mut Faults, pointer: &str, prices: &[Money]) {
    faults.at_most(prices.len(), PRICES_MAX, pointer);
    faults.unless(
        distinct(prices.iter().map(|price| price.currency())),
        pointer,
        "one price per currency",
    );
    faults.unless(prices.iter().all(|price| price.amount() > 0), pointer, "more than 0");
}

/// What keeps content from being submitted and approved, beside [`faults`]. `attributes` are those that its category and
/// the ones above define; `None`: there is no such category.
pub fn submission_faults(content: &Content, attributes: Option<&[&AttributeDefinition]>) -> Vec<Fault> {
    let mut faults = Faults(faults(content));
    faults.unless(
        content.sold().next().is_some(),
        "/variants",
        "at least one that is not discontinued",
    );
    let priced_alike = content
        .sold()
        .all(|variant| variant.prices.len() == content.currencies().len());
    faults.unless(
        priced_alike,
        "/variants",
        "all variants are priced in the same currencies",
    );
    let Some(defined) = attributes else {
        faults.unless(false, "/category", "there is no such category");
        return faults.0;
    };
    for definition in defined {
        let given = content.attributes.get(&definition.name);
        let pointer = format!("/attributes/{}", definition.name);
        faults.unless(
            given.is_some() || !definition.required,
            &pointer,
            "the category requires it",
        );
        faults.unless(
            given.is_none_or(|value| definition.kind.accepts(value)),
            &pointer,
            "not a value of its kind",
        );
    }
    for name in content.attributes.keys() {
        let known = defined.iter().any(|definition| definition.name == *name);
        faults.unless(
            known,
            format!("/attributes/{name}"),
            "the category does not define it; free texts go to shelf",
        );
    }
    faults.0
}

/// What keeps bundles from being submitted and approved: components must be on sale and no bundles themselves. `found`
/// are the components as checkout would see them; a product's own variants count as on sale with it.
pub fn component_faults(content: &Content, found: &[SellableVariant]) -> Vec<Fault> {
    let mut faults = Faults::default();
    let own = |id: VariantId| {
        content
            .sold()
            .any(|variant| variant.id == id && variant.bundle.is_empty())
    };
    let other = |id: VariantId| {
        found
            .iter()
            .any(|variant| variant.id == id && variant.published && variant.bundle.is_empty())
    };
    for (index, variant) in content
        .variants
        .iter()
        .enumerate()
        .filter(|(_, variant)| !variant.discontinued)
    {
        for (place, part) in variant.bundle.iter().enumerate() {
            let pointer = format!("/variants/{index}/bundle/{place}/variant");
            faults.unless(
                own(part.variant) || other(part.variant),
                pointer,
                "not on sale, or a bundle itself",
            );
        }
    }
    faults.0
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    values.into_iter().all(|value| seen.insert(value))
}

fn is_https(text: &str) -> bool {
    let parsed = url::Url::parse(text);
    text.len() <= URL_BYTES_MAX && parsed.is_ok_and(|url| url.scheme() == "https" && url.host_str().is_some())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Category, Tree};

    pub(crate) fn content() -> Content {
        serde_json::from_value(serde_json::json!({
            "handle": "trail-runner",
            "category": "shoes",
            "title": {"en": "Trail Runner", "zh": "越野跑鞋"},
            "description": {"en": "Light and dry."},
            "attributes": {"material": "mesh", "drop": 6, "vegan": true},
            "shelf": {"badge": "New"},
            "tags": ["running"],
            "media": [{"url": "https://cdn.example.com/a.jpg", "alt": {"en": "A shoe"}}],
            "options": [{"name": "Size", "values": ["41", "42"]}],
            "variants": [
                {"id": "var_0190163d8694739b841f0101010101a1", "sku": "TR-41", "options": [{"name": "Size", "label": "41"}],
                 "prices": [{"amount": 59900, "currency": "CNY"}, {"amount": 8900, "currency": "USD"}], "weight_grams": 620},
                {"id": "var_0190163d8694739b841f0101010101a2", "sku": "TR-42", "options": [{"name": "Size", "label": "42"}],
                 "prices": [{"amount": 59900, "currency": "CNY"}, {"amount": 8900, "currency": "USD"}], "weight_grams": 640}
            ]
        }))
        .unwrap()
    }

    pub(crate) fn tree() -> Tree {
        let category: Category = serde_json::from_value(serde_json::json!({
            "slug": "shoes", "title": {"en": "Shoes", "zh": "鞋"},
            "attributes": [
                {"name": "material", "label": {"en": "Material"}, "kind": "choice", "values": ["mesh", "leather"], "required": true},
                {"name": "drop", "label": {"en": "Drop"}, "kind": "number"},
                {"name": "vegan", "label": {"en": "Vegan"}, "kind": "boolean"}
            ]
        }))
        .unwrap();
        Tree::of([category])
    }

    fn pointers(faults: &[Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.pointer.as_str()).collect()
    }

    fn submission(content: &Content) -> Vec<Fault> {
        let tree = tree();
        let attributes = tree.get(&content.category).map(|_| tree.attributes(&content.category));
        submission_faults(content, attributes.as_deref())
    }

    #[test]
    fn good_content_has_no_faults() {
        assert_eq!(submission(&content()), []);
    }

    #[test]
    fn each_fault_is_told_with_its_place() {
        let mut bad = content();
        bad.media[0].url = "http://cdn.example.com/a.jpg".to_owned();
        bad.variants[1].options[0].label = kernel::Text::parse("43").unwrap();
        bad.variants[0].minimum_quantity = 0;
        assert_eq!(
            pointers(&faults(&bad)),
            ["/media/0/url", "/variants/0/minimum_quantity", "/variants/1/options"]
        );
    }

    #[test]
    fn two_variants_cannot_be_the_same_choice() {
        let mut bad = content();
        bad.variants[1].options = bad.variants[0].options.clone();
        assert_eq!(pointers(&faults(&bad)), ["/variants"]);
    }

    #[test]
    fn a_category_says_which_attributes_there_are() {
        let mut bad = content();
        bad.attributes.remove(&"material".parse().unwrap());
        bad.attributes
            .insert("colour".parse().unwrap(), crate::AttributeValue::Boolean(true));
        assert_eq!(
            pointers(&submission(&bad)),
            ["/attributes/material", "/attributes/colour"]
        );
        bad.category = "hats".parse().unwrap();
        assert_eq!(pointers(&submission(&bad)), ["/category"]);
    }

    #[test]
    fn variants_are_priced_in_the_same_currencies() {
        let mut bad = content();
        bad.variants[1].prices.pop();
        assert_eq!(pointers(&submission(&bad)), ["/variants"]);
    }

    #[test]
    fn a_bundle_is_made_of_single_things_on_sale() {
        let mut bundle = content();
        let stranger = "var_0190163d8694739b841f0101010101a9".parse().unwrap();
        bundle.variants[1].bundle = vec![
            Component {
                variant: bundle.variants[0].id,
                quantity: 2,
            },
            Component {
                variant: stranger,
                quantity: 1,
            },
        ];
        assert_eq!(
            pointers(&component_faults(&bundle, &[])),
            ["/variants/1/bundle/1/variant"]
        );
        bundle.variants[1].bundle[1].quantity = 0;
        assert_eq!(pointers(&faults(&bundle)), ["/variants/1/bundle"]);
    }
}
