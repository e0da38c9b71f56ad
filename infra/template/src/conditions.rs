//! Conditions and Rules: the parts of a template that are true or false.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::intrinsics::{Scope, array};
use crate::model::Place;
use crate::problem::Problems;

/// Conditions that one condition may refer to in a chain.
const CHAIN_MAX: usize = 32;

/// Fewest and most operands of `Fn::And` and `Fn::Or`.
const OPERANDS: std::ops::RangeInclusive<usize> = 2..=10;

type Definitions = BTreeMap<String, (Place, Value)>;

/// Evaluates all `Conditions`. One that can't be evaluated is a problem and counts as holding.
pub(crate) fn evaluate(
    definitions: &Definitions,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> BTreeMap<String, bool> {
    let mut truth = Truth {
        definitions: Some(definitions),
        scope,
        depth: 0,
    };
    definitions
        .iter()
        .map(|(name, (place, value))| {
            let holds = truth.of(value, place, problems).unwrap_or_else(|message| {
                problems.add(place, message);
                true
            });
            (name.clone(), holds)
        })
        .collect()
}

/// Evaluates all `Rules`; an assertion that does not hold is a problem.
pub(crate) fn check_rules(rules: &Definitions, scope: &Scope<'_>, problems: &mut Problems) {
    let mut truth = Truth {
        definitions: None,
        scope,
        depth: 0,
    };
    for (place, rule) in rules.values() {
        let applies = match rule.get("RuleCondition") {
            None => Ok(true),
            Some(condition) => truth.of(condition, &place.key("RuleCondition"), problems),
        };
        match applies {
            Ok(true) => {}
            Ok(false) => continue,
            Err(message) => {
                problems.add(&place.key("RuleCondition"), message);
                continue;
            }
        }
        let assertions = rule.get("Assertions").map_or(&[][..], array);
        if assertions.is_empty() {
            problems.add(place, "a rule has a list of Assertions");
        }
        for (index, assertion) in assertions.iter().enumerate() {
            let place = place.key("Assertions").index(index);
            let holds = assertion.get("Assert").ok_or_else(|| "has no Assert".to_owned());
            match holds.and_then(|assert| truth.of(assert, &place.key("Assert"), problems)) {
                Ok(true) => {}
                Ok(false) => {
                    let description = assertion.get("AssertDescription").and_then(Value::as_str);
                    problems.add(&place, description.unwrap_or("does not hold").trim_end_matches('.'));
                }
                Err(message) => problems.add(&place, message),
            }
        }
    }
}

struct Truth<'a> {
    /// `None` in rules, which may not use conditions.
    definitions: Option<&'a Definitions>,
    scope: &'a Scope<'a>,
    depth: usize,
}

impl Truth<'_> {
    fn of(&mut self, value: &Value, place: &Place, problems: &mut Problems) -> Result<bool, String> {
        let entry = value
            .as_object()
            .filter(|map| map.len() == 1)
            .and_then(|map| map.iter().next());
        let Some((name, argument)) = entry else {
            return Err(format!(
                "{value} is not a condition; use Fn::Equals, Fn::And, Fn::Or, Fn::Not, Condition"
            ));
        };
        let place = &place.key(name);
        match name.as_str() {
            "Condition" => self.named(argument, problems),
            "Fn::Equals" => {
                let [left, right] = array(argument) else {
                    return Err("Fn::Equals takes two values".to_owned());
                };
                let left = self.scope.text(left, &place.index(0), problems)?;
                Ok(left == self.scope.text(right, &place.index(1), problems)?)
            }
            "Fn::Not" => match array(argument) {
                [inner] => Ok(!self.of(inner, &place.index(0), problems)?),
                _ => Err("Fn::Not takes a list of one condition".to_owned()),
            },
            "Fn::And" | "Fn::Or" => {
                let all = name == "Fn::And";
                let operands = array(argument);
                if !OPERANDS.contains(&operands.len()) {
                    return Err(format!(
                        "{name} takes {} to {} conditions",
                        OPERANDS.start(),
                        OPERANDS.end()
                    ));
                }
                let mut result = all;
                for (index, operand) in operands.iter().enumerate() {
                    let holds = self.of(operand, &place.index(index), problems)?;
                    result = if all { result && holds } else { result || holds };
                }
                Ok(result)
            }
            "Fn::Contains" | "Fn::EachMemberIn" | "Fn::EachMemberEquals" if self.definitions.is_none() => {
                self.membership(name, argument, place, problems)
            }
            other => Err(format!(
                "{other} is not true or false; use Fn::Equals, Fn::And, Fn::Or, Fn::Not, Condition"
            )),
        }
    }

    fn named(&mut self, name: &Value, problems: &mut Problems) -> Result<bool, String> {
        let definitions = self.definitions.ok_or("a rule can't refer to a condition")?;
        let name = name.as_str().ok_or("Condition takes a name")?;
        let (place, value) = definitions
            .get(name)
            .ok_or_else(|| format!("there is no condition `{name}`"))?;
        if self.depth >= CHAIN_MAX {
            return Err(format!(
                "the condition `{name}` refers to itself, or over more than {CHAIN_MAX} others"
            ));
        }
        self.depth = self.depth.saturating_add(1);
        let result = self.of(value, place, problems);
        self.depth = self.depth.saturating_sub(1);
        result
    }

    /// The functions on lists that only rules have.
    fn membership(&self, name: &str, argument: &Value, place: &Place, problems: &mut Problems) -> Result<bool, String> {
        let [list, other] = array(argument) else {
            return Err(format!("{name} takes a list and a value"));
        };
        let list = self.scope.list(list, &place.index(0), problems)?;
        if name == "Fn::EachMemberIn" {
            let other = self.scope.list(other, &place.index(1), problems)?;
            return Ok(list.iter().all(|member| other.contains(member)));
        }
        let other = Value::String(self.scope.text(other, &place.index(1), problems)?);
        Ok(if name == "Fn::Contains" {
            list.contains(&other)
        } else {
            list.iter().all(|member| *member == other)
        })
    }
}
