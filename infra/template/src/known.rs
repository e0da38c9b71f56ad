//! What the reader knows of resource types, as data: which are hosted, which need nothing to host, and which properties
//! of a hosted type change nothing locally. Everything else is refused by name.

/// Types that are hosted.
pub const HOSTED: &[&str] = &[
    "AWS::Serverless::Application",
    "AWS::Serverless::Function",
    "AWS::DynamoDB::Table",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Authorizer",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Lambda::Permission",
];

/// Types that are right in a template and leave nothing to host on one machine: their values are evaluated, so that a
/// wrong reference is found, and then dropped. Each says why.
pub const NOTHING_TO_HOST: &[(&str, &str)] = &[
    ("AWS::ApiGatewayV2::ApiMapping", "the platform answers on one address"),
    ("AWS::ApiGatewayV2::DomainName", "the platform answers on one address"),
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "one machine does not scale out",
    ),
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "one machine does not scale out",
    ),
    ("AWS::Backup::BackupPlan", "a copy of the data directory is the backup"),
    (
        "AWS::Backup::BackupSelection",
        "a copy of the data directory is the backup",
    ),
    ("AWS::Backup::BackupVault", "a copy of the data directory is the backup"),
    ("AWS::Budgets::Budget", "nothing is billed"),
    (
        "AWS::CertificateManager::Certificate",
        "the platform answers on a loopback address",
    ),
    ("AWS::CloudWatch::Alarm", "no metrics service"),
    ("AWS::CloudWatch::AnomalyDetector", "no metrics service"),
    ("AWS::CloudWatch::CompositeAlarm", "no metrics service"),
    ("AWS::CloudWatch::Dashboard", "no metrics service"),
    (
        "AWS::IAM::ManagedPolicy",
        "functions state their own inline policies; roles of other services are not needed",
    ),
    (
        "AWS::IAM::Policy",
        "functions state their own inline policies; roles of other services are not needed",
    ),
    (
        "AWS::IAM::Role",
        "functions state their own inline policies; roles of other services are not needed",
    ),
    ("AWS::KMS::Alias", "a local key seals personal data in development"),
    ("AWS::KMS::Key", "a local key seals personal data in development"),
    ("AWS::Lambda::Alias", "the newest build is what runs"),
    ("AWS::Lambda::Version", "the newest build is what runs"),
    ("AWS::Logs::LogGroup", "logs go to standard error"),
    ("AWS::Logs::MetricFilter", "no metrics service"),
    ("AWS::Logs::QueryDefinition", "logs go to standard error"),
    ("AWS::Logs::ResourcePolicy", "logs go to standard error"),
    ("AWS::Logs::SubscriptionFilter", "logs go to standard error"),
    ("AWS::Route53::RecordSet", "the platform answers on one address"),
    ("AWS::SNS::Subscription", "alarms are not raised locally"),
    ("AWS::SNS::Topic", "alarms are not raised locally"),
    ("AWS::SNS::TopicPolicy", "alarms are not raised locally"),
    (
        "AWS::SQS::QueueInlinePolicy",
        "callers are the functions, held to their own policies",
    ),
    (
        "AWS::SQS::QueuePolicy",
        "callers are the functions, held to their own policies",
    ),
    ("AWS::Scheduler::ScheduleGroup", "schedules are hosted one by one"),
    (
        "AWS::SecretsManager::ResourcePolicy",
        "callers are the functions, held to their own policies",
    ),
    ("AWS::WAFv2::IPSet", "no firewall in front of a loopback address"),
    (
        "AWS::WAFv2::LoggingConfiguration",
        "no firewall in front of a loopback address",
    ),
    ("AWS::WAFv2::WebACL", "no firewall in front of a loopback address"),
    (
        "AWS::WAFv2::WebACLAssociation",
        "no firewall in front of a loopback address",
    ),
    ("AWS::XRay::Group", "traces are not sent anywhere"),
    ("AWS::XRay::SamplingRule", "traces are not sent anywhere"),
];

/// Properties of hosted types that change nothing on one machine. Any other unknown property is refused.
pub const IGNORED: &[(&str, &[&str])] = &[
    (
        "AWS::Serverless::Function",
        &[
            // How it is built and watched.
            "Architectures",
            "Description",
            "EphemeralStorage",
            "Handler",
            "KmsKeyArn",
            "LoggingConfig",
            "PropagateTags",
            "RecursiveLoop",
            "RuntimeManagementConfig",
            "Tags",
            "Tracing",
            // How a new version replaces an old one.
            "AutoPublishAlias",
            "AutoPublishAliasAllProperties",
            "DeploymentPreference",
            "ProvisionedConcurrencyConfig",
            // Its role, beside the inline policies.
            "AssumeRolePolicyDocument",
            "PermissionsBoundary",
            "RolePath",
            // What Lambda does with a failed asynchronous invocation; a schedule's own retries are hosted.
            "DeadLetterQueue",
            "EventInvokeConfig",
        ],
    ),
    (
        "AWS::DynamoDB::Table",
        &[
            "ContributorInsightsSpecification",
            "DeletionProtectionEnabled",
            "OnDemandThroughput",
            "PointInTimeRecoverySpecification",
            "ResourcePolicy",
            "SSESpecification",
            "TableClass",
            "Tags",
            "WarmThroughput",
        ],
    ),
    (
        "AWS::SQS::Queue",
        &[
            "KmsDataKeyReusePeriodSeconds",
            "KmsMasterKeyId",
            "SqsManagedSseEnabled",
            "Tags",
        ],
    ),
    (
        "AWS::SecretsManager::Secret",
        &[
            "Description",
            "GenerateSecretString",
            "KmsKeyId",
            "ReplicaRegions",
            "Tags",
        ],
    ),
    (
        "AWS::ApiGatewayV2::Api",
        &[
            "Description",
            "DisableExecuteApiEndpoint",
            "IpAddressType",
            "Name",
            "RouteSelectionExpression",
            "Tags",
        ],
    ),
    ("AWS::ApiGatewayV2::Authorizer", &["Name"]),
    ("AWS::ApiGatewayV2::Integration", &["Description", "IntegrationMethod"]),
    ("AWS::ApiGatewayV2::Route", &["OperationName"]),
    (
        "AWS::ApiGatewayV2::Stage",
        &[
            "AccessLogSettings",
            "DefaultRouteSettings",
            "Description",
            "RouteSettings",
            "Tags",
        ],
    ),
    ("AWS::Lambda::Permission", &["SourceAccount"]),
    (
        "AWS::Serverless::Application",
        &["NotificationARNs", "Tags", "TimeoutInMinutes"],
    ),
];

/// Properties of a type's [`IGNORED`] list.
pub(crate) fn ignored(kind: &str) -> &'static [&'static str] {
    IGNORED
        .iter()
        .find(|(of, _)| *of == kind)
        .map_or(&[], |(_, properties)| properties)
}

/// Why a type leaves nothing to host, if it is such a one.
pub(crate) fn nothing_to_host(kind: &str) -> Option<&'static str> {
    NOTHING_TO_HOST.iter().find(|(of, _)| *of == kind).map(|(_, why)| *why)
}
