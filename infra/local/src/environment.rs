//! The variables that Lambda gives a function, and those of its template.

use std::collections::BTreeMap;

use template::model::Function;

use crate::account;

/// Environment of a hosted function. Its access key id is its logical id: so the front knows who calls.
pub(crate) fn of(function: &Function, aws_url: &str) -> BTreeMap<String, String> {
    let mut variables: BTreeMap<String, String> = [
        ("AWS_ACCESS_KEY_ID", function.logical_id.as_str()),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_REGION", account::REGION),
        ("AWS_DEFAULT_REGION", account::REGION),
        ("AWS_ENDPOINT_URL_DYNAMODB", aws_url),
        ("AWS_ENDPOINT_URL_SQS", aws_url),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws_url),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_LAMBDA_FUNCTION_NAME", function.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        // Strangers' URLs may name this machine here: a webhook's receiver in a second terminal.
        ("EGRESS_LOOPBACK", "true"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    variables.insert(
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(),
        function.memory_mb.to_string(),
    );
    variables.extend(function.environment.clone());
    variables
}
