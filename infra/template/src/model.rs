//! What the templates declare, resolved: every intrinsic evaluated, nested applications flattened, Globals merged.
//!
//! Names here are physical names. A function, table or queue of a nested application is told apart by its logical id,
//! which must be unique over all templates; the reader refuses a second one and names both places.

use std::collections::BTreeMap;

use serde_json::Value;

/// Everything that the root template and its nested applications declare.
#[derive(Debug, Clone, Default)]
pub struct Stack {
    /// `AWS::Serverless::Function`, by logical id.
    pub functions: BTreeMap<String, Function>,
    /// `AWS::DynamoDB::Table`, by logical id.
    pub tables: BTreeMap<String, Table>,
    /// `AWS::SQS::Queue`, by logical id.
    pub queues: BTreeMap<String, Queue>,
    /// `AWS::SecretsManager::Secret`, by logical id.
    pub secrets: BTreeMap<String, Secret>,
    /// The HTTP API with its routes, if one is declared.
    pub api: Option<HttpApi>,
    /// Outputs of the root template.
    pub outputs: BTreeMap<String, Value>,
}

/// Where something stands, for messages: `infra/sales.yaml: Resources.CheckoutFunction`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place(pub String);

/// One Lambda function.
#[derive(Debug, Clone)]
pub struct Function {
    /// Logical id, e.g. `CheckoutFunction`.
    pub logical_id: String,
    /// Where it is declared.
    pub place: Place,
    /// The crate and binary under `functions/`: last path component of `CodeUri` (`target/lambda/checkout/`).
    pub binary: String,
    /// Physical name, `AWS_LAMBDA_FUNCTION_NAME`.
    pub name: String,
    /// Memory in MB.
    pub memory_mb: u32,
    /// Time-out in seconds.
    pub timeout_s: u32,
    /// `ReservedConcurrentExecutions`, where declared.
    pub reserved_concurrency: Option<u32>,
    /// Environment variables, all intrinsics resolved.
    pub environment: BTreeMap<String, String>,
    /// SQS, DynamoDB-stream and schedule sources.
    pub sources: Vec<EventSource>,
    /// Inline policy statements, resolved, as IAM JSON.
    pub statements: Vec<Value>,
}

/// What invokes a function beside the HTTP API.
#[derive(Debug, Clone)]
pub enum EventSource {
    /// `Type: SQS`.
    Queue(QueueSource),
    /// `Type: DynamoDB`.
    Stream(StreamSource),
    /// `Type: ScheduleV2` (or `Schedule`).
    Schedule(ScheduleSource),
}

/// An SQS event source mapping.
#[derive(Debug, Clone)]
pub struct QueueSource {
    /// Name of the event in the function's `Events`.
    pub name: String,
    /// Logical id of the queue.
    pub queue: String,
    /// 1 to 10 (10,000 on standard queues with a window).
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds`.
    pub window_s: u32,
    /// `FunctionResponseTypes: [ReportBatchItemFailures]` is set.
    pub report_failures: bool,
    /// `ScalingConfig.MaximumConcurrency`.
    pub maximum_concurrency: Option<u32>,
    /// `FilterCriteria.Filters[].Pattern`, parsed JSON.
    pub filters: Vec<Value>,
    /// `Enabled`, true when absent.
    pub enabled: bool,
}

/// A DynamoDB stream event source mapping.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the mapping has these switches")]
pub struct StreamSource {
    /// Name of the event in the function's `Events`.
    pub name: String,
    /// Logical id of the table.
    pub table: String,
    /// Default 100, at most 10,000.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds`.
    pub window_s: u32,
    /// `StartingPosition`: true for `TRIM_HORIZON`, false for `LATEST`.
    pub from_start: bool,
    /// `ReportBatchItemFailures` is set.
    pub report_failures: bool,
    /// `MaximumRetryAttempts`; `None` is -1, for ever.
    pub retries: Option<u32>,
    /// `MaximumRecordAgeInSeconds`; `None` is -1.
    pub record_age_s: Option<u32>,
    /// `BisectBatchOnFunctionError`.
    pub bisect: bool,
    /// `ParallelizationFactor`, 1 to 10.
    pub parallelization: u32,
    /// `FilterCriteria.Filters[].Pattern`, parsed JSON.
    pub filters: Vec<Value>,
    /// Logical id of the queue in `DestinationConfig.OnFailure.Destination`.
    pub on_failure: Option<String>,
    /// `Enabled`, true when absent.
    pub enabled: bool,
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct ScheduleSource {
    /// Name of the event in the function's `Events`.
    pub name: String,
    /// When.
    pub expression: Schedule,
    /// `Input`, a JSON text; EventBridge's scheduled event when absent.
    pub input: Option<String>,
    /// `RetryPolicy.MaximumRetryAttempts`.
    pub retries: u32,
    /// Logical id of the queue in `DeadLetterConfig`, where declared.
    pub dead_letter: Option<String>,
    /// `State` is not `DISABLED`.
    pub enabled: bool,
}

/// A schedule expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// `rate(5 minutes)`, in seconds.
    Rate(u64),
    /// `cron(…)`, the six fields as written. Evaluated in UTC.
    Cron(String),
}

