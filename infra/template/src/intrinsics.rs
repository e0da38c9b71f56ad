//! CloudFormation's intrinsic functions, evaluated against one template's parameters, mappings, conditions and resources.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use serde_json::{Map, Value};

use crate::Options;
use crate::model::Place;
use crate::names::{self, Identity};
use crate::problem::{Problems, UNRESOLVED};

const SUPPORTED: &str = "Ref, Fn::Base64, Fn::FindInMap, Fn::GetAtt, Fn::If, Fn::Join, Fn::Select, Fn::Split, Fn::Sub, \
                         and in conditions Fn::And, Fn::Equals, Fn::Not, Fn::Or, Condition";

/// What names in one template mean.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    pub options: &'a Options,
    /// `AWS::StackName`: of a nested application, its parent's with its logical id.
    pub stack_name: String,
    /// Text, or a list for the list types.
    pub parameters: BTreeMap<String, Value>,
    pub mappings: BTreeMap<String, (Place, Value)>,
    pub conditions: BTreeMap<String, bool>,
    pub resources: BTreeMap<String, Identity>,
    /// Resources whose condition does not hold.
    pub absent: BTreeSet<String>,
    /// Outputs of the nested applications that have been read; `None` of one that could not be.
    pub outputs: BTreeMap<String, Option<BTreeMap<String, Value>>>,
}

/// The intrinsic that a mapping is, if it is one: its name and argument.
pub(crate) fn intrinsic(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    map.iter()
        .find(|(key, _)| *key == "Ref" || key.starts_with("Fn::"))
        .map(|(key, value)| (key.as_str(), value))
}

/// A scalar as text; `None` for lists and mappings.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn shown(value: &Value) -> String {
    scalar(value).unwrap_or_else(|| value.to_string())
}

