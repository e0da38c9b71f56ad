//! Lambda's event filter patterns (the EventBridge pattern language, without `wildcard`, as Lambda has it).
//!
//! A pattern names fields; each leaf is a list of tests of which one must hold; all fields must hold; `$or` takes
//! alternatives. The patterns of one source are alternatives too.

mod rule;

use serde_json::{Map, Value};

use rule::Rule;

/// Patterns per source: Lambda's quota after an increase (5 without).
pub const FILTERS_MAX: usize = 10;
/// Nested fields in a pattern.
pub const DEPTH_MAX: usize = 32;
/// Tests in one leaf, and alternatives in one `$or`.
pub const ALTERNATIVES_MAX: usize = 300;

/// A pattern that Lambda would refuse, with the field at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct FilterError {
    /// `$[1].dynamodb.NewImage.kind` for a field of the second pattern.
    pub path: String,
    /// What is wrong.
    pub reason: String,
}

impl FilterError {
    fn new(path: &str, reason: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

/// The filters of one source.
#[derive(Debug, Clone, Default)]
pub struct Filters(Vec<Pattern>);

impl Filters {
    /// Reads `FilterCriteria.Filters[].Pattern`.
    pub fn parse(patterns: &[Value]) -> Result<Self, FilterError> {
        if patterns.len() > FILTERS_MAX {
            return Err(FilterError::new("$", format!("more than {FILTERS_MAX} filters")));
        }
        let parse = |(index, pattern)| Pattern::parse(pattern, &format!("$[{index}]"), 0);
        patterns
            .iter()
            .enumerate()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether the function gets to see the record: any pattern holds, or there is none.
    pub fn admit(&self, record: &Value) -> bool {
        self.0.is_empty() || self.0.iter().any(|pattern| pattern.holds(Some(record)))
    }

    /// Whether there is no filter at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Debug, Clone)]
struct Pattern {
    fields: Vec<(String, Field)>,
    /// Of each `$or`, one alternative must hold.
    alternatives: Vec<Vec<Pattern>>,
}

#[derive(Debug, Clone)]
enum Field {
    Nested(Pattern),
    Leaf(Vec<Rule>),
}

impl Pattern {
    fn parse(pattern: &Value, path: &str, depth: usize) -> Result<Self, FilterError> {
        let Value::Object(fields) = pattern else {
            return Err(FilterError::new(path, "a pattern is a JSON object"));
        };
        if fields.is_empty() {
            return Err(FilterError::new(path, "an empty pattern"));
        }
        if depth > DEPTH_MAX {
            return Err(FilterError::new(path, format!("nested deeper than {DEPTH_MAX}")));
        }
        let mut parsed = Self {
            fields: Vec::new(),
            alternatives: Vec::new(),
        };
        for (name, value) in fields {
            let path = format!("{path}.{name}");
            if name == "$or" {
                parsed.alternatives.push(parse_or(value, &path, depth)?);
            } else {
                parsed.fields.push((name.clone(), Field::parse(value, &path, depth)?));
            }
        }
        Ok(parsed)
    }

    fn holds(&self, value: Option<&Value>) -> bool {
        if let Some(Value::Array(elements)) = value {
            return elements.iter().any(|element| self.holds(Some(element)));
        }
        let empty = Map::new();
        let object = value.and_then(Value::as_object).unwrap_or(&empty);
        self.fields.iter().all(|(name, field)| field.holds(object.get(name)))
            && self
                .alternatives
                .iter()
                .all(|any| any.iter().any(|pattern| pattern.holds(value)))
    }
}

fn parse_or(value: &Value, path: &str, depth: usize) -> Result<Vec<Pattern>, FilterError> {
    let Value::Array(alternatives) = value else {
        return Err(FilterError::new(path, "$or takes a list of patterns"));
    };
    if alternatives.len() < 2 || alternatives.len() > ALTERNATIVES_MAX {
        return Err(FilterError::new(
            path,
            format!("$or takes 2 to {ALTERNATIVES_MAX} patterns"),
        ));
    }
    let parse = |(index, pattern)| Pattern::parse(pattern, &format!("{path}[{index}]"), depth.saturating_add(1));
    alternatives.iter().enumerate().map(parse).collect()
}

impl Field {
    fn parse(value: &Value, path: &str, depth: usize) -> Result<Self, FilterError> {
        match value {
            Value::Object(_) => Pattern::parse(value, path, depth.saturating_add(1)).map(Self::Nested),
            Value::Array(tests) if tests.is_empty() => Err(FilterError::new(path, "an empty list")),
            Value::Array(tests) if tests.len() > ALTERNATIVES_MAX => {
                Err(FilterError::new(path, format!("more than {ALTERNATIVES_MAX} tests")))
            }
            Value::Array(tests) => tests
                .iter()
                .map(|test| Rule::parse(test, path))
                .collect::<Result<_, _>>()
                .map(Self::Leaf),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                Err(FilterError::new(path, "a value stands in a list: [\"value\"]"))
            }
        }
    }

    fn holds(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Nested(pattern) => pattern.holds(value),
            Self::Leaf(rules) => rules.iter().any(|rule| rule.holds(value)),
        }
    }
}

#[cfg(test)]
mod tests;
