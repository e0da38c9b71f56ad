//! The steps of a seed script, and `${variables}` in them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Steps of one script.
const STEPS_MAX: usize = 1_000;

/// Why a script can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file can't be read.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// The file is not a list of steps.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
    /// More steps than a script may have.
    #[error("{0} steps; a script has at most {STEPS_MAX}")]
    TooLong(usize),
}

/// One call and what to keep of its answer. Text in path, headers and body may hold `${variable}`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Step {
    /// Names the step in errors.
    pub name: String,
    /// HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers beside the content type.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON body.
    #[serde(default)]
    pub body: Option<Value>,
    /// Status that is right, or a list of them.
    #[serde(deserialize_with = "one_or_more")]
    pub expect: Vec<u16>,
    /// Variables to save by name: a JSON pointer into the answer, or `header:` and a header's name.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// Runs on every start, not only the first: what makes a fresh token.
    #[serde(default)]
    pub always: bool,
    /// How often to try until the answer is right: for what becomes visible a moment later. 0 counts as 1.
    #[serde(default)]
    pub tries: u32,
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMore {
        One(u16),
        More(Vec<u16>),
    }
    Ok(match OneOrMore::deserialize(deserializer)? {
        OneOrMore::One(status) => vec![status],
        OneOrMore::More(statuses) => statuses,
    })
}

/// Reads a script.
pub(super) fn read(path: &Path) -> Result<Vec<Step>, ScriptError> {
    let steps: Vec<Step> = serde_json::from_slice(&std::fs::read(path)?)?;
    if steps.len() > STEPS_MAX {
        Err(ScriptError::TooLong(steps.len()))
    } else {
        Ok(steps)
    }
}

impl Step {
    /// The step with its variables filled in; the error is the name of an unknown one.
    pub(super) fn fill(&self, variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let mut filled = self.clone();
        filled.path = fill(&self.path, variables)?;
        for value in filled.headers.values_mut() {
            *value = fill(value, variables)?;
        }
        if let Some(body) = &mut filled.body {
            fill_value(body, variables)?;
        }
        Ok(filled)
    }
}

fn fill_value(value: &mut Value, variables: &BTreeMap<String, String>) -> Result<(), String> {
    match value {
        Value::String(text) => *text = fill(text, variables)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill_value(item, variables))?,
        Value::Object(fields) => fields.values_mut().try_for_each(|field| fill_value(field, variables))?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

fn fill(text: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').ok_or_else(|| after.to_owned())?;
        filled.push_str(before);
        filled.push_str(variables.get(name).ok_or_else(|| name.to_owned())?);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}
