//! Each intrinsic function, by the outputs of a template.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{problems, read_with};

const HEAD: &str = r#"
Parameters:
  Stage: {Type: String, Default: dev}
  Hosts: {Type: CommaDelimitedList, Default: "a.example, b.example"}
Mappings:
  Sizes:
    dev: {memory: 256, zones: [one, two]}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProduction: !Equals [!Ref Stage, production]
  Either: !Or [!Condition IsDev, Condition: IsProduction]
  Both: !And [!Condition IsDev, !Condition IsProduction]
  Neither: !Not [!Condition Either]
Resources:
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Work: {Type: AWS::SQS::Queue}
  Ordered: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Key: {Type: AWS::SecretsManager::Secret}
  Doing:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ../target/lambda/doing/, Runtime: provided.al2023}
Outputs:
"#;

/// Evaluates each expression as an output of its own, all in one template.
fn evaluate(test: &str, expressions: &[&str]) -> Vec<Value> {
    let mut template = HEAD.to_owned();
    for (index, expression) in expressions.iter().enumerate() {
        writeln!(template, "  Output{index:03}: {{Value: {expression}}}").unwrap();
    }
    let stack = read_with(test, &[("template.yaml", &template)], &[]).unwrap();
    stack.outputs.into_values().collect()
}

#[test]
fn functions_on_values_give_what_cloudformation_gives() {
    let table = [
        ("!Ref Stage", json!("dev")),
        ("{Ref: Stage}", json!("dev")),
        ("!Ref Hosts", json!(["a.example", "b.example"])),
        ("!Sub \"x-${Stage}-y\"", json!("x-dev-y")),
        ("!Sub \"${!Stage} is ${Stage}\"", json!("${Stage} is dev")),
        (
            "!Sub [\"${Name}/${Stage}\", {Name: !Ref \"AWS::Region\"}]",
            json!("us-east-1/dev"),
        ),
        ("{\"Fn::Sub\": [\"${Stage}\", {Stage: own}]}", json!("own")),
        ("!Join [\"-\", [a, !Ref Stage, 3]]", json!("a-dev-3")),
        ("!Join [\"|\", !Ref Hosts]", json!("a.example|b.example")),
        ("!Split [\",\", \"a,b,\"]", json!(["a", "b", ""])),
        ("!Select [1, !Split [\",\", \"a,b\"]]", json!("b")),
        ("!Select [\"0\", !Ref Hosts]", json!("a.example")),
        ("!FindInMap [Sizes, !Ref Stage, memory]", json!(256)),
        ("!FindInMap [Sizes, dev, zones]", json!(["one", "two"])),
        ("!Base64 hello", json!("aGVsbG8=")),
        ("!If [IsDev, yes-it-is, no]", json!("yes-it-is")),
        ("!If [IsProduction, a, !If [Neither, b, c]]", json!("c")),
        ("[!If [Both, a, !Ref \"AWS::NoValue\"], b]", json!(["b"])),
        ("{a: !Ref \"AWS::NoValue\", b: 1}", json!({"b": 1})),
    ];
    let found = evaluate(
        "values",
        &table.iter().map(|(expression, _)| *expression).collect::<Vec<_>>(),
    );
    for ((expression, expected), found) in table.iter().zip(found) {
        assert_eq!(&found, expected, "{expression}");
    }
}

