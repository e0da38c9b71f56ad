//! Narrowing a product's variants by options.

use std::collections::BTreeSet;

use kernel::VariantId;

use crate::{Choice, Content, Variant};

/// What choosing an option's value would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionSignal {
    /// The value.
    pub label: String,
    /// A variant with it and the other choices can be bought.
    pub available: bool,
    /// There is a variant with it and the other choices.
    pub exists: bool,
}

/// Variants that match the choices that could be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The choices that were kept, or the featured variant's where none were made.
    pub selected: Vec<Choice>,
    /// The matching variants, the featured one first.
    pub variants: Vec<VariantId>,
    /// Per option in the product's order: its name and what each of its values would come to.
    pub options: Vec<(String, Vec<OptionSignal>)>,
}

/// Selects variants. A variant of its own, `wanted`, decides alone. Else the choices in `asked` do; when no variant has
/// them all, choices are dropped: of the options in `preferences` from the end, those not named there before them.
/// `None` when the product has no variant that is sold, or `wanted` is not one.
pub fn select(
    content: &Content,
    wanted: Option<VariantId>,
    asked: &[Choice],
    preferences: &[String],
    available: &BTreeSet<VariantId>,
) -> Option<Selection> {
    let sold: Vec<&Variant> = content.sold().collect();
    let featured = |candidates: &[&Variant]| -> Option<VariantId> {
        let in_stock = candidates.iter().find(|variant| available.contains(&variant.id));
        in_stock.or_else(|| candidates.first()).map(|variant| variant.id)
    };
    let (selected, first) = match wanted {
        Some(id) => (sold.iter().find(|variant| variant.id == id)?.options.clone(), id),
        None if asked.is_empty() => {
            let first = featured(&sold)?;
            (sold.iter().find(|variant| variant.id == first)?.options.clone(), first)
        }
        None => {
            let kept = relax(&sold, asked, preferences);
            let first = featured(&matching(&sold, &kept))?;
            (kept, first)
        }
    };
    // Without choices of the buyer's, the featured variant anchors the signals, and all variants are shown behind it.
    let shown = if wanted.is_none() && asked.is_empty() {
        sold.clone()
    } else {
        matching(&sold, &selected)
    };
    let mut variants = vec![first];
    variants.extend(shown.iter().map(|variant| variant.id).filter(|id| *id != first));
    let options = content.options.iter().map(|axis| {
        let signals = axis
            .values
            .iter()
            .map(|label| signal(&sold, &selected, axis.name.as_str(), label.as_str(), available));
        (axis.name.to_string(), signals.collect())
    });
    Some(Selection {
        variants,
        options: options.collect(),
        selected,
    })
}

fn matching<'a>(variants: &[&'a Variant], choices: &[Choice]) -> Vec<&'a Variant> {
    let has = |variant: &&&Variant| choices.iter().all(|choice| variant.options.contains(choice));
    variants.iter().filter(has).copied().collect()
}

fn relax(sold: &[&Variant], asked: &[Choice], preferences: &[String]) -> Vec<Choice> {
    let rank = |choice: &Choice| {
        let place = preferences.iter().position(|name| name == choice.name.as_str());
        place.unwrap_or(preferences.len())
    };
    let mut kept = asked.to_vec();
    while !kept.is_empty() && matching(sold, &kept).is_empty() {
        let last = kept
            .iter()
            .enumerate()
            .max_by_key(|(index, choice)| (rank(choice), *index))
            .map(|(index, _)| index);
        kept.remove(last.unwrap_or_default());
    }
    kept
}

fn signal(
    sold: &[&Variant],
    selected: &[Choice],
    name: &str,
    label: &str,
    available: &BTreeSet<VariantId>,
) -> OptionSignal {
    let others: Vec<Choice> = selected
        .iter()
        .filter(|choice| choice.name.as_str() != name)
        .cloned()
        .collect();
    let with_label = |variant: &&&Variant| {
        variant
            .options
            .iter()
            .any(|choice| choice.name.as_str() == name && choice.label.as_str() == label)
    };
    let found: Vec<&Variant> = matching(sold, &others).iter().filter(with_label).copied().collect();
    OptionSignal {
        label: label.to_owned(),
        available: found.iter().any(|variant| available.contains(&variant.id)),
        exists: !found.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Colours Red and Blue, sizes S and M; there is no Blue M.
    fn content() -> Content {
        let variant = |n: u8, colour: &str, size: &str| {
            serde_json::json!({
                "id": format!("var_0190163d8694739b841f0101010101a{n}"), "sku": format!("s{n}"),
                "options": [{"name": "Colour", "label": colour}, {"name": "Size", "label": size}],
                "prices": [{"amount": 100, "currency": "CNY"}]
            })
        };
        serde_json::from_value(serde_json::json!({
            "category": "shirts", "title": {"en": "Shirt"}, "description": {"en": "A shirt"},
            "options": [{"name": "Colour", "values": ["Red", "Blue"]}, {"name": "Size", "values": ["S", "M"]}],
            "variants": [variant(1, "Red", "S"), variant(2, "Red", "M"), variant(3, "Blue", "S")]
        }))
        .unwrap()
    }

    fn choice(name: &str, label: &str) -> Choice {
        Choice {
            name: kernel::Text::parse(name).unwrap(),
            label: kernel::Text::parse(label).unwrap(),
        }
    }

    fn id(index: usize) -> VariantId {
        content().variants[index].id
    }

    #[test]
    fn without_choices_the_first_in_stock_is_featured() {
        let selection = select(&content(), None, &[], &[], &BTreeSet::from([id(1)])).unwrap();
        assert_eq!(selection.variants, [id(1), id(0), id(2)]);
        assert_eq!(selection.selected, [choice("Colour", "Red"), choice("Size", "M")]);
    }

    #[test]
    fn a_variant_stands_first_and_overrides_choices() {
        let selection = select(
            &content(),
            Some(id(2)),
            &[choice("Colour", "Red")],
            &[],
            &BTreeSet::new(),
        )
        .unwrap();
        assert_eq!(selection.variants, [id(2)]);
        assert_eq!(selection.selected, [choice("Colour", "Blue"), choice("Size", "S")]);
        let stranger = "var_0190163d8694739b841f0101010101ff".parse().unwrap();
        assert_eq!(select(&content(), Some(stranger), &[], &[], &BTreeSet::new()), None);
    }

    #[test]
    fn choices_narrow_and_signals_say_what_is_left() {
        let stock = BTreeSet::from([id(0)]);
        let selection = select(&content(), None, &[choice("Colour", "Blue")], &[], &stock).unwrap();
        assert_eq!(selection.variants, [id(2)]);
        let signals: Vec<_> = selection
            .options
            .iter()
            .flat_map(|(_, values)| values)
            .map(|s| (s.available, s.exists))
            .collect();
        assert_eq!(signals, [(true, true), (false, true), (false, true), (false, false)]);
    }

    #[test]
    fn what_cannot_be_had_is_dropped_from_the_end_of_the_preferences() {
        let asked = [choice("Colour", "Blue"), choice("Size", "M")];
        let by = |preferences: &[&str]| {
            let preferences: Vec<String> = preferences.iter().map(|name| (*name).to_owned()).collect();
            select(&content(), None, &asked, &preferences, &BTreeSet::new())
                .unwrap()
                .selected
        };
        assert_eq!(by(&["Colour", "Size"]), [choice("Colour", "Blue")]);
        assert_eq!(by(&["Size", "Colour"]), [choice("Size", "M")]);
        assert_eq!(by(&["Size"]), [choice("Size", "M")]);
    }
}
