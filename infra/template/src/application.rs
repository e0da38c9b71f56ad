//! The root template and its nested applications, read into one flat set of resources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::document::{Declared, Document};
use crate::intrinsics::{Scope, scalar};
use crate::model::Place;
use crate::names::{self, Identity};
use crate::parameters::Given;
use crate::problem::{Problems, UNRESOLVED};
use crate::{Options, conditions, globals, known, parameters};

/// Templates nested in one another. Deeper than this is a template that includes itself.
const NESTING_MAX: usize = 8;

const APPLICATION: &str = "AWS::Serverless::Application";

/// All resources of all templates, with resolved properties.
#[derive(Debug, Default)]
pub(crate) struct Set {
    pub resources: BTreeMap<String, Resource>,
    pub outputs: BTreeMap<String, Value>,
    /// Every logical id ever declared, also of resources whose condition does not hold.
    places: BTreeMap<String, Place>,
}

/// One resource, ready to be built.
#[derive(Debug)]
pub(crate) struct Resource {
    pub identity: Identity,
    pub place: Place,
    pub properties: Value,
}

/// Reads the root and everything under it.
pub(crate) fn read_all(root: &Path, options: &Options, problems: &mut Problems) -> Set {
    let label = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let folder = root.parent().and_then(|parent| label(parent.file_name()));
    let folder = folder.map(|folder| format!("{folder}/")).unwrap_or_default();
    let file = label(root.file_name()).unwrap_or_default();
    let given = options.parameters.iter().map(|(name, value)| {
        let place = Place::file(&format!("parameter {name}"));
        (name.clone(), (place, value.clone()))
    });
    let mut reader = Reader {
        options,
        folder,
        set: Set::default(),
        problems,
    };
    let outputs = reader.template(root, &file, &given.collect(), options.stack_name.clone(), 0);
    let mut set = reader.set;
    set.outputs = outputs.unwrap_or_default();
    set
}

