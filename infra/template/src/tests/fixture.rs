//! One set of templates, read to precise results.

use std::path::Path;

use serde_json::json;

use crate::model::{EventSource, Schedule, Stack};
use crate::{Options, read};

fn shop(live: bool) -> Stack {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/shop/template.yaml");
    let parameters = [
        ("PublicUrl".to_owned(), "http://127.0.0.1:1".to_owned()),
        ("Live".to_owned(), live.to_string()),
    ]
    .into();
    let queue_base_url = "http://127.0.0.1:2".to_owned();
    read(
        &root,
        &Options {
            parameters,
            queue_base_url,
            ..Options::default()
        },
    )
    .unwrap()
}

#[test]
fn a_table_reads_as_its_create_request() {
    let table = &shop(false).tables["OrdersTable"];
    assert_eq!(table.place.to_string(), "shop/orders.yaml: Resources.OrdersTable");
    assert_eq!(table.ttl_attribute.as_deref(), Some("expires_at"));
    assert_eq!(
        table.create,
        json!({
            "TableName": "tradepost-OrdersTable",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
                {"AttributeName": "day", "AttributeType": "S"},
            ],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "GlobalSecondaryIndexes": [{
                "IndexName": "by-day",
                "KeySchema": [{"AttributeName": "day", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }],
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
        })
    );
}

#[test]
fn a_queue_reads_as_its_attributes() {
    let stack = shop(false);
    let queue = &stack.queues["OrdersQueue"];
    assert_eq!(queue.name, "tradepost-OrdersQueue.fifo");
    assert_eq!(queue.url, "http://127.0.0.1:2/000000000000/tradepost-OrdersQueue.fifo");
    let expected = [
        ("ContentBasedDeduplication", "false"),
        ("FifoQueue", "true"),
        (
            "RedrivePolicy",
            "{\"deadLetterTargetArn\":\"arn:aws:sqs:us-east-1:000000000000:tradepost-OrdersDeadLetters.fifo\",\
             \"maxReceiveCount\":5}",
        ),
        ("VisibilityTimeout", "120"),
    ];
    let found: Vec<(&str, &str)> = queue
        .attributes
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(found, expected);
    assert!(stack.queues["OrdersParked"].attributes.is_empty());
    assert_eq!(stack.outputs["OrdersQueueUrl"], json!(queue.url));
}

#[test]
fn a_function_reads_with_globals_merged_and_its_statements_resolved() {
    let stack = shop(false);
    let function = &stack.functions["OrderDeskFunction"];
    assert_eq!(
        (function.binary.as_str(), function.name.as_str()),
        ("order-desk", "tradepost-OrderDeskFunction")
    );
    assert_eq!(
        (function.memory_mb, function.timeout_s, function.reserved_concurrency),
        (512, 10, None)
    );
    let environment: Vec<String> = function
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(
        environment,
        [
            "LOG=debug",
            "ORDERS_SECRET=arn:aws:secretsmanager:us-east-1:000000000000:secret:tradepost-OrdersSecret-000000",
            "ORDERS_TABLE=tradepost-OrdersTable",
            "SHARED=1",
        ]
    );
    let table = "arn:aws:dynamodb:us-east-1:000000000000:table/tradepost-OrdersTable";
    let read = json!({
        "Sid": "Read",
        "Effect": "Allow",
        "Action": ["dynamodb:GetItem", "dynamodb:Query"],
        "Resource": [table, format!("{table}/index/by-day")],
    });
    assert_eq!(function.statements, std::slice::from_ref(&read));

    let live = shop(true);
    let function = &live.functions["OrderDeskFunction"];
    assert_eq!(function.reserved_concurrency, Some(50));
    assert_eq!(function.environment["LOG"], "warn");
    let deny = json!({"Effect": "Deny", "Action": "dynamodb:Scan", "Resource": table});
    assert_eq!(function.statements, [read, deny]);
    assert_eq!(live.secrets["OrdersSecret"].name, "tradepost-OrdersSecret");
}

#[test]
fn event_sources_read_with_lambda_s_defaults() {
    let stack = shop(false);
    let sources = &stack.functions["OrderDeskFunction"].sources;
    let [
        EventSource::Stream(stream),
        EventSource::Schedule(minute),
        EventSource::Queue(lines),
        EventSource::Schedule(night),
    ] = sources.as_slice()
    else {
        panic!("{sources:?}");
    };
    assert_eq!((lines.name.as_str(), lines.queue.as_str()), ("Lines", "OrdersQueue"));
    assert_eq!(
        (lines.batch_size, lines.window_s, lines.maximum_concurrency),
        (5, 0, Some(8))
    );
    assert!(lines.report_failures && lines.enabled);
    assert_eq!(lines.filters, [json!({"body": {"kind": ["order"]}})]);

    assert_eq!(
        (stream.name.as_str(), stream.table.as_str()),
        ("Changes", "OrdersTable")
    );
    assert_eq!(
        (stream.batch_size, stream.retries, stream.record_age_s),
        (100, Some(8), None)
    );
    assert!(stream.from_start && stream.bisect && !stream.report_failures && stream.enabled);
    assert_eq!(
        (stream.parallelization, stream.on_failure.as_deref()),
        (2, Some("OrdersParked"))
    );

    assert_eq!((minute.expression.clone(), minute.retries), (Schedule::Rate(60), 0));
    assert_eq!(minute.input.as_deref(), Some("{\"sweep\": true}"));
    assert_eq!(minute.dead_letter.as_deref(), Some("OrdersParked"));
    assert_eq!(night.expression, Schedule::Cron("0 3 ? * MON-FRI *".to_owned()));
    assert!(minute.enabled && !night.enabled);
    assert_eq!((night.retries, night.dead_letter.as_deref()), (185, None));
}

#[test]
fn the_api_reads_with_routes_of_nested_applications() {
    let api = shop(false).api.unwrap();
    let cors = api.cors.unwrap();
    assert_eq!(
        (cors.origins, cors.methods),
        (
            vec!["https://shop.example".to_owned()],
            vec!["GET".to_owned(), "POST".to_owned()]
        )
    );
    assert_eq!(
        (cors.expose, cors.max_age_s, cors.credentials),
        (vec!["etag".to_owned()], Some(600), true)
    );
    let tokens = &api.authorizers["Tokens"];
    assert_eq!(
        (tokens.issuer.as_str(), tokens.audience.as_slice()),
        ("http://127.0.0.1:1", ["tradepost".to_owned()].as_slice())
    );
    assert_eq!(tokens.identity_source, ["$request.header.Authorization"]);
    let routes: Vec<_> = api
        .routes
        .iter()
        .map(|route| {
            (
                route.key.as_str(),
                route.function.as_str(),
                route.authorizer.as_deref(),
                route.scopes.join(" "),
            )
        })
        .collect();
    assert_eq!(
        routes,
        [
            (
                "GET /v1/orders/{id}",
                "OrderDeskFunction",
                Some("Tokens"),
                "staff".to_owned()
            ),
            ("ANY /v1/orders/{id}/{rest+}", "OrderDeskFunction", None, String::new()),
        ]
    );
}
