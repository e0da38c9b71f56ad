//! `Globals.Function`, merged into each function as SAM merges it: mappings by key, lists one after the other (the global
//! one first), anything else replaced by the function's own.

use serde_json::{Map, Value};

use crate::document::Document;
use crate::intrinsics::intrinsic;
use crate::problem::Problems;

/// What SAM does not take from Globals, because each function must say it itself.
const NEVER_GLOBAL: &[&str] = &["Events", "FunctionName", "Policies", "Role"];

/// `Globals.Function` of a template, empty when absent.
pub(crate) fn of_functions(document: &Document, problems: &mut Problems) -> Value {
    let mut section = document.section("Globals", problems);
    let function = section.remove("Function");
    for (place, _) in section.values() {
        problems.add(place, "is not supported; of Globals only Function is hosted");
    }
    let Some((place, Value::Object(map))) = function else {
        return Value::Object(Map::new());
    };
    for key in NEVER_GLOBAL.iter().filter(|key| map.contains_key(**key)) {
        problems.add(
            &place.key(key),
            "SAM does not take this from Globals; say it at each function",
        );
    }
    Value::Object(map)
}

/// `own` over `global`.
pub(crate) fn merge(global: &Value, own: &Value) -> Value {
    match (global, own) {
        (Value::Object(global), Value::Object(own)) if intrinsic(global).is_none() && intrinsic(own).is_none() => {
            let mut merged = global.clone();
            for (key, value) in own {
                let value = merged
                    .get(key)
                    .map_or_else(|| value.clone(), |global| merge(global, value));
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (Value::Array(global), Value::Array(own)) => Value::Array(global.iter().chain(own).cloned().collect()),
        (_, own) => own.clone(),
    }
}