struct Reader<'a> {
    options: &'a Options,
    /// What stands before a file's name in messages: `infra/`.
    folder: String,
    set: Set,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    /// Reads one template; its outputs, or `None` when it can't be read.
    fn template(
        &mut self,
        file: &Path,
        name: &str,
        given: &Given,
        stack_name: String,
        depth: usize,
    ) -> Option<BTreeMap<String, Value>> {
        let label = format!("{}{name}", self.folder);
        let document = Document::load(file, &label, self.problems)?;
        let mut scope = Scope::new(self.options, stack_name);
        let declared = document.section("Parameters", self.problems);
        scope.parameters = parameters::evaluate(&declared, given, self.problems);
        scope.mappings = document.section("Mappings", self.problems);
        let definitions = document.section("Conditions", self.problems);
        scope.conditions = conditions::evaluate(&definitions, &scope, self.problems);
        conditions::check_rules(&document.section("Rules", self.problems), &scope, self.problems);

        let declared = document.resources(self.problems);
        let declared = self.present(declared, &mut scope);
        let identities = declared
            .iter()
            .map(|(id, resource)| (id.clone(), self.identity(id, resource, &scope)));
        scope.resources = identities.collect();
        self.applications(&document, &declared, &mut scope, depth);
        self.resources(&document, declared, &scope);
        Some(self.outputs(&document, &scope))
    }

    /// Registers every logical id, and keeps the resources whose condition holds.
    fn present(&mut self, declared: BTreeMap<String, Declared>, scope: &mut Scope<'_>) -> BTreeMap<String, Declared> {
        let mut kept = BTreeMap::new();
        for (id, resource) in declared {
            if let Some(other) = self.set.places.insert(id.clone(), resource.place.clone()) {
                let message =
                    format!("the logical id `{id}` also stands at {other}; ids are unique over all templates");
                self.problems.add(&resource.place, message);
            }
            let holds = match &resource.condition {
                None => true,
                Some(name) => scope.conditions.get(name).copied().unwrap_or_else(|| {
                    self.problems.add(
                        &resource.place.key("Condition"),
                        format!("there is no condition `{name}`"),
                    );
                    true
                }),
            };
            if holds {
                kept.insert(id, resource);
            } else {
                scope.absent.insert(id);
            }
        }
        kept
    }

    /// The physical name comes first, since other resources refer to it. It may use parameters, not resources.
    fn identity(&mut self, id: &str, resource: &Declared, scope: &Scope<'_>) -> Identity {
        let property = |name: &str| {
            resource
                .properties
                .get(name)
                .map(|value| (resource.place.key("Properties").key(name), value))
        };
        let fifo = resource.kind == "AWS::SQS::Queue"
            && property("FifoQueue").is_some_and(|(place, value)| {
                scope
                    .text(value, &place, &mut Problems::default())
                    .is_ok_and(|fifo| fifo == "true")
            });
        let own = names::name_property(&resource.kind)
            .and_then(property)
            .and_then(|(place, value)| {
                let value = scope.resolve(value, &place, self.problems)?;
                let text = scalar(&value);
                if text.is_none() {
                    self.problems.add(&place, "a name must be a text");
                }
                text
            });
        let name = own.unwrap_or_else(|| names::generated(id, fifo, self.options));
        if fifo && !name.ends_with(names::FIFO_SUFFIX) {
            self.problems.add(
                &resource.place,
                format!("the name of a FIFO queue ends in `.fifo`, `{name}` does not"),
            );
        }
        Identity {
            logical_id: id.to_owned(),
            kind: resource.kind.clone(),
            name,
        }
    }

    /// Reads the nested applications, each after those whose outputs it uses.
    fn applications(
        &mut self,
        document: &Document,
        declared: &BTreeMap<String, Declared>,
        scope: &mut Scope<'_>,
        depth: usize,
    ) {
        let mut waiting: BTreeMap<&String, &Declared> = declared
            .iter()
            .filter(|(_, resource)| resource.kind == APPLICATION)
            .collect();
        let ids: BTreeSet<String> = waiting.keys().map(ToString::to_string).collect();
        while !waiting.is_empty() {
            let uses = |resource: &Declared| used(&resource.properties, &ids);
            let ready = waiting
                .iter()
                .find(|(_, resource)| uses(resource).is_disjoint(&keys(&waiting)));
            let Some((id, resource)) = ready.map(|(id, resource)| (*id, *resource)) else {
                for (id, resource) in &waiting {
                    let others = uses(resource)
                        .intersection(&keys(&waiting))
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", ");
                    let message = format!("applications need each other's outputs in a circle: `{id}` needs {others}");
                    self.problems.add(&resource.place, message);
                    scope.outputs.insert((*id).clone(), None);
                }
                return;
            };
            waiting.remove(id);
            let outputs = self.application(id, resource, document, scope, depth);
            scope.outputs.insert(id.clone(), outputs);
        }
    }

    fn application(
        &mut self,
        id: &str,
        resource: &Declared,
        document: &Document,
        scope: &Scope<'_>,
        depth: usize,
    ) -> Option<BTreeMap<String, Value>> {
        let place = resource.place.key("Properties");
        let allowed = known::ignored(APPLICATION);
        for key in resource.properties.as_object()?.keys() {
            if !matches!(key.as_str(), "Location" | "Parameters") && !allowed.contains(&key.as_str()) {
                self.problems
                    .add(&place.key(key), "is not supported; supported are Location, Parameters");
            }
        }
        let Some(location) = resource.properties.get("Location").and_then(Value::as_str) else {
            self.problems.add(
                &place.key("Location"),
                "must be the path of a template, relative to this one",
            );
            return None;
        };
        if depth >= NESTING_MAX {
            self.problems.add(
                &place.key("Location"),
                format!("templates are nested deeper than {NESTING_MAX}"),
            );
            return None;
        }
        let place = place.key("Parameters");
        let mut given = Given::new();
        if let Some(Value::Object(values)) = resource.properties.get("Parameters") {
            for (name, value) in values {
                let place = place.key(name);
                let Some(value) = scope.resolve(value, &place, self.problems) else {
                    continue;
                };
                let text = scalar(&value).unwrap_or_else(|| {
                    let message = "must be a text; pass a list as `!Join [\",\", …]`";
                    self.problems.add(&place, message);
                    UNRESOLVED.to_owned()
                });
                given.insert(name.clone(), (place, text));
            }
        }
        let location = location.trim_start_matches("./");
        let stack_name = format!("{}-{id}", scope.stack_name);
        self.template(
            &document.folder.join(location),
            location,
            &given,
            stack_name,
            depth.saturating_add(1),
        )
    }

    /// Resolves the properties of everything but the applications.
    fn resources(&mut self, document: &Document, declared: BTreeMap<String, Declared>, scope: &Scope<'_>) {
        let global = globals::of_functions(document, self.problems);
        for (id, resource) in declared
            .into_iter()
            .filter(|(_, resource)| resource.kind != APPLICATION)
        {
            if !known::HOSTED.contains(&resource.kind.as_str()) && known::nothing_to_host(&resource.kind).is_none() {
                let message = format!(
                    "{} is not supported; hosted are {}",
                    resource.kind,
                    known::HOSTED.join(", ")
                );
                self.problems.add(&resource.place.key("Type"), message);
                continue;
            }
            let written = if resource.kind == "AWS::Serverless::Function" {
                globals::merge(&global, &resource.properties)
            } else {
                resource.properties
            };
            let place = resource.place.key("Properties");
            let properties = scope.resolve(&written, &place, self.problems).unwrap_or_default();
            if let Some(identity) = scope.resources.get(&id).cloned() {
                self.set.resources.insert(
                    id,
                    Resource {
                        identity,
                        place: resource.place,
                        properties,
                    },
                );
            }
        }
    }

    fn outputs(&mut self, document: &Document, scope: &Scope<'_>) -> BTreeMap<String, Value> {
        let mut outputs = BTreeMap::new();
        for (name, (place, output)) in document.section("Outputs", self.problems) {
            let holds = match output.get("Condition").and_then(Value::as_str) {
                None => true,
                Some(condition) => scope.conditions.get(condition).copied().unwrap_or_else(|| {
                    self.problems
                        .add(&place.key("Condition"), format!("there is no condition `{condition}`"));
                    true
                }),
            };
            match output.get("Value") {
                _ if !holds => {}
                None => self.problems.add(&place, "has no Value"),
                Some(value) => {
                    let value = scope.resolve(value, &place.key("Value"), self.problems);
                    outputs.insert(name, value.unwrap_or_default());
                }
            }
        }
        outputs
    }
}

fn keys(waiting: &BTreeMap<&String, &Declared>) -> BTreeSet<String> {
    waiting.keys().map(ToString::to_string).collect()
}

/// The applications that a value refers to.
fn used(value: &Value, applications: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(map) => {
                if let Some(path) = map.get("Fn::GetAtt") {
                    let target = path
                        .as_str()
                        .or_else(|| path.get(0).and_then(Value::as_str))
                        .unwrap_or_default();
                    found.extend(target.split('.').next().map(str::to_owned));
                }
                if let Some(template) = map.get("Fn::Sub") {
                    let template = template.as_str().or_else(|| template.get(0).and_then(Value::as_str));
                    let names = template
                        .unwrap_or_default()
                        .split("${")
                        .skip(1)
                        .filter_map(|part| part.split(['.', '}']).next());
                    found.extend(names.map(str::to_owned));
                }
                waiting.extend(map.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    found.intersection(applications).cloned().collect()
}
