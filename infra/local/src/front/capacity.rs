//! Read and write units out of `ConsumedCapacity`.

use serde_json::{Map, Value};

use super::call::{Call, Service};

/// Units in thousandths: an eventually consistent read of up to 4 KB is 500.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Units {
    /// Thousandths of read units.
    pub read_milli: u64,
    /// Thousandths of write units.
    pub write_milli: u64,
}

const READS: [&str; 5] = ["GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"];
const WRITES: [&str; 5] = [
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
];

/// Whether the operation reports what it consumed.
pub(super) fn is_metered(call: &Call) -> bool {
    let name = call.operation.as_str();
    call.service == Service::DynamoDb && (READS.contains(&name) || WRITES.contains(&name))
}

/// Whether the operation writes items.
pub(super) fn is_write(call: &Call) -> bool {
    call.service == Service::DynamoDb && WRITES.contains(&call.operation.as_str())
}

/// Asks for the units per index, unless the caller asks for units itself. `None` when nothing is to be changed.
pub(super) fn ask(call: &Call) -> Option<Value> {
    let fields = call.request.as_object().filter(|_| is_metered(call))?;
    if fields
        .get("ReturnConsumedCapacity")
        .is_some_and(|asked| asked != "NONE")
    {
        return None;
    }
    let mut fields = fields.clone();
    fields.insert("ReturnConsumedCapacity".to_owned(), Value::from("INDEXES"));
    Some(Value::Object(fields))
}

/// Units by table (`Table`) or index (`Table/index`).
pub(super) fn read(operation: &str, answer: &Value) -> Vec<(String, Units)> {
    let consumed = match answer.get("ConsumedCapacity") {
        Some(Value::Array(tables)) => tables.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let reads = READS.contains(&operation);
    consumed
        .iter()
        .filter_map(Value::as_object)
        .flat_map(|table| of_table(table, reads))
        .collect()
}

fn of_table(consumed: &Map<String, Value>, reads: bool) -> Vec<(String, Units)> {
    let name = consumed.get("TableName").and_then(Value::as_str).unwrap_or("unknown");
    let Some(base) = consumed.get("Table").and_then(Value::as_object) else {
        return vec![(name.to_owned(), units(consumed, reads))];
    };
    let mut found = vec![(name.to_owned(), units(base, reads))];
    for kind in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        for (index, consumed) in consumed.get(kind).and_then(Value::as_object).into_iter().flatten() {
            let units = consumed
                .as_object()
                .map(|consumed| units(consumed, reads))
                .unwrap_or_default();
            found.push((format!("{name}/{index}"), units));
        }
    }
    found.retain(|(_, units)| *units != Units::default());
    found
}

fn units(consumed: &Map<String, Value>, reads: bool) -> Units {
    let field = |name: &str| consumed.get(name).map(milli).unwrap_or_default();
    let (read_milli, write_milli) = (field("ReadCapacityUnits"), field("WriteCapacityUnits"));
    if read_milli.saturating_add(write_milli) > 0 {
        return Units {
            read_milli,
            write_milli,
        };
    }
    let all = field("CapacityUnits");
    if reads {
        Units {
            read_milli: all,
            write_milli: 0,
        }
    } else {
        Units {
            read_milli: 0,
            write_milli: all,
        }
    }
}

/// Thousandths of a decimal JSON number, exactly, from its text.
fn milli(number: &Value) -> u64 {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole: u64 = whole.parse().unwrap_or(0);
    whole
        .saturating_mul(1_000)
        .saturating_add(fraction.parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Units, ask, milli, read};
    use crate::front::call::{Call, Service};

    fn call(operation: &str, request: Value) -> Call {
        let (caller, operation) = ("F".to_owned(), operation.to_owned());
        Call {
            caller,
            service: Service::DynamoDb,
            operation,
            request,
        }
    }

    #[test]
    fn units_are_asked_for_unless_the_caller_does() {
        let asked = ask(&call("Query", json!({"TableName": "T"})));
        assert_eq!(
            asked,
            Some(json!({"TableName": "T", "ReturnConsumedCapacity": "INDEXES"}))
        );
        assert_eq!(ask(&call("Query", json!({"ReturnConsumedCapacity": "TOTAL"}))), None);
        assert_eq!(ask(&call("DescribeTable", json!({}))), None);
        assert_eq!(ask(&call("Query", Value::Null)), None);
    }

    #[test]
    fn numbers_are_read_exactly() {
        assert_eq!(
            [json!(0.5), json!(12), json!(2.0), json!("x")].map(|number| milli(&number)),
            [500, 12_000, 2_000, 0]
        );
    }

    #[test]
    fn a_query_is_counted_on_its_index() {
        let answer = json!({"ConsumedCapacity": {
            "TableName": "T", "CapacityUnits": 1.5,
            "Table": {"CapacityUnits": 0.0},
            "GlobalSecondaryIndexes": {"by_day": {"CapacityUnits": 1.5}},
        }});
        let expected = vec![(
            "T/by_day".to_owned(),
            Units {
                read_milli: 1_500,
                write_milli: 0,
            },
        )];
        assert_eq!(read("Query", &answer), expected);
    }

    #[test]
    fn a_transaction_is_counted_per_table() {
        let answer = json!({"ConsumedCapacity": [
            {"TableName": "A", "CapacityUnits": 4.0, "WriteCapacityUnits": 4.0},
            {"TableName": "B", "CapacityUnits": 3.0, "Table": {"CapacityUnits": 2.0, "WriteCapacityUnits": 2.0},
             "GlobalSecondaryIndexes": {"i": {"CapacityUnits": 1.0}}},
        ]});
        let write = |write_milli| Units {
            read_milli: 0,
            write_milli,
        };
        let expected = vec![
            ("A".to_owned(), write(4_000)),
            ("B".to_owned(), write(2_000)),
            ("B/i".to_owned(), write(1_000)),
        ];
        assert_eq!(read("TransactWriteItems", &answer), expected);
    }
}
