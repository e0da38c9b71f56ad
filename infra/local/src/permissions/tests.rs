use std::collections::BTreeMap;

use serde_json::{Value, json};
use template::model::{Function, Place, Queue, Stack, Table};

use super::Permissions;
use crate::front::{Call, Interceptor, Service, Verdict};

const TABLE: &str = "arn:aws:dynamodb:us-east-1:000000000000:table/t-SalesTable";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:t-Orders.fifo";

fn permissions(statements: &Value) -> Permissions {
    let function = Function {
        logical_id: "F".to_owned(),
        place: Place::default(),
        binary: String::new(),
        name: String::new(),
        memory_mb: 128,
        timeout_s: 3,
        reserved_concurrency: None,
        environment: BTreeMap::new(),
        sources: Vec::new(),
        statements: statements.as_array().cloned().unwrap(),
    };
    let table = Table {
        logical_id: "SalesTable".to_owned(),
        place: Place::default(),
        name: "t-SalesTable".to_owned(),
        arn: TABLE.to_owned(),
        stream_arn: None,
        create: Value::Null,
        ttl_attribute: None,
    };
    let queue = Queue {
        logical_id: "Orders".to_owned(),
        place: Place::default(),
        name: "t-Orders.fifo".to_owned(),
        arn: QUEUE.to_owned(),
        url: String::new(),
        attributes: BTreeMap::new(),
    };
    Permissions::new(&Stack {
        functions: BTreeMap::from([("F".to_owned(), function)]),
        tables: BTreeMap::from([("SalesTable".to_owned(), table)]),
        queues: BTreeMap::from([("Orders".to_owned(), queue)]),
        ..Stack::default()
    })
}

fn call(caller: &str, service: Service, operation: &str, request: Value) -> Call {
    Call {
        caller: caller.to_owned(),
        service,
        operation: operation.to_owned(),
        request,
    }
}

async fn allowed(permissions: &Permissions, operation: &str, request: Value) -> bool {
    permissions
        .before(&call("F", Service::DynamoDb, operation, request))
        .await
        == Verdict::Proceed
}

#[tokio::test]
async fn only_what_is_granted_is_allowed() {
    let permissions = permissions(&json!([
        {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": [TABLE, format!("{TABLE}/index/by_day")]},
    ]));
    let table = "t-SalesTable";
    assert!(allowed(&permissions, "GetItem", json!({"TableName": table})).await);
    assert!(
        allowed(
            &permissions,
            "Query",
            json!({"TableName": table, "IndexName": "by_day"})
        )
        .await
    );
    assert!(
        !allowed(
            &permissions,
            "Query",
            json!({"TableName": table, "IndexName": "by_state"})
        )
        .await
    );
    assert!(!allowed(&permissions, "PutItem", json!({"TableName": table})).await);
    assert!(!allowed(&permissions, "GetItem", json!({"TableName": "other"})).await);
    assert!(!allowed(&permissions, "BatchGetItem", json!({"RequestItems": {table: {}}})).await);
}

#[tokio::test]
async fn a_transaction_needs_the_actions_of_its_parts() {
    let permissions = permissions(&json!([{"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": TABLE}]));
    let part = |kind: &str| json!({ kind: {"TableName": "t-SalesTable"} });
    assert!(
        allowed(
            &permissions,
            "TransactWriteItems",
            json!({"TransactItems": [part("Put")]})
        )
        .await
    );
    let both = json!({"TransactItems": [part("Put"), part("ConditionCheck")]});
    assert!(!allowed(&permissions, "TransactWriteItems", both).await);
}

#[tokio::test]
async fn the_refusal_reads_as_aws_writes_it() {
    let permissions = permissions(&json!([]));
    let denied = permissions
        .before(&call(
            "F",
            Service::DynamoDb,
            "PutItem",
            json!({"TableName": "t-SalesTable"}),
        ))
        .await;
    let Verdict::Answer(answer) = denied else {
        panic!("allowed")
    };
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["__type"], json!("AccessDeniedException"));
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .contains(&format!("dynamodb:PutItem on resource: {TABLE}"))
    );
}

#[tokio::test]
async fn a_deny_wins_and_a_caller_that_is_no_function_is_free() {
    let permissions = permissions(&json!([
        {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "dynamodb:DeleteItem", "Resource": format!("{TABLE}*")},
    ]));
    let request = json!({"TableName": "t-SalesTable"});
    assert!(allowed(&permissions, "PutItem", request.clone()).await);
    assert!(!allowed(&permissions, "DeleteItem", request.clone()).await);
    let tool = call("tool", Service::DynamoDb, "DeleteItem", request);
    assert_eq!(permissions.before(&tool).await, Verdict::Proceed);
}

#[tokio::test]
async fn a_batch_of_messages_needs_the_single_action_and_unused_grants_are_listed() {
    let permissions = permissions(&json!([
        {"Sid": "Publish", "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": QUEUE},
    ]));
    let request = json!({"QueueUrl": "http://127.0.0.1:1/000000000000/t-Orders.fifo"});
    let sent = permissions
        .before(&call("F", Service::Sqs, "SendMessageBatch", request))
        .await;
    assert_eq!(sent, Verdict::Proceed);
    let unused = permissions.unused();
    assert_eq!(unused.len(), 1);
    assert_eq!(
        (unused[0].statement.as_str(), unused[0].action.as_str()),
        ("Publish", "sqs:GetQueueUrl")
    );
}
