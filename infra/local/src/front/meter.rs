//! Counts requests and units by caller, operation and target.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::call::{Call, Service};
use super::capacity;
use super::interceptor::Answer;

/// Different counts kept; a caller that makes up names can't fill memory.
const COUNTS_MAX: usize = 20_000;

/// What is counted apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// Access key id of the caller, a function's logical id.
    pub caller: String,
    /// `dynamodb`, `sqs` or `secretsmanager`.
    pub service: &'static str,
    /// The operation, e.g. `Query`.
    pub operation: String,
    /// Table, `table/index`, queue or secret; several tables of one call are joined by a comma.
    pub target: String,
}

/// Counts of one subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Calls that named the target. A call that touches several targets is a request of the first one only.
    pub requests: u64,
    /// Calls among them that were answered with an error.
    pub errors: u64,
    /// Thousandths of read units.
    pub read_milliunits: u64,
    /// Thousandths of write units.
    pub write_milliunits: u64,
}

/// One row of a reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What was counted.
    #[serde(flatten)]
    pub subject: Subject,
    /// The counts.
    #[serde(flatten)]
    pub count: Count,
}

/// The counts. Cheap to clone; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    counts: Arc<Mutex<BTreeMap<Subject, Count>>>,
}

impl Meter {
    /// Everything counted, in order of subject.
    pub fn read(&self) -> Vec<Row> {
        self.counts()
            .iter()
            .map(|(subject, count)| Row {
                subject: subject.clone(),
                count: *count,
            })
            .collect()
    }

    /// Starts at nothing again.
    pub fn reset(&self) {
        self.counts().clear();
    }

    /// Sum over the rows of a caller (all callers when `None`).
    pub fn total(&self, caller: Option<&str>) -> Count {
        let counts = self.counts();
        let wanted = counts
            .iter()
            .filter(|(subject, _)| caller.is_none_or(|caller| subject.caller == caller));
        wanted.fold(Count::default(), |sum, (_, count)| Count {
            requests: sum.requests.saturating_add(count.requests),
            errors: sum.errors.saturating_add(count.errors),
            read_milliunits: sum.read_milliunits.saturating_add(count.read_milliunits),
            write_milliunits: sum.write_milliunits.saturating_add(count.write_milliunits),
        })
    }

    /// Counts a call that was answered.
    pub(super) fn record(&self, call: &Call, answer: &Answer) {
        let mut units = Vec::new();
        if capacity::is_metered(call) && answer.is_success() {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            units = capacity::read(&call.operation, &body);
        }
        let request = Count {
            requests: 1,
            errors: u64::from(!answer.is_success()),
            ..Count::default()
        };
        if units.is_empty() {
            self.add(call, target(call), request);
            return;
        }
        for (at, (target, units)) in units.into_iter().enumerate() {
            let first = if at == 0 { request } else { Count::default() };
            let count = Count {
                read_milliunits: units.read_milli,
                write_milliunits: units.write_milli,
                ..first
            };
            self.add(call, target, count);
        }
    }

    fn add(&self, call: &Call, target: String, count: Count) {
        let (caller, operation) = (call.caller.clone(), call.operation.clone());
        let subject = Subject {
            caller,
            service: call.service.prefix(),
            operation,
            target,
        };
        let mut counts = self.counts();
        if counts.len() >= COUNTS_MAX && !counts.contains_key(&subject) {
            return;
        }
        let sum = counts.entry(subject).or_default();
        sum.requests = sum.requests.saturating_add(count.requests);
        sum.errors = sum.errors.saturating_add(count.errors);
        sum.read_milliunits = sum.read_milliunits.saturating_add(count.read_milliunits);
        sum.write_milliunits = sum.write_milliunits.saturating_add(count.write_milliunits);
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<Subject, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tables, queue or secret that a request names.
fn target(call: &Call) -> String {
    let field = |name: &str| call.request.get(name).and_then(Value::as_str);
    match call.service {
        Service::Sqs => field("QueueUrl")
            .and_then(|url| url.rsplit('/').next())
            .or_else(|| field("QueueName"))
            .unwrap_or_default()
            .to_owned(),
        Service::SecretsManager => field("SecretId").unwrap_or_default().to_owned(),
        Service::DynamoDb | Service::DynamoDbStreams => tables(&call.request).join(","),
    }
}

/// Tables that a request names: its own, those of a batch, or those of a transaction; sorted, each once.
pub(super) fn tables(request: &Value) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    names.extend(request.get("TableName").and_then(Value::as_str).map(str::to_owned));
    names.extend(
        request
            .get("RequestItems")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone()),
    );
    for part in request
        .get("TransactItems")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let operations = part.as_object().into_iter().flatten();
        names.extend(operations.filter_map(|(_, part)| part.get("TableName")?.as_str().map(str::to_owned)));
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::{Value, json};

    use super::{Count, Meter};
    use crate::front::call::{Call, Service};
    use crate::front::interceptor::Answer;

    fn call(service: Service, operation: &str, request: Value) -> Call {
        Call {
            caller: "CheckoutFunction".to_owned(),
            service,
            operation: operation.to_owned(),
            request,
        }
    }

    fn ok(body: &Value) -> Answer {
        Answer::success(body.to_string())
    }

    #[test]
    fn units_are_counted_by_caller_operation_and_table() {
        let meter = Meter::default();
        let put = call(Service::DynamoDb, "PutItem", json!({"TableName": "T"}));
        let consumed = json!({"ConsumedCapacity": {"TableName": "T", "CapacityUnits": 2.0}});
        meter.record(&put, &ok(&consumed));
        meter.record(&put, &ok(&consumed));
        meter.record(
            &put,
            &Answer::error(StatusCode::BAD_REQUEST, "ConditionalCheckFailedException", ""),
        );
        let rows = meter.read();
        assert_eq!(rows.len(), 1);
        assert_eq!(
            serde_json::to_value(&rows).ok(),
            Some(json!([{
                "caller": "CheckoutFunction", "service": "dynamodb", "operation": "PutItem", "target": "T",
                "requests": 3, "errors": 1, "read_milliunits": 0, "write_milliunits": 4000,
            }]))
        );
        meter.reset();
        assert_eq!(meter.total(None), Count::default());
    }

    #[test]
    fn a_failed_transaction_names_its_tables() {
        let meter = Meter::default();
        let items = json!([{"Put": {"TableName": "B"}}, {"Update": {"TableName": "A"}}, {"Put": {"TableName": "B"}}]);
        let transaction = call(Service::DynamoDb, "TransactWriteItems", json!({"TransactItems": items}));
        meter.record(
            &transaction,
            &Answer::error(StatusCode::BAD_REQUEST, "TransactionCanceledException", ""),
        );
        assert_eq!(
            meter.read().first().map(|row| row.subject.target.clone()),
            Some("A,B".to_owned())
        );
    }

    #[test]
    fn messages_are_counted_by_queue() {
        let meter = Meter::default();
        let request = json!({"QueueUrl": "http://127.0.0.1:1/000000000000/Orders.fifo"});
        meter.record(&call(Service::Sqs, "SendMessage", request), &ok(&json!({})));
        assert_eq!(
            meter.read().first().map(|row| row.subject.target.clone()),
            Some("Orders.fifo".to_owned())
        );
        assert_eq!(meter.total(Some("CheckoutFunction")).requests, 1);
        assert_eq!(meter.total(Some("Other")).requests, 0);
    }
}
