//! Physical names and ARNs, as AWS would form them.

use serde_json::Value;

use crate::Options;

/// `AWS::Partition`: only the public one is hosted.
pub(crate) const PARTITION: &str = "aws";

/// `AWS::URLSuffix`.
pub(crate) const URL_SUFFIX: &str = "amazonaws.com";

/// AWS makes it of the time at which the stream was enabled; ours never changes.
const STREAM_LABEL: &str = "2026-01-01T00:00:00.000";

/// Secrets Manager appends a dash and six characters; ours are always these.
const SECRET_SUFFIX: &str = "000000";

/// A resource as the intrinsics see it: what it is, and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub logical_id: String,
    pub kind: String,
    pub name: String,
}

/// The property by which a type is given a name of one's own.
pub(crate) fn name_property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::Serverless::Function" => "FunctionName",
        "AWS::DynamoDB::Table" => "TableName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::SecretsManager::Secret" => "Name",
        "AWS::KMS::Alias" => "AliasName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => "AlarmName",
        "AWS::CloudWatch::Dashboard" => "DashboardName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::SNS::Topic" => "TopicName",
        "AWS::ApiGatewayV2::Stage" => "StageName",
        _ => return None,
    })
}

/// What the name of a FIFO queue must end in; upper case will not do.
pub(crate) const FIFO_SUFFIX: &str = ".fifo";

/// `tradepost-<LogicalId>`, with the suffix that FIFO queues must have.
pub(crate) fn generated(logical_id: &str, fifo: bool, options: &Options) -> String {
    format!(
        "{}-{logical_id}{}",
        options.stack_name,
        if fifo { FIFO_SUFFIX } else { "" }
    )
}

fn arn(service: &str, resource: &str, options: &Options) -> String {
    format!(
        "arn:{PARTITION}:{service}:{}:{}:{resource}",
        options.region, options.account
    )
}

/// URL of a queue.
pub(crate) fn queue_url(name: &str, options: &Options) -> String {
    format!("{}/{}/{name}", options.queue_base_url, options.account)
}

/// ARN of a table's stream.
pub(crate) fn stream_arn(table: &str, options: &Options) -> String {
    arn("dynamodb", &format!("table/{table}/stream/{STREAM_LABEL}"), options)
}

/// ARN of an API's invocations, to which permissions are matched: `…:<api>/<stage>/<method>/<path>`.
pub(crate) fn execute_api_arn(resource: &str, options: &Options) -> String {
    arn("execute-api", resource, options)
}

/// ARN of a resource, what `Fn::GetAtt: [X, Arn]` gives where the type has one.
pub(crate) fn resource_arn(resource: &Identity, options: &Options) -> String {
    let name = &resource.name;
    let global = |service: &str, path: &str| format!("arn:{PARTITION}:{service}::{}:{path}", options.account);
    match resource.kind.as_str() {
        "AWS::Serverless::Function" => arn("lambda", &format!("function:{name}"), options),
        "AWS::DynamoDB::Table" => arn("dynamodb", &format!("table/{name}"), options),
        "AWS::SQS::Queue" => arn("sqs", name, options),
        "AWS::SecretsManager::Secret" => arn("secretsmanager", &format!("secret:{name}-{SECRET_SUFFIX}"), options),
        "AWS::KMS::Key" => arn("kms", &format!("key/{name}"), options),
        "AWS::Logs::LogGroup" => arn("logs", &format!("log-group:{name}:*"), options),
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => {
            arn("cloudwatch", &format!("alarm:{name}"), options)
        }
        "AWS::IAM::Role" => global("iam", &format!("role/{name}")),
        "AWS::IAM::ManagedPolicy" => global("iam", &format!("policy/{name}")),
        other => {
            let service = other.split("::").nth(1).unwrap_or_default().to_lowercase();
            arn(&service, name, options)
        }
    }
}

/// What `Ref` gives.
pub(crate) fn reference(resource: &Identity, options: &Options) -> String {
    match resource.kind.as_str() {
        "AWS::SQS::Queue" => queue_url(&resource.name, options),
        "AWS::SecretsManager::Secret" | "AWS::IAM::ManagedPolicy" | "AWS::SNS::Topic" => {
            resource_arn(resource, options)
        }
        // AWS gives random ids; the logical id is as unique.
        "AWS::ApiGatewayV2::Api"
        | "AWS::ApiGatewayV2::Authorizer"
        | "AWS::ApiGatewayV2::Integration"
        | "AWS::ApiGatewayV2::Route" => resource.logical_id.clone(),
        "AWS::Serverless::Application" => arn("cloudformation", &format!("stack/{}", resource.name), options),
        _ => resource.name.clone(),
    }
}

/// What `Fn::GetAtt` gives. `Err` lists the attributes that there are.
pub(crate) fn attribute(resource: &Identity, attribute: &str, options: &Options) -> Result<Value, &'static str> {
    let arn = || resource_arn(resource, options);
    let text = match (resource.kind.as_str(), attribute) {
        ("AWS::DynamoDB::Table", "StreamArn") => stream_arn(&resource.name, options),
        ("AWS::SQS::Queue", "QueueName") => resource.name.clone(),
        ("AWS::SQS::Queue", "QueueUrl") => queue_url(&resource.name, options),
        ("AWS::SecretsManager::Secret", "Id") => arn(),
        ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => {
            format!(
                "https://{}.execute-api.{}.{URL_SUFFIX}",
                resource.logical_id, options.region
            )
        }
        ("AWS::ApiGatewayV2::Api", "ApiId")
        | ("AWS::ApiGatewayV2::Authorizer", "AuthorizerId")
        | ("AWS::ApiGatewayV2::Integration", "IntegrationId")
        | ("AWS::ApiGatewayV2::Route", "RouteId") => resource.logical_id.clone(),
        ("AWS::DynamoDB::Table", other) if other != "Arn" => return Err("Arn, StreamArn"),
        ("AWS::SQS::Queue", other) if other != "Arn" => return Err("Arn, QueueName, QueueUrl"),
        ("AWS::SecretsManager::Secret", _) => return Err("Id"),
        ("AWS::Serverless::Function", other) if other != "Arn" => return Err("Arn"),
        ("AWS::Serverless::Application", _) => return Err("Outputs.<name>"),
        ("AWS::ApiGatewayV2::Api", _) => return Err("ApiId, ApiEndpoint"),
        ("AWS::ApiGatewayV2::Authorizer", _) => return Err("AuthorizerId"),
        (_, "Arn" | "TopicArn") => arn(),
        // Types with nothing to host: cfn-lint knows their attributes, and nothing here depends on the value.
        (_, other) => format!("{}/{other}", resource.name),
    };
    Ok(Value::String(text))
}
