//! Reads who calls what out of an SDK request.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

/// The services behind the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// `DynamoDB`.
    DynamoDb,
    /// `DynamoDB Streams`.
    DynamoDbStreams,
    /// SQS.
    Sqs,
    /// Secrets Manager.
    SecretsManager,
}

impl Service {
    /// Prefix of IAM actions: `dynamodb`, `sqs`, `secretsmanager`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::DynamoDb | Self::DynamoDbStreams => "dynamodb",
            Self::Sqs => "sqs",
            Self::SecretsManager => "secretsmanager",
        }
    }

    fn from_target(prefix: &str) -> Option<Self> {
        match prefix {
            "DynamoDB_20120810" => Some(Self::DynamoDb),
            "DynamoDBStreams_20120810" => Some(Self::DynamoDbStreams),
            "AmazonSQS" => Some(Self::Sqs),
            "secretsmanager" => Some(Self::SecretsManager),
            _ => None,
        }
    }
}

/// One call of an SDK.
#[derive(Debug, Clone)]
pub struct Call {
    /// Access key id of the caller: a function's logical id, or what a tool was configured with.
    pub caller: String,
    /// The service called.
    pub service: Service,
    /// The operation, e.g. `PutItem`.
    pub operation: String,
    /// The request; null when it is no JSON, which the service refuses.
    pub request: Value,
}

impl Call {
    /// Reads a call; `None` when the target names none of the services.
    pub fn read(headers: &HeaderMap, body: &Bytes) -> Option<Self> {
        let (prefix, operation) = text(headers, "x-amz-target")?.split_once('.')?;
        Some(Self {
            caller: access_key(text(headers, "authorization").unwrap_or_default())
                .unwrap_or("anonymous")
                .to_owned(),
            service: Service::from_target(prefix)?,
            operation: operation.to_owned(),
            request: serde_json::from_slice(body).unwrap_or(Value::Null),
        })
    }

    /// The IAM action, e.g. `dynamodb:PutItem`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.prefix(), self.operation)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `AWS4-HMAC-SHA256 Credential=ID/20261121/us-east-1/dynamodb/aws4_request, …`. Signatures are not checked: the front
/// is on loopback and its callers are told apart, not kept out.
fn access_key(authorization: &str) -> Option<&str> {
    let (_, rest) = authorization.split_once("Credential=")?;
    rest.split('/').next().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};

    use super::{Call, Service};

    #[test]
    fn a_call_is_read_from_target_and_credential() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", HeaderValue::from_static("DynamoDB_20120810.PutItem"));
        let credential =
            "AWS4-HMAC-SHA256 Credential=CheckoutFunction/20261121/us-east-1/dynamodb/aws4_request, SignedHeaders=a";
        headers.insert("authorization", HeaderValue::from_static(credential));
        let call = Call::read(&headers, &Bytes::from_static(b"{}")).unwrap();
        assert_eq!(
            (call.caller.as_str(), call.service),
            ("CheckoutFunction", Service::DynamoDb)
        );
        assert_eq!(call.action(), "dynamodb:PutItem");
    }

    #[test]
    fn another_service_is_no_call() {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", HeaderValue::from_static("TrentService.Decrypt"));
        assert!(Call::read(&headers, &Bytes::new()).is_none());
    }
}
