//! `AWS::Serverless::Function`, with Globals merged.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Links, policy, source};
use crate::application::Resource;
use crate::fields::Fields;
use crate::intrinsics::scalar;
use crate::known;
use crate::model::Function;
use crate::problem::Problems;

/// Lambda's own limits and defaults.
const MEMORY_MB: std::ops::RangeInclusive<u32> = 128..=10_240;
const MEMORY_DEFAULT_MB: u32 = 128;
const TIMEOUT_S: std::ops::RangeInclusive<u32> = 1..=900;
const TIMEOUT_DEFAULT_S: u32 = 3;
const CONCURRENCY: std::ops::RangeInclusive<u32> = 0..=100_000;
const ENVIRONMENT_BYTES_MAX: usize = 4_096;
const NAME_MAX: usize = 64;

/// Variables that Lambda sets itself and refuses to be given.
const RESERVED: &[&str] = &[
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

pub(super) fn build(resource: &Resource, links: &Links, problems: &mut Problems) -> Function {
    let mut fields = Fields::new(&resource.properties, resource.place.key("Properties"), problems);
    let code = fields.required_text("CodeUri").unwrap_or_default();
    let binary = code
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    if binary.is_empty() || binary == ".." || binary == "." {
        fields.wrong(
            "CodeUri",
            "must end in the function's folder, as in ../target/lambda/checkout/",
        );
    }
    fields.required("Runtime");
    fields.one_of("Runtime", &["provided.al2023"]);
    let name = resource.identity.name.clone();
    if name.len() > NAME_MAX {
        fields.wrong("FunctionName", format!("`{name}` is longer than {NAME_MAX} characters"));
    }
    fields.value("FunctionName");
    let function = Function {
        logical_id: resource.identity.logical_id.clone(),
        place: resource.place.clone(),
        binary,
        name,
        memory_mb: fields.number("MemorySize", MEMORY_MB).unwrap_or(MEMORY_DEFAULT_MB),
        timeout_s: fields.number("Timeout", TIMEOUT_S).unwrap_or(TIMEOUT_DEFAULT_S),
        reserved_concurrency: fields.number("ReservedConcurrentExecutions", CONCURRENCY),
        environment: environment(&mut fields),
        sources: source::all(&mut fields, links),
        statements: policy::statements(&mut fields),
    };
    fields.finish(known::ignored(&resource.identity.kind));
    function
}

fn environment(fields: &mut Fields<'_, '_>) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let Some(mut nested) = fields.nested("Environment") else {
        return variables;
    };
    let place = nested.place.key("Variables");
    match nested.value("Variables") {
        None => {}
        Some(Value::Object(map)) => {
            for (name, value) in map {
                let place = place.key(name);
                if RESERVED.contains(&name.as_str()) {
                    nested.problems.add(&place, "Lambda sets this variable itself");
                }
                match scalar(value) {
                    Some(text) => {
                        variables.insert(name.clone(), text);
                    }
                    None => nested.problems.add(&place, format!("must be a text, not {value}")),
                }
            }
        }
        Some(other) => nested.problems.add(&place, format!("must be a mapping, not {other}")),
    }
    let bytes: usize = variables
        .iter()
        .map(|(name, value)| name.len().saturating_add(value.len()))
        .sum();
    if bytes > ENVIRONMENT_BYTES_MAX {
        nested.problems.add(
            &place,
            format!("{bytes} bytes of variables; Lambda takes {ENVIRONMENT_BYTES_MAX}"),
        );
    }
    nested.finish(&[]);
    variables
}