/// A DynamoDB table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Logical id.
    pub logical_id: String,
    /// Where it is declared.
    pub place: Place,
    /// Physical name.
    pub name: String,
    /// ARN of the table.
    pub arn: String,
    /// ARN by which event source mappings name its stream.
    pub stream_arn: Option<String>,
    /// The `CreateTable` request: `TableName`, `AttributeDefinitions`, `KeySchema`, `GlobalSecondaryIndexes`,
    /// `LocalSecondaryIndexes`, `BillingMode`, `StreamSpecification` (with `StreamEnabled`), in the API's own JSON.
    pub create: Value,
    /// Attribute of `TimeToLiveSpecification`, where enabled.
    pub ttl_attribute: Option<String>,
}

/// An SQS queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Logical id.
    pub logical_id: String,
    /// Where it is declared.
    pub place: Place,
    /// Physical name, ending in `.fifo` on FIFO queues.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// URL, on the endpoint given to the reader.
    pub url: String,
    /// SQS attributes as `CreateQueue` takes them, all values as text: `VisibilityTimeout`, `DelaySeconds`,
    /// `MessageRetentionPeriod`, `ReceiveMessageWaitTimeSeconds`, `FifoQueue`, `ContentBasedDeduplication`,
    /// `RedrivePolicy` (JSON text with `deadLetterTargetArn` and `maxReceiveCount`), `RedriveAllowPolicy`, …
    pub attributes: BTreeMap<String, String>,
}

/// A Secrets Manager secret.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Logical id.
    pub logical_id: String,
    /// Where it is declared.
    pub place: Place,
    /// Physical name.
    pub name: String,
    /// ARN, what `Ref` gives.
    pub arn: String,
}

/// The HTTP API: `AWS::ApiGatewayV2::Api` with its integrations, routes and authorizers.
#[derive(Debug, Clone)]
pub struct HttpApi {
    /// Logical id.
    pub logical_id: String,
    /// Where it is declared.
    pub place: Place,
    /// `CorsConfiguration`, where declared.
    pub cors: Option<Cors>,
    /// Routes, each with its function.
    pub routes: Vec<Route>,
    /// JWT authorizers by logical id.
    pub authorizers: BTreeMap<String, JwtAuthorizer>,
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Where it is declared.
    pub place: Place,
    /// `POST /v1/orders/{id}`, `ANY /x/{proxy+}` or `$default`, as written.
    pub key: String,
    /// Logical id of the function that the integration names.
    pub function: String,
    /// Logical id of the authorizer; `None` when `AuthorizationType` is `NONE`.
    pub authorizer: Option<String>,
    /// `AuthorizationScopes`: any one of them suffices.
    pub scopes: Vec<String>,
}

/// A JWT authorizer.
#[derive(Debug, Clone)]
pub struct JwtAuthorizer {
    /// `Issuer`.
    pub issuer: String,
    /// `Audience`.
    pub audience: Vec<String>,
    /// `IdentitySource`, e.g. `$request.header.Authorization`.
    pub identity_source: Vec<String>,
}

/// CORS as the gateway answers it by itself.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    /// `AllowOrigins`.
    pub origins: Vec<String>,
    /// `AllowMethods`.
    pub methods: Vec<String>,
    /// `AllowHeaders`.
    pub headers: Vec<String>,
    /// `ExposeHeaders`.
    pub expose: Vec<String>,
    /// `MaxAge` in seconds.
    pub max_age_s: Option<u32>,
    /// `AllowCredentials`.
    pub credentials: bool,
}
