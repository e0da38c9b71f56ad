//! A DynamoDB with the product's tables, for one test.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, timeout::TimeoutConfig};
use dynamo::{Dynamo, Idempotency, Outbox, Timers};
use kernel::{Ambient, Envelope, Timestamp};
use privacy::{MasterKeys, Vault};
use secrecy::SecretString;
use serde_json::Value;

use crate::{SeededChance, VirtualClock, tables};

/// When every test begins: 2026-04-08T09:30:00Z.
const START_MILLIS: i64 = 1_775_640_600_000;
/// A master key for tests: public, protects nothing.
const TEST_MASTER_KEYS: &str = r#"{"current":"1","keys":{"1":"dGVzdC1tYXN0ZXIta2V5LW5vdC1hLXNlY3JldC0wMDE="},"index":"dGVzdC1pbmRleC1rZXktbm90LWEtc2VjcmV0LS0wMDE="}"#;

/// Tables, clock and chance of one test.
pub struct World {
    dynamo: Dynamo,
    client: aws_sdk_dynamodb::Client,
    clock: Arc<VirtualClock>,
    ambient: Ambient,
    names: BTreeMap<String, String>,
}

impl World {
    /// With the tables of `infra/core.yaml` and of the named templates, seed 1.
    pub async fn new(templates: &[&str]) -> Self {
        Self::seeded(templates, 1).await
    }

    /// With a seed for everything that is left to chance.
    pub async fn seeded(templates: &[&str], seed: u64) -> Self {
        let clock = Arc::new(VirtualClock::at(Timestamp::from_millis(START_MILLIS)));
        let ambient = Ambient::new(clock.clone(), Arc::new(SeededChance::new(seed)));
        let prefix = prefix();
        let client = client(&prefix).await;
        let mut names = BTreeMap::new();
        for template in std::iter::once(&"core").chain(templates) {
            for table in tables::of_template(template) {
                let name = format!("{prefix}{}", table.name);
                create(&client, &name, table.create).await;
                names.insert(table.logical_id, name);
            }
        }
        Self {
            dynamo: Dynamo::new(client.clone(), ambient.clone()),
            client,
            clock,
            ambient,
            names,
        }
    }

    /// The store.
    pub fn dynamo(&self) -> Dynamo {
        self.dynamo.clone()
    }

    /// The SDK's client, to look behind the stores.
    pub const fn client(&self) -> &aws_sdk_dynamodb::Client {
        &self.client
    }

    /// Clock and chance.
    pub fn ambient(&self) -> Ambient {
        self.ambient.clone()
    }

    /// The clock, to move it.
    pub fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.ambient.now()
    }

    /// Name of a table by its logical id, such as `SalesTable`.
    pub fn table(&self, logical_id: &str) -> &str {
        self.names
            .get(logical_id)
            .unwrap_or_else(|| panic!("no table {logical_id} in the templates of this world"))
    }

    /// The outbox.
    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.table("OutboxTable"))
    }

    /// The timers.
    pub fn timers(&self) -> Timers {
        Timers::new(self.dynamo(), self.table("TimersTable"))
    }

    /// The idempotency records.
    pub fn idempotency(&self) -> Idempotency {
        Idempotency::new(self.dynamo(), self.table("IdempotencyTable"))
    }

    /// The vault of personal data.
    pub fn vault(&self) -> Vault {
        let keys = MasterKeys::parse(&SecretString::from(TEST_MASTER_KEYS)).expect("the test keys are well-formed");
        Vault::new(self.dynamo(), self.table("PersonKeysTable"), keys)
    }

    /// Every event in the outbox, oldest first.
    pub async fn events(&self) -> Vec<Envelope> {
        let mut events: Vec<Envelope> = self
            .items("OutboxTable")
            .await
            .iter()
            .map(|item| {
                serde_json::from_str(item["envelope"]["S"].as_str().expect("a row has an envelope")).expect("JSON")
            })
            .collect();
        events.sort_by_key(|event| event.id);
        events
    }

    /// Every item of a table in DynamoDB's JSON, in no order: for invariants that no access pattern reads.
    pub async fn items(&self, logical_id: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let call = self
                .client
                .scan()
                .table_name(self.table(logical_id))
                .consistent_read(true);
            let page = call
                .set_exclusive_start_key(from)
                .send()
                .await
                .expect("the table can be scanned");
            items.extend(page.items.unwrap_or_default().into_iter().map(plain_item));
            from = page.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                return items;
            }
        }
    }
}

fn plain_item(item: dynamo::Item) -> Value {
    Value::Object(item.into_iter().map(|(name, value)| (name, plain(value))).collect())
}

