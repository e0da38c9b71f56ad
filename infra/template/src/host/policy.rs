//! Inline policies of a function. They are what the platform holds each call to, so nothing is taken on trust.

use serde_json::Value;

use crate::fields::Fields;
use crate::intrinsics::array;
use crate::model::Place;
use crate::problem::Problems;

/// Managed policies that allow nothing that the platform hosts: logs, traces, a network interface.
const NEUTRAL: &[&str] = &[
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
    "AWSXRayDaemonWriteAccess",
    "CloudWatchLambdaInsightsExecutionRolePolicy",
];

const STATEMENT_IGNORED: &[&str] = &["Condition", "Sid"];

/// The statements of `Policies`, in order.
pub(super) fn statements(fields: &mut Fields<'_, '_>) -> Vec<Value> {
    let place = fields.place.key("Policies");
    let mut statements = Vec::new();
    match fields.value("Policies") {
        None => {}
        Some(Value::Array(policies)) => {
            for (index, policy) in policies.iter().enumerate() {
                one(policy, &place.index(index), fields.problems, &mut statements);
            }
        }
        Some(policy) => one(policy, &place, fields.problems, &mut statements),
    }
    statements
}

fn one(policy: &Value, place: &Place, problems: &mut Problems, statements: &mut Vec<Value>) {
    match policy {
        Value::String(name) if NEUTRAL.iter().any(|neutral| name.ends_with(neutral)) => {}
        Value::String(name) => problems.add(
            place,
            format!(
                "the managed policy `{name}` is not known here; write its statements inline, or use one of {}",
                NEUTRAL.join(", ")
            ),
        ),
        Value::Object(map) if map.contains_key("Statement") => {
            let mut fields = Fields::new(policy, place.clone(), problems);
            fields.one_of("Version", &["2012-10-17"]);
            fields.value("Id");
            let place = place.key("Statement");
            match fields.value("Statement") {
                Some(Value::Array(all)) => {
                    for (index, value) in all.iter().enumerate() {
                        statement(value, place.index(index), fields.problems);
                        statements.push(value.clone());
                    }
                }
                Some(value) => {
                    statement(value, place, fields.problems);
                    statements.push(value.clone());
                }
                None => {}
            }
            fields.finish(&[]);
        }
        _ => problems.add(
            place,
            "is not an inline policy; write {Version: \"2012-10-17\", Statement: […]}",
        ),
    }
}

fn statement(value: &Value, place: Place, problems: &mut Problems) {
    let mut fields = Fields::new(value, place, problems);
    fields.required("Effect");
    fields.one_of("Effect", &["Allow", "Deny"]);
    for key in ["Action", "Resource"] {
        match fields.required(key) {
            Some(Value::Array(items)) if items.is_empty() => fields.wrong(key, "is empty"),
            Some(list @ Value::Array(_)) if array(list).iter().all(Value::is_string) => {}
            None | Some(Value::String(_)) => {}
            Some(other) => fields.wrong(key, format!("must be a text or a list of texts, not {other}")),
        }
    }
    fields.finish(STATEMENT_IGNORED);
}
