//! What can't be hosted is refused at its place: resources, functions, queues, tables, secrets.

use super::{problems, read_with};

/// A right template; each case below breaks one piece of it.
const RIGHT: &str = r#"
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: provided.al2023}}
Resources:
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Dead: {Type: AWS::SQS::Queue}
  Work:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
  Ordered: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Hush: {Type: AWS::SecretsManager::Secret}
  Doing:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../target/lambda/doing/
      Environment: {Variables: {A: "1"}}
      Policies: [{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "sqs:SendMessage", Resource: !GetAtt Work.Arn}]}]
      Events:
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 10}}
        Fifo: {Type: SQS, Properties: {Queue: !GetAtt Ordered.Arn, BatchSize: 10, FilterCriteria: {Filters: [{Pattern: "{}"}]}}}
        Stream:
          Type: DynamoDB
          Properties: {Stream: !GetAtt Rows.StreamArn, StartingPosition: LATEST, DestinationConfig: {OnFailure: {Destination: !GetAtt Dead.Arn}}}
        Clock: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(5 minutes)}}
"#;

/// Replaced, replacement, place below `Resources.`, start of the message.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "Type: AWS::DynamoDB::Table",
        "Type: AWS::RDS::DBInstance",
        "Rows.Type",
        "AWS::RDS::DBInstance is not supported; hosted are AWS::",
    ),
    (
        "Type: AWS::DynamoDB::Table",
        "Tpye: x",
        "Rows.Tpye",
        "a resource has no such attribute; it has Condition,",
    ),
    (
        "VisibilityTimeout: 60",
        "VisibiltyTimeout: 60",
        "Work.Properties.VisibiltyTimeout",
        "is not supported; supported: ContentBased",
    ),
    (
        "VisibilityTimeout: 60",
        "VisibilityTimeout: 43201",
        "Work.Properties.VisibilityTimeout",
        "43201 is out of range; 0 to 43200 are allowed",
    ),
    (
        "VisibilityTimeout: 60",
        "ContentBasedDeduplication: true",
        "Work.Properties.ContentBasedDeduplication",
        "only a FIFO queue has this",
    ),
    (
        "!GetAtt Dead.Arn, max",
        "!GetAtt Ordered.Arn, max",
        "Work.Properties.RedrivePolicy.deadLetterTargetArn",
        "the dead-letter queue of a standard queue must be standard; `Ordered` is FIFO",
    ),
    (
        "!GetAtt Dead.Arn, max",
        "!GetAtt Work.Arn, max",
        "Work.Properties.RedrivePolicy.deadLetterTargetArn",
        "a queue can't be its own",
    ),
    (
        "!GetAtt Dead.Arn, max",
        "gone, max",
        "Work.Properties.RedrivePolicy.deadLetterTargetArn",
        "`gone` is not a queue of these templates",
    ),
    (
        "{FifoQueue: true}",
        "{FifoQueue: true, QueueName: plain}",
        "Ordered",
        "the name of a FIFO queue ends in `.fifo`, `plain` does not",
    ),
    (
        "{AttributeName: pk, KeyType",
        "{AttributeName: id, KeyType",
        "Rows.Properties.AttributeDefinitions",
        "the key attribute `id` is not defined",
    ),
    (
        "StreamViewType: NEW_IMAGE",
        "StreamViewType: ALL",
        "Rows.Properties.StreamSpecification.StreamViewType",
        "`ALL` is not supported; supported: KEYS_ONLY",
    ),
    (
        "Hush: {Type: AWS::SecretsManager::Secret}",
        "Hush: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: x}}",
        "Hush.Properties.SecretString",
        "a secret's value may not stand in a template",
    ),
    (
        "CodeUri: ../target/lambda/doing/",
        "CodeUri: ../",
        "Doing.Properties.CodeUri",
        "must end in the function's folder",
    ),
    (
        "CodeUri: ../target/lambda/doing/",
        "CodeUri: x/doing\n      Runtime: nodejs20.x",
        "Doing.Properties.Runtime",
        "`nodejs20.x` is not supported; supported: provided.al2023",
    ),
    (
        "CodeUri: ../target/lambda/doing/",
        "CodeUri: x/doing\n      Timeout: 901",
        "Doing.Properties.Timeout",
        "901 is out of range; 1 to 900",
    ),
    (
        "CodeUri: ../target/lambda/doing/",
        "CodeUri: x/doing\n      FunctionUrlConfig: {}",
        "Doing.Properties.FunctionUrlConfig",
        "is not supported; supported: CodeUri",
    ),
    (
        "{A: \"1\"}",
        "{A: [1]}",
        "Doing.Properties.Environment.Variables.A",
        "must be a text, not [1]",
    ),
    (
        "{A: \"1\"}",
        "{AWS_REGION: x}",
        "Doing.Properties.Environment.Variables.AWS_REGION",
        "Lambda sets this variable itself",
    ),
    (
        "[{Version: \"2012-10-17\"",
        "[AmazonDynamoDBFullAccess, {Version: \"2012-10-17\"",
        "Doing.Properties.Policies[0]",
        "the managed policy `AmazonDynamoDBFullAccess` is not known",
    ),
    (
        "[{Version: \"2012-10-17\"",
        "[{SQSPollerPolicy: {}}, {Version: \"2012-10-17\"",
        "Doing.Properties.Policies[0]",
        "is not an inline policy",
    ),
    (
        "Action: \"sqs:SendMessage\"",
        "NotAction: x",
        "Doing.Properties.Policies[0].Statement[0].Action",
        "is missing",
    ),
    (
        "Type: SQS, Properties: {Queue: !GetAtt Work.Arn, BatchSize: 10}",
        "Type: HttpApi, Properties: {}",
        "Doing.Properties.Events.Queue.Type",
        "`HttpApi` is not supported; supported are SQS",
    ),
    (
        "Work.Arn, BatchSize: 10",
        "Work.Arn, BatchSize: 11",
        "Doing.Properties.Events.Queue.Properties.BatchSize",
        "11 needs MaximumBatchingWindowInSeconds",
    ),
    (
        "Ordered.Arn, BatchSize: 10",
        "Ordered.Arn, BatchSize: 11",
        "Doing.Properties.Events.Fifo.Properties.BatchSize",
        "11 is out of range; a FIFO queue gives at most 10",
    ),
    (
        "Queue: !GetAtt Work.Arn",
        "Queue: !Ref Work",
        "Doing.Properties.Events.Queue.Properties.Queue",
        "`http://127.0.0.1:9324/000000000000/tradepost-Work` is not the ARN",
    ),
    (
        "Pattern: \"{}\"",
        "Pattern: \"[]\"",
        "Doing.Properties.Events.Fifo.Properties.FilterCriteria.Filters[0].Pattern",
        "`[]` is not a JSON object",
    ),
    (
        "      StreamSpecification: {StreamViewType: NEW_IMAGE}\n",
        "",
        "Doing.Properties.Events.Stream.Properties.Stream",
        "the table `Rows` has no StreamSpecification",
    ),
    (
        "StartingPosition: LATEST",
        "StartingPosition: LATEST, BatchSize: 10001",
        "Doing.Properties.Events.Stream.Properties.BatchSize",
        "10001 is out of range; 1 to 10000",
    ),
    (
        "StartingPosition: LATEST",
        "StartingPosition: AT_TIMESTAMP",
        "Doing.Properties.Events.Stream.Properties.StartingPosition",
        "`AT_TIMESTAMP` is not supported",
    ),
    (
        "Destination: !GetAtt Dead.Arn",
        "Destination: !GetAtt Ordered.Arn",
        "Doing.Properties.Events.Stream.Properties.DestinationConfig.OnFailure.Destination",
        "an on-failure destination must be a standard queue; `Ordered` is FIFO",
    ),
    (
        "rate(5 minutes)",
        "rate(1 minutes)",
        "Doing.Properties.Events.Clock.Properties.ScheduleExpression",
        "`rate(1 minutes)` is not a rate",
    ),
    (
        "rate(5 minutes)",
        "\"cron(61 * * * ? *)\"",
        "Doing.Properties.Events.Clock.Properties.ScheduleExpression",
        "`cron(61 * * * ? *)`: `61` in minutes is not 0 to 59",
    ),
    (
        "rate(5 minutes)",
        "rate(5 minutes), ScheduleExpressionTimezone: Asia/Shanghai",
        "Doing.Properties.Events.Clock.Properties.ScheduleExpressionTimezone",
        "`Asia/Shanghai` is not supported; supported: UTC",
    ),
];

