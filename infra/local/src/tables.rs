//! Makes the declared tables, and refuses a data directory that holds other ones under their names.

use std::collections::BTreeSet;

use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};
use template::model::Table;

/// Why the tables can't be had.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The stored table was declared otherwise.
    #[error(
        "{place}: the table {table} was stored with other {differs} than the template declares now; \
         start afresh on another --data directory (or delete this one), or with --ephemeral"
    )]
    Changed {
        /// Where the table is declared.
        place: String,
        /// Logical id.
        table: String,
        /// The parts that differ.
        differs: String,
    },
    /// `DynamoDB` refused the declaration.
    #[error("{place}: DynamoDB refuses the table {table}: {reason}")]
    Refused {
        /// Where the table is declared.
        place: String,
        /// Logical id.
        table: String,
        /// What it said.
        reason: String,
    },
}

/// Makes what is missing and compares what is there.
pub(crate) fn create<'a>(database: &Database, tables: impl IntoIterator<Item = &'a Table>) -> Result<(), TableError> {
    for table in tables {
        let refused = |reason: String| TableError::Refused {
            place: table.place.0.clone(),
            table: table.logical_id.clone(),
            reason,
        };
        match describe(database, &table.name).map_err(refused)? {
            Some(stored) => compare(table, &stored)?,
            None => make(database, table).map_err(refused)?,
        }
        set_ttl(database, table).map_err(refused)?;
    }
    Ok(())
}

fn describe(database: &Database, name: &str) -> Result<Option<Value>, String> {
    let request = parse(json!({ "TableName": name }))?;
    match database.describe_table(request) {
        Ok(response) => {
            let response = serde_json::to_value(&response).map_err(|error| error.to_string())?;
            Ok(response.get("Table").cloned())
        }
        Err(DynoxideError::ResourceNotFoundException(_)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn make(database: &Database, table: &Table) -> Result<(), String> {
    database
        .create_table(parse(table.create.clone())?)
        .map(drop)
        .map_err(|error| error.to_string())
}

fn set_ttl(database: &Database, table: &Table) -> Result<(), String> {
    let Some(attribute) = &table.ttl_attribute else {
        return Ok(());
    };
    let described = database.describe_time_to_live(parse(json!({ "TableName": table.name }))?);
    let described = described.map_err(|error| error.to_string())?.time_to_live_description;
    if described.attribute_name.as_ref() == Some(attribute) {
        return Ok(());
    }
    let specification = json!({ "AttributeName": attribute, "Enabled": true });
    let request = json!({ "TableName": table.name, "TimeToLiveSpecification": specification });
    database
        .update_time_to_live(parse(request)?)
        .map(drop)
        .map_err(|error| error.to_string())
}

fn parse<T: serde::de::DeserializeOwned>(request: Value) -> Result<T, String> {
    serde_json::from_value(request).map_err(|error| error.to_string())
}

/// One part of a table's declaration, in a form that compares.
type Part = fn(&Value) -> BTreeSet<String>;

fn compare(table: &Table, stored: &Value) -> Result<(), TableError> {
    let parts: [(&str, Part); 5] = [
        ("attributes", |table| set(table, "AttributeDefinitions")),
        ("keys", |table| set(table, "KeySchema")),
        ("global indexes", |table| indexes(table, "GlobalSecondaryIndexes")),
        ("local indexes", |table| indexes(table, "LocalSecondaryIndexes")),
        ("stream", stream),
    ];
    let differs: Vec<&str> = parts
        .iter()
        .filter(|(_, part)| part(&table.create) != part(stored))
        .map(|(name, _)| *name)
        .collect();
    if differs.is_empty() {
        return Ok(());
    }
    let (place, table) = (table.place.0.clone(), table.logical_id.clone());
    Err(TableError::Changed {
        place,
        table,
        differs: differs.join(", "),
    })
}

fn set(table: &Value, name: &str) -> BTreeSet<String> {
    table
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(ToString::to_string)
        .collect()
}

/// Name, keys and projection of each index; the stored form has more fields.
fn indexes(table: &Value, name: &str) -> BTreeSet<String> {
    let indexes = table.get(name).and_then(Value::as_array).into_iter().flatten();
    indexes
        .map(|index| {
            let keys: Vec<String> = set(index, "KeySchema").into_iter().collect();
            let projection = index.get("Projection");
            let kind = projection.and_then(|projection| projection.get("ProjectionType"));
            let attributes = projection.map(|projection| set(projection, "NonKeyAttributes"));
            json!([index.get("IndexName"), keys, kind, attributes.unwrap_or_default()]).to_string()
        })
        .collect()
}

fn stream(table: &Value) -> BTreeSet<String> {
    let view = table
        .get("StreamSpecification")
        .and_then(|stream| stream.get("StreamViewType"));
    view.into_iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {

    use dynoxide::Database;
    use serde_json::{Value, json};
    use template::model::{Place, Table};

    use super::{TableError, create};

    fn table(create: Value) -> Table {
        Table {
            logical_id: "SalesTable".to_owned(),
            place: Place("infra/sales.yaml: Resources.SalesTable".to_owned()),
            name: "stack-SalesTable".to_owned(),
            arn: String::new(),
            stream_arn: None,
            create,
            ttl_attribute: Some("expires_at".to_owned()),
        }
    }

    fn declared() -> Value {
        json!({
            "TableName": "stack-SalesTable",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "day", "AttributeType": "S"},
            ],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by_day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]},
            }],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
        })
    }

    #[test]
    fn a_second_start_finds_its_tables() {
        let database = Database::memory().unwrap();
        create(&database, [&table(declared())]).unwrap();
        create(&database, [&table(declared())]).unwrap();
    }

    #[test]
    fn a_changed_table_is_named_with_what_changed() {
        let database = Database::memory().unwrap();
        create(&database, [&table(declared())]).unwrap();
        let mut changed = declared();
        changed["GlobalSecondaryIndexes"][0]["Projection"] = json!({"ProjectionType": "ALL"});
        let error = create(&database, [&table(changed)]).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, TableError::Changed { .. }));
        for part in [
            "infra/sales.yaml: Resources.SalesTable",
            "global indexes",
            "--data",
            "--ephemeral",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_table_that_dynamodb_refuses_is_named() {
        let database = Database::memory().unwrap();
        let mut bad = declared();
        bad["KeySchema"] = json!([]);
        let error = create(&database, [&table(bad)]).unwrap_err();
        assert!(error.to_string().contains("SalesTable"), "{error}");
    }
}