impl<'a> Scope<'a> {
    /// A scope that knows the pseudo parameters alone.
    pub(crate) fn new(options: &'a Options, stack_name: String) -> Self {
        Self {
            options,
            stack_name,
            parameters: BTreeMap::new(),
            mappings: BTreeMap::new(),
            conditions: BTreeMap::new(),
            resources: BTreeMap::new(),
            absent: BTreeSet::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// Evaluates every intrinsic in `value`. `None` is `AWS::NoValue`: the place is as if it were not written. What can't
    /// be evaluated is a problem, and stands as a marker in the result.
    pub(crate) fn resolve(&self, value: &Value, place: &Place, problems: &mut Problems) -> Option<Value> {
        match value {
            Value::Array(items) => {
                let resolved = |(index, item)| self.resolve(item, &place.index(index), problems);
                Some(Value::Array(items.iter().enumerate().filter_map(resolved).collect()))
            }
            Value::Object(map) => {
                let Some((name, argument)) = intrinsic(map) else {
                    let resolved = |(key, value): (&String, &Value)| {
                        Some((key.clone(), self.resolve(value, &place.key(key), problems)?))
                    };
                    return Some(Value::Object(map.iter().filter_map(resolved).collect()));
                };
                let result = if map.len() == 1 {
                    self.apply(name, argument, place, problems)
                } else {
                    Err(format!("{name} must stand alone in its mapping"))
                };
                result.unwrap_or_else(|message| {
                    problems.add(place, message);
                    Some(Value::String(UNRESOLVED.to_owned()))
                })
            }
            other => Some(other.clone()),
        }
    }

    fn apply(
        &self,
        name: &str,
        argument: &Value,
        place: &Place,
        problems: &mut Problems,
    ) -> Result<Option<Value>, String> {
        let place = &place.key(name);
        match name {
            "Ref" => {
                let target = scalar(argument).ok_or("Ref takes a name")?;
                if target == "AWS::NoValue" {
                    Ok(None)
                } else {
                    self.reference(&target).map(Some)
                }
            }
            "Fn::GetAtt" => self.get_att(argument, place, problems).map(Some),
            "Fn::Sub" => self.sub(argument, place, problems).map(Some),
            "Fn::If" => self.choose(argument, place, problems),
            "Fn::Join" => self.join(argument, place, problems).map(Some),
            "Fn::Split" => self.split(argument, place, problems).map(Some),
            "Fn::Select" => self.select(argument, place, problems).map(Some),
            "Fn::FindInMap" => self.find_in_map(argument, place, problems).map(Some),
            "Fn::Base64" => {
                let text = self.text(argument, place, problems)?;
                Ok(Some(Value::String(
                    base64::engine::general_purpose::STANDARD.encode(text),
                )))
            }
            "Fn::ImportValue" => {
                Err("Fn::ImportValue reads another stack, which is not here; pass the value as a parameter".to_owned())
            }
            other => Err(format!("{other} is not supported here; supported are {SUPPORTED}")),
        }
    }

    /// What `Ref` gives for a parameter, a pseudo parameter or a resource.
    fn reference(&self, target: &str) -> Result<Value, String> {
        if let Some(value) = self.parameters.get(target) {
            return Ok(value.clone());
        }
        if let Some(text) = self.pseudo(target) {
            return Ok(Value::String(text));
        }
        if let Some(resource) = self.resources.get(target) {
            return Ok(Value::String(names::reference(resource, self.options)));
        }
        // SAM's names for the version and the alias that `AutoPublishAlias` makes.
        if let Some((function, "Alias" | "Version")) = target.split_once('.')
            && let Some(resource) = self.resources.get(function)
        {
            return Ok(Value::String(format!(
                "{}:live",
                names::resource_arn(resource, self.options)
            )));
        }
        Err(self.unknown(target))
    }

    fn pseudo(&self, name: &str) -> Option<String> {
        Some(match name {
            "AWS::Region" => self.options.region.clone(),
            "AWS::AccountId" => self.options.account.clone(),
            "AWS::Partition" => names::PARTITION.to_owned(),
            "AWS::URLSuffix" => names::URL_SUFFIX.to_owned(),
            "AWS::StackName" => self.stack_name.clone(),
            "AWS::StackId" => format!(
                "arn:{}:cloudformation:{}:{}:stack/{}/00000000-0000-0000-0000-000000000000",
                names::PARTITION,
                self.options.region,
                self.options.account,
                self.stack_name
            ),
            _ => return None,
        })
    }

    fn unknown(&self, target: &str) -> String {
        if self.absent.contains(target) {
            format!("`{target}` is not created under these parameters: its condition does not hold")
        } else {
            format!("`{target}` is neither a parameter nor a resource of this template")
        }
    }

    fn attribute(&self, target: &str, attribute: &str) -> Result<Value, String> {
        if let Some(outputs) = self.outputs.get(target) {
            let Some(outputs) = outputs else {
                return Ok(Value::String(UNRESOLVED.to_owned()));
            };
            let output = attribute.strip_prefix("Outputs.").ok_or_else(|| {
                format!("an application has only `{target}.Outputs.<name>`, not `{target}.{attribute}`")
            })?;
            return outputs.get(output).cloned().ok_or_else(|| {
                let there_are = outputs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                format!("`{target}` has no output `{output}`; it has {there_are}")
            });
        }
        // SAM makes a role beside each function.
        if let Some(function) = target.strip_suffix("Role")
            && !self.resources.contains_key(target)
            && self
                .resources
                .get(function)
                .is_some_and(|resource| resource.kind == "AWS::Serverless::Function")
        {
            let role = Identity {
                logical_id: target.to_owned(),
                kind: "AWS::IAM::Role".to_owned(),
                name: names::generated(target, false, self.options),
            };
            return Ok(Value::String(names::resource_arn(&role, self.options)));
        }
        let resource = self.resources.get(target).ok_or_else(|| self.unknown(target))?;
        names::attribute(resource, attribute, self.options)
            .map_err(|there_are| format!("`{target}` has no attribute `{attribute}`; it has {there_are}"))
    }

    fn get_att(&self, argument: &Value, place: &Place, problems: &mut Problems) -> Result<Value, String> {
        const USAGE: &str = "Fn::GetAtt takes `Resource.Attribute` or [Resource, Attribute]";
        match argument {
            Value::String(path) => {
                let (target, attribute) = path.split_once('.').ok_or(USAGE)?;
                self.attribute(target, attribute)
            }
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(target), attribute] => {
                    let attribute = self.text(attribute, &place.index(1), problems)?;
                    self.attribute(target, &attribute)
                }
                _ => Err(USAGE.to_owned()),
            },
            _ => Err(USAGE.to_owned()),
        }
    }