fn plain(value: dynamo::AttributeValue) -> Value {
    use dynamo::AttributeValue as A;
    match value {
        A::S(text) => serde_json::json!({"S": text}),
        A::N(number) => serde_json::json!({"N": number}),
        A::Bool(flag) => serde_json::json!({"BOOL": flag}),
        A::Null(flag) => serde_json::json!({"NULL": flag}),
        A::L(list) => serde_json::json!({"L": list.into_iter().map(plain).collect::<Vec<_>>()}),
        A::M(map) => serde_json::json!({"M": plain_item(map)}),
        A::Ss(texts) => serde_json::json!({"SS": texts}),
        A::Ns(numbers) => serde_json::json!({"NS": numbers}),
        other => panic!("an attribute of a kind that no store writes: {other:?}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the optional second opinion is chosen by the environment"
)]
fn second_opinion() -> Option<String> {
    std::env::var("TRADEPOST_DYNAMODB_LOCAL").ok()
}

/// Worlds that share a DynamoDB Local must not meet: each has tables of its own names, and an account of its own (see
/// [`client`]).
fn prefix() -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    format!("t{}-{next}-", std::process::id())
}

/// Calls with an access key of the world's own. DynamoDB Local, started without `-sharedDb`, keeps a database per key; in
/// one that is shared the worlds' transactions would meet, for the tokens that make a repeated transaction harmless are
/// remembered per account, and worlds of one seed draw the same ones.
async fn client(prefix: &str) -> aws_sdk_dynamodb::Client {
    let key: String = prefix.chars().map(|c| if c == '-' { 'x' } else { c }).collect();
    match second_opinion() {
        Some(endpoint) => client_at(&endpoint, &key),
        None => client_at(&embedded().await, &key),
    }
}

fn client_at(endpoint: &str, key: &str) -> aws_sdk_dynamodb::Client {
    let timeouts = TimeoutConfig::builder().operation_timeout(std::time::Duration::from_secs(30));
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(key, "test", None, None, "test"))
        .timeout_config(timeouts.build())
        .endpoint_url(endpoint)
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

/// Every item of a table of any endpoint, such as a running platform's: for invariants that no access pattern reads.
pub async fn scan(endpoint: &str, table: &str) -> Vec<dynamo::Item> {
    let client = client_at(endpoint, "test");
    let mut items = Vec::new();
    let mut from = None;
    loop {
        let call = client.scan().table_name(table).consistent_read(true);
        let page = call
            .set_exclusive_start_key(from)
            .send()
            .await
            .expect("the table can be scanned");
        items.extend(page.items.unwrap_or_default());
        from = page.last_evaluated_key.filter(|key| !key.is_empty());
        if from.is_none() {
            return items;
        }
    }
}

/// Serves a DynamoDB in memory on a free loopback port until the test's runtime ends.
async fn embedded() -> String {
    let database = dynoxide::Database::memory().expect("an in-memory database opens");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a loopback port is free");
    let address = listener.local_addr().expect("a bound listener has an address");
    tokio::spawn(dynoxide::server::serve_with_shutdown(
        listener,
        database,
        std::future::pending(),
    ));
    format!("http://{address}")
}

/// Creates a table from the API's own JSON.
async fn create(client: &aws_sdk_dynamodb::Client, name: &str, request: Value) {
    use aws_sdk_dynamodb::types::{AttributeDefinition, GlobalSecondaryIndex, KeySchemaElement, Projection};
    fn text(value: &Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
    fn list(value: &Value) -> impl Iterator<Item = &Value> {
        value.as_array().into_iter().flatten()
    }
    fn keys(value: &Value) -> Vec<KeySchemaElement> {
        let element = |key: &Value| {
            let kind = text(&key["KeyType"]).as_str().into();
            KeySchemaElement::builder()
                .attribute_name(text(&key["AttributeName"]))
                .key_type(kind)
                .build()
                .expect("complete")
        };
        list(value).map(element).collect()
    }
    let definition = |value: &Value| {
        let kind = text(&value["AttributeType"]).as_str().into();
        let built = AttributeDefinition::builder()
            .attribute_name(text(&value["AttributeName"]))
            .attribute_type(kind);
        built.build().expect("complete")
    };
    let index = |value: &Value| {
        let kind = text(&value["Projection"]["ProjectionType"]).as_str().into();
        let included: Vec<String> = list(&value["Projection"]["NonKeyAttributes"]).map(text).collect();
        let projection = Projection::builder().projection_type(kind);
        let projection = projection
            .set_non_key_attributes((!included.is_empty()).then_some(included))
            .build();
        let built = GlobalSecondaryIndex::builder()
            .index_name(text(&value["IndexName"]))
            .projection(projection);
        built
            .set_key_schema(Some(keys(&value["KeySchema"])))
            .build()
            .expect("complete")
    };
    let indexes: Vec<_> = list(&request["GlobalSecondaryIndexes"]).map(index).collect();
    client
        .create_table()
        .table_name(name)
        .billing_mode("PAY_PER_REQUEST".into())
        .set_attribute_definitions(Some(list(&request["AttributeDefinitions"]).map(definition).collect()))
        .set_key_schema(Some(keys(&request["KeySchema"])))
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .send()
        .await
        .expect("the table can be created");
}
