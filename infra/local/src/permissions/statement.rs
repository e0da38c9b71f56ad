//! One policy statement.

use serde_json::Value;

use super::Grant;
use super::need::Need;

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
    /// Neither, or a `Deny` under a condition: it never counts.
    Nothing,
}

/// A statement as read.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    name: String,
    actions: Vec<String>,
    resources: Vec<String>,
}

impl Statement {
    pub(super) fn parse(at: usize, json: &Value) -> Self {
        let text = |name: &str| json.get(name).and_then(Value::as_str);
        let effect = match text("Effect") {
            Some("Allow") => Effect::Allow,
            Some("Deny") if json.get("Condition").is_none() => Effect::Deny,
            _ => Effect::Nothing,
        };
        Self {
            effect,
            name: text("Sid").map_or_else(|| at.to_string(), str::to_owned),
            actions: list(json.get("Action")),
            resources: list(json.get("Resource")),
        }
    }

    /// The action and resource, as written, that cover a need.
    pub(super) fn covers(&self, need: &Need) -> Option<(&str, &str)> {
        // IAM compares actions without case, resources with it.
        let wanted = need.action.to_ascii_lowercase();
        let action = self
            .actions
            .iter()
            .find(|action| matches(&action.to_ascii_lowercase(), &wanted))?;
        let resource = self
            .resources
            .iter()
            .find(|resource| matches(resource, &need.resource))?;
        Some((action, resource))
    }

    pub(super) fn grant(&self, function: &str, action: &str, resource: &str) -> Grant {
        Grant {
            function: function.to_owned(),
            statement: self.name.clone(),
            action: action.to_owned(),
            resource: resource.to_owned(),
        }
    }

    pub(super) fn grants(&self, function: &str) -> Vec<Grant> {
        let resources = |action: &str| -> Vec<Grant> {
            self.resources
                .iter()
                .map(|resource| self.grant(function, action, resource))
                .collect()
        };
        self.actions.iter().flat_map(|action| resources(action)).collect()
    }
}

fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// `*` stands for any text, `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else {
        return text.is_empty();
    };
    let rest = pattern.get(first.len_utf8()..).unwrap_or_default();
    if first == '*' {
        let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        return ends
            .into_iter()
            .any(|at| matches(rest, text.get(at..).unwrap_or_default()));
    }
    let Some(next) = text.chars().next() else { return false };
    (first == '?' || first == next) && matches(rest, text.get(next.len_utf8()..).unwrap_or_default())
}