    fn sub(&self, argument: &Value, place: &Place, problems: &mut Problems) -> Result<Value, String> {
        const USAGE: &str = "Fn::Sub takes a text or [text, {Name: value}]";
        let (template, variables) = match argument {
            Value::String(template) => (template, Map::new()),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(template), Value::Object(variables)] => (template, variables.clone()),
                _ => return Err(USAGE.to_owned()),
            },
            _ => return Err(USAGE.to_owned()),
        };
        let mut text = String::with_capacity(template.len());
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            text.push_str(before);
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| format!("`${{{after}` is not closed"))?;
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                text.push_str("${");
                text.push_str(literal);
                text.push('}');
                continue;
            }
            let value = match (variables.get(name), name.split_once('.')) {
                (Some(value), _) => self
                    .resolve(value, &place.index(1).key(name), problems)
                    .unwrap_or(Value::Null),
                (None, Some((target, attribute))) if !name.contains("::") => self.attribute(target, attribute)?,
                _ => self.reference(name)?,
            };
            let value = scalar(&value).ok_or_else(|| format!("`${{{name}}}` is {value}, which is not a text"))?;
            text.push_str(&value);
        }
        text.push_str(rest);
        Ok(Value::String(text))
    }

    fn choose(&self, argument: &Value, place: &Place, problems: &mut Problems) -> Result<Option<Value>, String> {
        let [Value::String(condition), then, otherwise] = array(argument) else {
            return Err("Fn::If takes [condition, then, else]".to_owned());
        };
        let holds = self
            .conditions
            .get(condition)
            .ok_or_else(|| format!("there is no condition `{condition}`"))?;
        let (index, branch) = if *holds { (1, then) } else { (2, otherwise) };
        Ok(self.resolve(branch, &place.index(index), problems))
    }

    fn join(&self, argument: &Value, place: &Place, problems: &mut Problems) -> Result<Value, String> {
        const USAGE: &str = "Fn::Join takes [delimiter, list of texts]";
        let [Value::String(delimiter), list] = array(argument) else {
            return Err(USAGE.to_owned());
        };
        let texts = self.list(list, &place.index(1), problems)?;
        let texts: Option<Vec<String>> = texts.iter().map(scalar).collect();
        Ok(Value::String(texts.ok_or(USAGE)?.join(delimiter)))
    }

    fn split(&self, argument: &Value, place: &Place, problems: &mut Problems) -> Result<Value, String> {
        let [Value::String(delimiter), text] = array(argument) else {
            return Err("Fn::Split takes [delimiter, text]".to_owned());
        };
        if delimiter.is_empty() {
            return Err("Fn::Split needs a delimiter".to_owned());
        }
        let text = self.text(text, &place.index(1), problems)?;
        Ok(Value::Array(
            text.split(delimiter.as_str())
                .map(|part| Value::String(part.to_owned()))
                .collect(),
        ))
    }

    fn select(&self, argument: &Value, place: &Place, problems: &mut Problems) -> Result<Value, String> {
        let [index, list] = array(argument) else {
            return Err("Fn::Select takes [index, list]".to_owned());
        };
        let index = self.text(index, &place.index(0), problems)?;
        let list = self.list(list, &place.index(1), problems)?;
        let number: usize = index
            .parse()
            .map_err(|_| format!("Fn::Select: `{index}` is not an index"))?;
        let shown = || Value::Array(list.clone()).to_string();
        list.get(number)
            .cloned()
            .ok_or_else(|| format!("Fn::Select: {} has no element {number}", shown()))
    }

    fn find_in_map(&self, argument: &Value, place: &Place, problems: &mut Problems) -> Result<Value, String> {
        let [map, first, second] = array(argument) else {
            return Err("Fn::FindInMap takes [map, first key, second key]".to_owned());
        };
        let map = self.text(map, &place.index(0), problems)?;
        let first = self.text(first, &place.index(1), problems)?;
        let second = self.text(second, &place.index(2), problems)?;
        let (_, mapping) = self
            .mappings
            .get(&map)
            .ok_or_else(|| format!("there is no mapping `{map}`"))?;
        let found = mapping.get(&first).and_then(|keys| keys.get(&second));
        found
            .cloned()
            .ok_or_else(|| format!("the mapping `{map}` has no `{first}` with `{second}`"))
    }

    /// Resolves `value` to a text.
    pub(crate) fn text(&self, value: &Value, place: &Place, problems: &mut Problems) -> Result<String, String> {
        let value = self.resolve(value, place, problems).unwrap_or(Value::Null);
        scalar(&value).ok_or_else(|| format!("{} is not a text", shown(&value)))
    }

    /// Resolves `value` to a list.
    pub(crate) fn list(&self, value: &Value, place: &Place, problems: &mut Problems) -> Result<Vec<Value>, String> {
        match self.resolve(value, place, problems) {
            Some(Value::Array(items)) => Ok(items),
            other => Err(format!("{} is not a list", shown(&other.unwrap_or(Value::Null)))),
        }
    }
}

/// The elements of a list; none of anything else.
pub(crate) fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