#[test]
fn the_template_that_the_cases_break_is_right() {
    let stack = read_with("right", &[("template.yaml", RIGHT)], &[]).unwrap();
    assert_eq!(stack.functions["Doing"].sources.len(), 4);
}

#[test]
fn each_error_names_its_place_and_what_is_supported() {
    for (index, (from, to, place, message)) in CASES.iter().enumerate() {
        assert!(RIGHT.contains(from), "{from}");
        let found = problems(&format!("refused-{index}"), &RIGHT.replacen(from, to, 1));
        let expected = format!("infra/template.yaml: Resources.{place}: {message}");
        assert!(
            found.iter().any(|problem| problem.starts_with(&expected)),
            "{expected}\n{found:#?}"
        );
    }
}

#[test]
fn all_errors_of_a_set_come_at_once() {
    let broken = RIGHT
        .replace("VisibilityTimeout: 60", "DelaySeconds: 901")
        .replace("rate(5 minutes)", "often");
    assert_eq!(problems("at-once", &broken).len(), 2);
}

#[test]
fn two_resources_may_not_share_a_name() {
    let broken = RIGHT.replace(
        "Dead: {Type: AWS::SQS::Queue}",
        "Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: tradepost-Work}}",
    );
    let found = problems("shared-name", &broken);
    assert!(
        found
            .iter()
            .any(|problem| problem.contains("the name `tradepost-Work` is also taken by")),
        "{found:?}"
    );
}

#[test]
fn yaml_that_can_not_be_read_says_where() {
    let found = problems("yaml", "Resources:\n  A: [\n");
    assert!(
        found[0].starts_with("infra/template.yaml: ") && found[0].contains("line"),
        "{found:?}"
    );
    let found = problems("key-twice", "Resources: {}\nResources: {}\n");
    assert!(found[0].contains("duplicate entry with key \"Resources\""), "{found:?}");
    let found = problems("section", "Resources: {}\nResuorces: {}\n");
    assert!(
        found[0].starts_with("infra/template.yaml: Resuorces: no such section; there are AWSTemplate"),
        "{found:?}"
    );
}
