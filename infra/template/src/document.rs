//! One template file, split into its sections.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::model::Place;
use crate::problem::Problems;
use crate::yaml;

/// CloudFormation's own limit for a template.
const TEMPLATE_BYTES_MAX: u64 = 1_000_000;

/// CloudFormation's own limit for the resources of one template.
const RESOURCES_MAX: usize = 500;

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
];

const RESOURCE_KEYS: &[&str] = &[
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "Type",
    "UpdatePolicy",
    "UpdateReplacePolicy",
];

/// The sections of one file, nothing evaluated yet.
#[derive(Debug)]
pub(crate) struct Document {
    pub place: Place,
    /// The folder that nested `Location`s are relative to.
    pub folder: PathBuf,
    sections: Map<String, Value>,
}

/// One resource as written.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub place: Place,
    pub kind: String,
    pub condition: Option<String>,
    pub properties: Value,
}

impl Document {
    /// Reads a file. `label` is what messages call it.
    pub(crate) fn load(file: &Path, label: &str, problems: &mut Problems) -> Option<Self> {
        let place = Place::file(label);
        let text = match std::fs::metadata(file) {
            Ok(metadata) if metadata.len() > TEMPLATE_BYTES_MAX => {
                problems.add(&place, format!("the file is larger than {TEMPLATE_BYTES_MAX} bytes"));
                return None;
            }
            _ => std::fs::read_to_string(file),
        };
        let parsed = text
            .map_err(|error| format!("can't read the file: {error}"))
            .and_then(|text| yaml::parse(&text));
        let sections = match parsed {
            Ok(Value::Object(sections)) => sections,
            Ok(_) => {
                problems.add(&place, "a template is a mapping of sections");
                return None;
            }
            Err(message) => {
                problems.add(&place, message);
                return None;
            }
        };
        for section in sections.keys().filter(|section| !SECTIONS.contains(&section.as_str())) {
            problems.add(
                &place.key(section),
                format!("no such section; there are {}", SECTIONS.join(", ")),
            );
        }
        if let Some(transform) = sections
            .get("Transform")
            .filter(|value| **value != "AWS::Serverless-2016-10-31")
        {
            problems.add(
                &place.key("Transform"),
                format!("{transform} is not supported; use AWS::Serverless-2016-10-31"),
            );
        }
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        Some(Self {
            place,
            folder,
            sections,
        })
    }

    /// A section that maps names to definitions, in order of name; empty when absent.
    pub(crate) fn section(&self, name: &str, problems: &mut Problems) -> BTreeMap<String, (Place, Value)> {
        let place = self.place.key(name);
        match self.sections.get(name) {
            None => BTreeMap::new(),
            Some(Value::Object(map)) => map
                .iter()
                .map(|(key, value)| (key.clone(), (place.key(key), value.clone())))
                .collect(),
            Some(_) => {
                problems.add(&place, "must be a mapping of names to definitions");
                BTreeMap::new()
            }
        }
    }

    /// The resources, by logical id.
    pub(crate) fn resources(&self, problems: &mut Problems) -> BTreeMap<String, Declared> {
        let section = self.section("Resources", problems);
        if section.len() > RESOURCES_MAX {
            problems.add(
                &self.place.key("Resources"),
                format!("more than {RESOURCES_MAX} resources"),
            );
        }
        section
            .into_iter()
            .filter_map(|(id, (place, value))| Some((id, declared(place, value, problems)?)))
            .collect()
    }
}

fn declared(place: Place, value: Value, problems: &mut Problems) -> Option<Declared> {
    let Value::Object(mut map) = value else {
        problems.add(&place, "must be a mapping with a Type");
        return None;
    };
    for key in map.keys().filter(|key| !RESOURCE_KEYS.contains(&key.as_str())) {
        problems.add(
            &place.key(key),
            format!("a resource has no such attribute; it has {}", RESOURCE_KEYS.join(", ")),
        );
    }
    let Some(Value::String(kind)) = map.remove("Type") else {
        problems.add(&place, "has no Type");
        return None;
    };
    let condition = match map.remove("Condition") {
        None => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => {
            problems.add(&place.key("Condition"), "must be the name of a condition");
            None
        }
    };
    let properties = map.remove("Properties").unwrap_or_else(|| Value::Object(Map::new()));
    Some(Declared {
        place,
        kind,
        condition,
        properties,
    })
}
