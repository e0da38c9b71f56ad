//! `AWS::DynamoDB::Table` as a `CreateTable` request.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::application::Resource;
use crate::fields::Fields;
use crate::model::Table;
use crate::problem::Problems;
use crate::{Options, known, names};

/// `DynamoDB`'s own limits.
const GLOBAL_INDEXES_MAX: usize = 20;
const LOCAL_INDEXES_MAX: usize = 5;

/// Properties of an index that `CreateTable` takes.
const INDEX_KEYS: &[&str] = &["IndexName", "KeySchema", "Projection", "ProvisionedThroughput"];

/// Properties of an index that change nothing on one machine.
const INDEX_IGNORED: &[&str] = &[
    "ContributorInsightsSpecification",
    "OnDemandThroughput",
    "WarmThroughput",
];

const VIEWS: &[&str] = &["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"];

pub(super) fn build(resource: &Resource, options: &Options, problems: &mut Problems) -> Table {
    let mut fields = Fields::new(&resource.properties, resource.place.key("Properties"), problems);
    let mut create = Map::new();
    create.insert("TableName".to_owned(), json!(resource.identity.name));
    fields.value("TableName");
    for key in ["AttributeDefinitions", "KeySchema"] {
        if let Some(value) = fields.required(key) {
            create.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(billing) = fields.one_of("BillingMode", &["PAY_PER_REQUEST", "PROVISIONED"]) {
        create.insert("BillingMode".to_owned(), json!(billing));
    }
    if let Some(value) = fields.value("ProvisionedThroughput") {
        create.insert("ProvisionedThroughput".to_owned(), value.clone());
    }
    for (key, most) in [
        ("GlobalSecondaryIndexes", GLOBAL_INDEXES_MAX),
        ("LocalSecondaryIndexes", LOCAL_INDEXES_MAX),
    ] {
        let indexes = indexes(&mut fields, key, most);
        if !indexes.is_empty() {
            create.insert(key.to_owned(), Value::Array(indexes));
        }
    }
    let view = fields.nested("StreamSpecification").and_then(|mut stream| {
        stream.required("StreamViewType");
        let view = stream.one_of("StreamViewType", VIEWS);
        stream.finish(&["ResourcePolicy"]);
        view
    });
    if let Some(view) = &view {
        create.insert(
            "StreamSpecification".to_owned(),
            json!({"StreamEnabled": true, "StreamViewType": view}),
        );
    }
    let ttl_attribute = fields.nested("TimeToLiveSpecification").and_then(|mut ttl| {
        let attribute = ttl.text("AttributeName");
        let enabled = ttl.flag("Enabled").unwrap_or_default();
        ttl.finish(&[]);
        attribute.filter(|_| enabled)
    });
    check_attributes(&create, &mut fields);
    fields.finish(known::ignored(&resource.identity.kind));
    let name = resource.identity.name.clone();
    Table {
        logical_id: resource.identity.logical_id.clone(),
        place: resource.place.clone(),
        arn: names::resource_arn(&resource.identity, options),
        stream_arn: view.map(|_| names::stream_arn(&name, options)),
        create: Value::Object(create),
        ttl_attribute,
        name,
    }
}

fn indexes(fields: &mut Fields<'_, '_>, key: &'static str, most: usize) -> Vec<Value> {
    let items = fields.items(key);
    if items.len() > most {
        fields.wrong(key, format!("{} indexes; a table has at most {most}", items.len()));
    }
    let mut indexes = Vec::with_capacity(items.len());
    for (place, item) in items {
        let mut index = Fields::new(item, place, fields.problems);
        let mut create = Map::new();
        for key in INDEX_KEYS {
            let value = if *key == "ProvisionedThroughput" {
                index.value(key)
            } else {
                index.required(key)
            };
            if let Some(value) = value {
                create.insert((*key).to_owned(), value.clone());
            }
        }
        index.finish(INDEX_IGNORED);
        indexes.push(Value::Object(create));
    }
    indexes
}

/// Every key attribute is defined, and every defined attribute is a key: `CreateTable` refuses anything else, later.
fn check_attributes(create: &Map<String, Value>, fields: &mut Fields<'_, '_>) {
    let names = |value: Option<&Value>| -> BTreeSet<String> {
        let list = value.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|entry| entry.get("AttributeName")?.as_str().map(str::to_owned))
            .collect()
    };
    let defined = names(create.get("AttributeDefinitions"));
    let mut used = names(create.get("KeySchema"));
    for key in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        for index in create.get(key).and_then(Value::as_array).into_iter().flatten() {
            used.extend(names(index.get("KeySchema")));
        }
    }
    for attribute in used.difference(&defined) {
        fields.wrong(
            "AttributeDefinitions",
            format!("the key attribute `{attribute}` is not defined"),
        );
    }
    for attribute in defined.difference(&used) {
        fields.wrong(
            "AttributeDefinitions",
            format!("`{attribute}` is defined, but no key uses it"),
        );
    }
}
