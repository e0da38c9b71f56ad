//! Nested applications: parameters in, outputs out, order, circles.

use serde_json::json;

use super::read_with;

const LEAF: &str = r"
Parameters: {Stage: {Type: String}, Given: {Type: String, Default: none}}
Resources:
  NAME: {Type: AWS::SQS::Queue}
Outputs:
  Queue: {Value: !GetAtt NAME.Arn}
  Echo: {Value: !Sub '${Stage}/${Given}/${AWS::StackName}'}
";

fn leaf(name: &str) -> String {
    LEAF.replace("NAME", name)
}

#[test]
fn an_application_is_read_after_those_whose_outputs_it_uses() {
    let root = r"
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  Alpha:
    Type: AWS::Serverless::Application
    Properties: {Location: alpha.yaml, Parameters: {Stage: !Ref Stage, Given: !GetAtt Beta.Outputs.Queue}}
  Beta:
    Type: AWS::Serverless::Application
    Properties: {Location: ./beta.yaml, Parameters: {Stage: !Ref Stage}}
Outputs:
  Alpha: {Value: !GetAtt Alpha.Outputs.Echo}
";
    let files = [
        ("template.yaml", root),
        ("alpha.yaml", &leaf("First")),
        ("beta.yaml", &leaf("Second")),
    ];
    let stack = read_with("order", &files, &[("Stage", "staging")]).unwrap();
    assert_eq!(
        stack.outputs["Alpha"],
        json!("staging/arn:aws:sqs:us-east-1:000000000000:tradepost-Second/tradepost-Alpha")
    );
    assert_eq!(stack.queues.keys().collect::<Vec<_>>(), ["First", "Second"]);
    assert_eq!(
        stack.queues["First"].place.to_string(),
        "infra/alpha.yaml: Resources.First"
    );
}

#[test]
fn applications_in_a_circle_are_named() {
    let root = r"
Resources:
  Alpha:
    Type: AWS::Serverless::Application
    Properties: {Location: alpha.yaml, Parameters: {Stage: !GetAtt Beta.Outputs.Echo}}
  Beta:
    Type: AWS::Serverless::Application
    Properties: {Location: beta.yaml, Parameters: {Stage: !Sub '${Alpha.Outputs.Echo}'}}
Outputs:
  Alpha: {Value: !GetAtt Alpha.Outputs.Echo}
";
    let found = read_with("circles", &[("template.yaml", root)], &[]).unwrap_err();
    assert_eq!(
        found,
        [
            "infra/template.yaml: Resources.Alpha: applications need each other's outputs in a circle: `Alpha` needs Beta",
            "infra/template.yaml: Resources.Beta: applications need each other's outputs in a circle: `Beta` needs Alpha",
        ]
    );
}

#[test]
fn a_logical_id_stands_once_over_all_templates() {
    let root = r"
Resources:
  Alpha: {Type: AWS::Serverless::Application, Properties: {Location: alpha.yaml, Parameters: {Stage: dev}}}
  Beta: {Type: AWS::Serverless::Application, Properties: {Location: beta.yaml, Parameters: {Stage: dev}}}
";
    let files = [
        ("template.yaml", root),
        ("alpha.yaml", &leaf("Same")),
        ("beta.yaml", &leaf("Same")),
    ];
    let found = read_with("twice", &files, &[]).unwrap_err();
    assert_eq!(
        found,
        [
            "infra/beta.yaml: Resources.Same: the logical id `Same` also stands at infra/alpha.yaml: Resources.Same; \
          ids are unique over all templates"
        ]
    );
}

#[test]
fn a_wrong_parameter_of_an_application_is_told_where_it_is_given() {
    let root = r"
Resources:
  Alpha: {Type: AWS::Serverless::Application, Properties: {Location: alpha.yaml, Parameters: {Colour: red}}}
  Gone: {Type: AWS::Serverless::Application, Properties: {Location: gone.yaml, Parameters: {A: !GetAtt Alpha.Outputs.No}}}
Outputs:
  Quiet: {Value: !GetAtt Gone.Outputs.Anything}
";
    let found = read_with("given", &[("template.yaml", root), ("alpha.yaml", &leaf("Only"))], &[]).unwrap_err();
    assert_eq!(
        found[0],
        "infra/template.yaml: Resources.Alpha.Properties.Parameters.Colour: the template has no parameter `Colour`; it \
         has Given, Stage"
    );
    assert_eq!(
        found[1],
        "infra/alpha.yaml: Parameters.Stage: has no default, and no value was given"
    );
    assert_eq!(
        found[2],
        "infra/template.yaml: Resources.Gone.Properties.Parameters.A: `Alpha` has no output `No`; it has Echo, Queue"
    );
    assert!(
        found[3].starts_with("infra/gone.yaml: can't read the file: "),
        "{found:?}"
    );
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn a_template_that_includes_itself_ends() {
    let root = "Resources: {Self: {Type: AWS::Serverless::Application, Properties: {Location: template.yaml}}}\n";
    let found = read_with("itself", &[("template.yaml", root)], &[]).unwrap_err();
    assert!(
        found.iter().any(|problem| problem.contains("nested deeper than 8")),
        "{found:?}"
    );
}

#[test]
fn a_resource_whose_condition_does_not_hold_is_not_there() {
    let root = r"
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {Live: !Equals [!Ref Stage, production]}
Resources:
  Spare: {Type: AWS::SQS::Queue, Condition: Live}
Outputs:
  Only: {Condition: Live, Value: !Ref Spare}
";
    let stack = read_with("absent", &[("template.yaml", root)], &[]).unwrap();
    assert!(stack.queues.is_empty() && stack.outputs.is_empty());
    let stack = read_with("present", &[("template.yaml", root)], &[("Stage", "production")]).unwrap();
    assert_eq!((stack.queues.len(), stack.outputs.len()), (1, 1));
    let wrong = root.replace("{Condition: Live, Value", "{Value");
    let found = read_with("absent-used", &[("template.yaml", &wrong)], &[]).unwrap_err();
    assert_eq!(
        found,
        [
            "infra/template.yaml: Outputs.Only.Value: `Spare` is not created under these parameters: its condition does \
          not hold"
        ]
    );
}
