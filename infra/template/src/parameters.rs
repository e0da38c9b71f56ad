//! Parameters: what was given or the default, checked as CloudFormation checks it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::intrinsics::{array, scalar};
use crate::model::Place;
use crate::pattern::Pattern;
use crate::problem::{Problems, UNRESOLVED};

/// CloudFormation's own limit.
const PARAMETERS_MAX: usize = 200;

const KEYS: &[&str] = &[
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// Values given from outside: by the caller, or by the parent template. Each with the place that messages name.
pub(crate) type Given = BTreeMap<String, (Place, String)>;

/// The value of each declared parameter; a wrong one is a problem and stands as a marker.
pub(crate) fn evaluate(
    declared: &BTreeMap<String, (Place, Value)>,
    given: &Given,
    problems: &mut Problems,
) -> BTreeMap<String, Value> {
    for (name, (place, _)) in given.iter().filter(|(name, _)| !declared.contains_key(*name)) {
        let there_are = declared.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        problems.add(
            place,
            format!("the template has no parameter `{name}`; it has {there_are}"),
        );
    }
    if declared.len() > PARAMETERS_MAX {
        problems.add(&Place::default(), format!("more than {PARAMETERS_MAX} parameters"));
    }
    declared
        .iter()
        .map(|(name, (place, definition))| {
            let value = value(place, definition, given.get(name), problems).unwrap_or_else(|(place, message)| {
                problems.add(&place, message);
                Value::String(UNRESOLVED.to_owned())
            });
            (name.clone(), value)
        })
        .collect()
}

type Wrong = (Place, String);

fn value(
    place: &Place,
    definition: &Value,
    given: Option<&(Place, String)>,
    problems: &mut Problems,
) -> Result<Value, Wrong> {
    let here = |message: &str| (place.clone(), message.to_owned());
    let map = definition
        .as_object()
        .ok_or_else(|| here("must be a mapping with a Type"))?;
    for key in map.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        problems.add(
            &place.key(key),
            format!("a parameter has no such key; it has {}", KEYS.join(", ")),
        );
    }
    let (from, text) = match (given, map.get("Default")) {
        (Some((from, text)), _) => (from, text.clone()),
        (None, Some(default)) => (
            place,
            scalar(default).ok_or_else(|| (place.key("Default"), "must be a text".to_owned()))?,
        ),
        (None, None) => return Err(here("has no default, and no value was given")),
    };
    let wrong = |message: String| (from.clone(), message);
    match map.get("Type").and_then(Value::as_str) {
        Some("String") => {
            check(map, &text, place).map_err(wrong)?;
            Ok(Value::String(text))
        }
        Some("Number") => {
            if text.parse::<i64>().is_err() && text != UNRESOLVED {
                return Err(wrong(format!("{} is not a whole number", quoted(map, &text))));
            }
            check(map, &text, place).map_err(wrong)?;
            Ok(Value::String(text))
        }
        Some(kind @ ("CommaDelimitedList" | "List<Number>")) => {
            let mut members = Vec::new();
            for member in text.split(',').map(str::trim).filter(|_| !text.is_empty()) {
                if kind == "List<Number>" && member.parse::<i64>().is_err() {
                    return Err(wrong(format!("{} is not a whole number", quoted(map, member))));
                }
                check(map, member, place).map_err(wrong)?;
                members.push(Value::String(member.to_owned()));
            }
            Ok(Value::Array(members))
        }
        Some(other) => Err((
            place.key("Type"),
            format!("{other} is not supported; supported are String, Number, CommaDelimitedList, List<Number>"),
        )),
        None => Err(here("has no Type")),
    }
}

/// A value as messages may show it.
fn quoted(map: &Map<String, Value>, text: &str) -> String {
    let secret = map
        .get("NoEcho")
        .and_then(scalar)
        .is_some_and(|no_echo| no_echo == "true");
    if secret {
        "the value".to_owned()
    } else {
        format!("`{text}`")
    }
}

fn check(map: &Map<String, Value>, text: &str, place: &Place) -> Result<(), String> {
    if text.contains(UNRESOLVED) {
        return Ok(());
    }
    let shown = quoted(map, text);
    let hint = map.get("ConstraintDescription").and_then(Value::as_str);
    let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
    if let Some(allowed) = map.get("AllowedValues") {
        let allowed: Vec<String> = array(allowed).iter().filter_map(scalar).collect();
        if !allowed.iter().any(|value| value == text) {
            return Err(format!("{shown} is not one of {}{hint}", allowed.join(", ")));
        }
    }
    if let Some(pattern) = map.get("AllowedPattern").and_then(Value::as_str) {
        let matched = Pattern::parse(pattern).and_then(|parsed| parsed.matches(text));
        if !matched.map_err(|error| format!("{place}: AllowedPattern `{pattern}`: {error}"))? {
            return Err(format!("{shown} does not match {pattern}{hint}"));
        }
    }
    let bound = |key: &str| -> Result<Option<i64>, String> {
        let Some(value) = map.get(key) else { return Ok(None) };
        let number = scalar(value).and_then(|value| value.parse().ok());
        number
            .map(Some)
            .ok_or_else(|| format!("{place}: {key} must be a whole number"))
    };
    let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let number = text.parse::<i64>().unwrap_or_default();
    for (key, measured, least) in [
        ("MinLength", length, true),
        ("MaxLength", length, false),
        ("MinValue", number, true),
        ("MaxValue", number, false),
    ] {
        if let Some(bound) = bound(key)?
            && (if least { measured < bound } else { measured > bound })
        {
            return Err(format!("{shown} breaks {key} {bound}{hint}"));
        }
    }
    Ok(())
}
