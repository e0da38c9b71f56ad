//! One test of a leaf.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::FilterError;

/// Comparisons in one `numeric` test: a lower and an upper bound.
const COMPARISONS_MAX: usize = 2;

/// One test on the value of a field.
#[derive(Debug, Clone)]
pub(super) enum Rule {
    /// A string, a boolean, a number or null, exactly as written: 300 and 3e2 differ.
    Equals(Value),
    Prefix(String),
    Suffix(String),
    EqualsIgnoreCase(String),
    AnythingBut(Vec<Rule>),
    Exists(bool),
    Numeric(Vec<(Comparison, Number)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Rule {
    pub(super) fn parse(test: &Value, path: &str) -> Result<Self, FilterError> {
        match test {
            Value::Object(operator) => {
                let mut entries = operator.iter();
                match (entries.next(), entries.next()) {
                    (Some((name, argument)), None) => Self::parse_operator(name, argument, path),
                    (_, _) => Err(FilterError::new(path, "a test has exactly one operator")),
                }
            }
            Value::Array(_) => Err(FilterError::new(path, "a list within a list")),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(Self::Equals(test.clone())),
        }
    }

    fn parse_operator(name: &str, argument: &Value, path: &str) -> Result<Self, FilterError> {
        let text = || match argument {
            Value::String(text) => Ok(text.clone()),
            _ => Err(FilterError::new(path, format!("{name} takes a string"))),
        };
        match name {
            "prefix" => text().map(Self::Prefix),
            "suffix" => text().map(Self::Suffix),
            "equals-ignore-case" => text().map(|text| Self::EqualsIgnoreCase(text.to_lowercase())),
            "exists" => match argument {
                Value::Bool(exists) => Ok(Self::Exists(*exists)),
                _ => Err(FilterError::new(path, "exists takes true or false")),
            },
            "numeric" => parse_numeric(argument, path).map(Self::Numeric),
            "anything-but" => parse_anything_but(argument, path).map(Self::AnythingBut),
            other => Err(FilterError::new(path, format!("unknown operator {other}"))),
        }
    }

    pub(super) fn holds(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            // Only leaves exist in the eyes of this operator: an object never does.
            (Self::Exists(wanted), None | Some(Value::Object(_))) => !wanted,
            (Self::Exists(wanted), Some(_)) => *wanted,
            (_, None) => false,
            (_, Some(Value::Array(elements))) => elements.iter().any(|element| self.holds_for(element)),
            (_, Some(value)) => self.holds_for(value),
        }
    }

    fn holds_for(&self, value: &Value) -> bool {
        match self {
            Self::Equals(wanted) => wanted == value,
            Self::Prefix(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix.as_str())),
            Self::Suffix(suffix) => value.as_str().is_some_and(|text| text.ends_with(suffix.as_str())),
            Self::EqualsIgnoreCase(lower) => value.as_str().is_some_and(|text| text.to_lowercase() == *lower),
            Self::AnythingBut(refused) => {
                !matches!(value, Value::Object(_) | Value::Array(_))
                    && !refused.iter().any(|rule| rule.holds_for(value))
            }
            Self::Exists(wanted) => *wanted,
            Self::Numeric(bounds) => match value {
                Value::Number(number) => bounds.iter().all(|(comparison, bound)| comparison.holds(number, bound)),
                _ => false,
            },
        }
    }
}

impl Comparison {
    fn parse(symbol: &str) -> Option<Self> {
        match symbol {
            "=" => Some(Self::Equal),
            "<" => Some(Self::Less),
            "<=" => Some(Self::LessOrEqual),
            ">" => Some(Self::Greater),
            ">=" => Some(Self::GreaterOrEqual),
            _ => None,
        }
    }

    fn holds(self, number: &Number, bound: &Number) -> bool {
        let Some(order) = compare(number, bound) else {
            return false;
        };
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// By value. Integers are compared exactly, anything else as AWS does, in double precision.
fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (_, _) => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn parse_numeric(argument: &Value, path: &str) -> Result<Vec<(Comparison, Number)>, FilterError> {
    let wrong = || {
        FilterError::new(
            path,
            "numeric takes [\"<\", number] with =, <, <=, >, >= and up to two bounds",
        )
    };
    let Value::Array(parts) = argument else {
        return Err(wrong());
    };
    let (pairs, rest) = parts.as_chunks::<2>();
    if pairs.is_empty() || pairs.len() > COMPARISONS_MAX || !rest.is_empty() {
        return Err(wrong());
    }
    let mut bounds = Vec::new();
    for [symbol, bound] in pairs {
        match (symbol.as_str().and_then(Comparison::parse), bound) {
            (Some(comparison), Value::Number(bound)) => bounds.push((comparison, bound.clone())),
            (_, _) => return Err(wrong()),
        }
    }
    Ok(bounds)
}

fn parse_anything_but(argument: &Value, path: &str) -> Result<Vec<Rule>, FilterError> {
    let refused = match argument {
        Value::Array(refused) if refused.is_empty() => {
            return Err(FilterError::new(path, "anything-but takes no empty list"));
        }
        Value::Array(refused) => refused.as_slice(),
        single => std::slice::from_ref(single),
    };
    let rules = refused
        .iter()
        .map(|test| Rule::parse(test, path))
        .collect::<Result<Vec<_>, _>>()?;
    let nests = |rule: &Rule| matches!(rule, Rule::AnythingBut(_) | Rule::Exists(_) | Rule::Numeric(_));
    if rules.iter().any(nests) {
        return Err(FilterError::new(
            path,
            "anything-but takes values, prefix, suffix or equals-ignore-case",
        ));
    }
    Ok(rules)
}
