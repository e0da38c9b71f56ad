//! What a call needs: which actions on which resources.

use std::collections::BTreeMap;

use serde_json::Value;
use template::model::Stack;

use crate::front::{Call, Service};

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) action: String,
    pub(super) resource: String,
}

/// ARNs by the names that calls use.
pub(super) struct Resources {
    tables: BTreeMap<String, String>,
    queues: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
}

impl Resources {
    pub(super) fn of(stack: &Stack) -> Self {
        Self {
            tables: stack
                .tables
                .values()
                .map(|table| (table.name.clone(), table.arn.clone()))
                .collect(),
            queues: stack
                .queues
                .values()
                .map(|queue| (queue.name.clone(), queue.arn.clone()))
                .collect(),
            secrets: stack
                .secrets
                .values()
                .map(|secret| (secret.name.clone(), secret.arn.clone()))
                .collect(),
        }
    }

    /// What is not declared keeps its name: no statement covers it.
    fn table(&self, name: &str) -> String {
        self.tables.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }
}

/// All needs of a call. A malformed call needs nothing: the service refuses it.
pub(super) fn of(call: &Call, resources: &Resources) -> Vec<Need> {
    match call.service {
        Service::DynamoDb | Service::DynamoDbStreams => of_dynamodb(call, resources),
        Service::Sqs => {
            let name = text(&call.request, "QueueUrl").and_then(|url| url.rsplit('/').next());
            let name = name.or_else(|| text(&call.request, "QueueName")).unwrap_or("*");
            let resource = resources.queues.get(name).cloned().unwrap_or_else(|| name.to_owned());
            let operation = call.operation.strip_suffix("Batch").unwrap_or(&call.operation);
            vec![Need {
                action: format!("sqs:{operation}"),
                resource,
            }]
        }
        Service::SecretsManager => {
            let id = text(&call.request, "SecretId").unwrap_or("*");
            let resource = resources.secrets.get(id).cloned().unwrap_or_else(|| id.to_owned());
            vec![Need {
                action: call.action(),
                resource,
            }]
        }
    }
}

fn of_dynamodb(call: &Call, resources: &Resources) -> Vec<Need> {
    let request = &call.request;
    if let Some(parts) = request.get("TransactItems").and_then(Value::as_array) {
        return parts
            .iter()
            .filter_map(Value::as_object)
            .flatten()
            .filter_map(|part| of_part(part, resources))
            .collect();
    }
    if let Some(tables) = request.get("RequestItems").and_then(Value::as_object) {
        let need = |name: &String| Need {
            action: call.action(),
            resource: resources.table(name),
        };
        return tables.keys().map(need).collect();
    }
    let table = text(request, "TableName").map_or_else(|| "*".to_owned(), |name| resources.table(name));
    let resource = match text(request, "IndexName") {
        Some(index) => format!("{table}/index/{index}"),
        None => table,
    };
    vec![Need {
        action: call.action(),
        resource,
    }]
}

/// A transaction needs what its parts would need one by one.
fn of_part((kind, part): (&String, &Value), resources: &Resources) -> Option<Need> {
    let action = match kind.as_str() {
        "Put" => "dynamodb:PutItem",
        "Update" => "dynamodb:UpdateItem",
        "Delete" => "dynamodb:DeleteItem",
        "ConditionCheck" => "dynamodb:ConditionCheckItem",
        "Get" => "dynamodb:GetItem",
        _ => return None,
    };
    Some(Need {
        action: action.to_owned(),
        resource: resources.table(text(part, "TableName")?),
    })
}

fn text<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    request.get(name).and_then(Value::as_str)
}