#[test]
fn references_to_resources_and_pseudo_parameters_look_as_in_aws() {
    let table = [
        ("!Ref Rows", "tradepost-Rows"),
        (
            "!GetAtt Rows.Arn",
            "arn:aws:dynamodb:us-east-1:000000000000:table/tradepost-Rows",
        ),
        (
            "!GetAtt [Rows, StreamArn]",
            "arn:aws:dynamodb:us-east-1:000000000000:table/tradepost-Rows/stream/2026-01-01T00:00:00.000",
        ),
        ("!Ref Work", "http://127.0.0.1:9324/000000000000/tradepost-Work"),
        ("!GetAtt Work.QueueName", "tradepost-Work"),
        (
            "!GetAtt Ordered.Arn",
            "arn:aws:sqs:us-east-1:000000000000:tradepost-Ordered.fifo",
        ),
        ("!Sub \"${Ordered.QueueName}\"", "tradepost-Ordered.fifo"),
        (
            "!Ref Key",
            "arn:aws:secretsmanager:us-east-1:000000000000:secret:tradepost-Key-000000",
        ),
        (
            "{\"Fn::GetAtt\": [Doing, Arn]}",
            "arn:aws:lambda:us-east-1:000000000000:function:tradepost-Doing",
        ),
        (
            "!GetAtt DoingRole.Arn",
            "arn:aws:iam::000000000000:role/tradepost-DoingRole",
        ),
        (
            "!Sub \"${AWS::Partition} ${AWS::AccountId} ${AWS::StackName} ${AWS::URLSuffix}\"",
            "aws 000000000000 tradepost amazonaws.com",
        ),
    ];
    let found = evaluate(
        "references",
        &table.iter().map(|(expression, _)| *expression).collect::<Vec<_>>(),
    );
    for ((expression, expected), found) in table.iter().zip(found) {
        assert_eq!(&found, expected, "{expression}");
    }
}

#[test]
fn what_an_intrinsic_can_not_do_is_told_at_its_place() {
    let table = [
        (
            "!Ref Nobody",
            "`Nobody` is neither a parameter nor a resource of this template",
        ),
        (
            "!GetAtt Rows.Name",
            "`Rows` has no attribute `Name`; it has Arn, StreamArn",
        ),
        (
            "!GetAtt Rows",
            "Fn::GetAtt takes `Resource.Attribute` or [Resource, Attribute]",
        ),
        ("!Sub \"${Stage\"", "`${Stage` is not closed"),
        (
            "!Sub \"${Hosts}\"",
            "`${Hosts}` is [\"a.example\",\"b.example\"], which is not a text",
        ),
        ("!Join [\"-\", text]", "text is not a list"),
        (
            "!Select [9, !Ref Hosts]",
            "Fn::Select: [\"a.example\",\"b.example\"] has no element 9",
        ),
        (
            "!FindInMap [Sizes, staging, memory]",
            "the mapping `Sizes` has no `staging` with `memory`",
        ),
        ("!If [Unheard, a, b]", "there is no condition `Unheard`"),
        (
            "!ImportValue Other",
            "Fn::ImportValue reads another stack, which is not here; pass the value as a parameter",
        ),
        ("{Ref: Stage, Other: 1}", "Ref must stand alone in its mapping"),
    ];
    for (index, (expression, expected)) in table.iter().enumerate() {
        let template = format!("{HEAD}  Out: {{Value: {expression}}}\n");
        let found = problems(&format!("wrong-{index}"), &template);
        assert_eq!(
            found,
            [format!("infra/template.yaml: Outputs.Out.Value: {expected}")],
            "{expression}"
        );
    }
    let found = problems("unsupported", &format!("{HEAD}  Out: {{Value: !Cidr [a, b]}}\n"));
    assert!(
        found[0]
            .starts_with("infra/template.yaml: Outputs.Out.Value: Fn::Cidr is not supported here; supported are Ref,")
    );
}

#[test]
fn a_value_that_failed_is_complained_about_once() {
    let template = format!("{HEAD}  Out: {{Value: !Select [!Sub \"${{Nobody}}\", !Split [\",\", !Ref Nobody]]}}\n");
    let found = problems("once", &template);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.iter().all(|problem| problem.contains("`Nobody` is neither")),
        "{found:?}"
    );
}

#[test]
fn a_condition_that_refers_to_itself_ends() {
    let found = problems(
        "circle",
        "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources: {}\n",
    );
    assert!(
        found[0].contains("infra/template.yaml: Conditions.A: the condition"),
        "{found:?}"
    );
    assert!(found[0].contains("refers to itself"), "{found:?}");
}
