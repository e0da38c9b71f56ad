//! What can't be hosted is refused at its place: the HTTP API.

use crate::host::check_route_key;

use super::{problems, read_with};

/// A right template; each case below breaks one piece of it.
const RIGHT: &str = r"
Resources:
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}
  Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: $default, AutoDeploy: true}}
  Tokens:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Api
      AuthorizerType: JWT
      IdentitySource: [$request.header.Authorization]
      JwtConfiguration: {Issuer: http://x, Audience: [tradepost]}
  Doing:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ../target/lambda/doing/, Runtime: provided.al2023}
  Joint:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Doing.Arn, PayloadFormatVersion: '2.0'}
  Leave:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Doing
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub 'arn:aws:execute-api:us-east-1:000000000000:${Api}/*/*/v1/things*'
  Read:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: 'GET /v1/things/{id}', Target: !Sub 'integrations/${Joint}', AuthorizationType: JWT, AuthorizerId: !Ref Tokens, AuthorizationScopes: [staff]}
  Write:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: 'POST /v1/things', Target: !Sub 'integrations/${Joint}'}
";

/// Replaced, replacement, place below `Resources.`, start of the message.
const CASES: &[(&str, &str, &str, &str)] = &[
    (
        "ProtocolType: HTTP",
        "ProtocolType: WEBSOCKET",
        "Api.Properties.ProtocolType",
        "`WEBSOCKET` is not supported; supported: HTTP",
    ),
    (
        "ProtocolType: HTTP",
        "ProtocolType: HTTP, CorsConfiguration: {AllowOrigins: ['*'], AllowCredentials: true}",
        "Api.Properties.CorsConfiguration.AllowCredentials",
        "can't be true where AllowOrigins holds `*`",
    ),
    (
        "StageName: $default",
        "StageName: v1",
        "Stage.Properties.StageName",
        "`v1` is not supported; supported: $default",
    ),
    (
        "AutoDeploy: true",
        "AutoDeploy: false",
        "Stage.Properties.AutoDeploy",
        "must be true",
    ),
    (
        "AuthorizerType: JWT",
        "AuthorizerType: REQUEST",
        "Tokens.Properties.AuthorizerType",
        "`REQUEST` is not supported; supported: JWT",
    ),
    (
        "Audience: [tradepost]",
        "Audience: []",
        "Tokens.Properties.JwtConfiguration.Audience",
        "1 to 50 audiences are needed",
    ),
    (
        "IntegrationUri: !GetAtt Doing.Arn",
        "IntegrationUri: http://x",
        "Joint.Properties.IntegrationUri",
        "`http://x` is not a function of these templates",
    ),
    (
        "'2.0'",
        "'1.0'",
        "Joint.Properties.PayloadFormatVersion",
        "`1.0` is not supported; supported: 2.0",
    ),
    (
        "/v1/things*",
        "/v2/*",
        "Read",
        "no AWS::Lambda::Permission lets apigateway.amazonaws.com invoke `Doing` for `GET /v1/things/{id}`",
    ),
    (
        "Principal: apigateway.amazonaws.com",
        "Principal: events.amazonaws.com",
        "Write",
        "no AWS::Lambda::Permission lets",
    ),
    (
        "FunctionName: !Ref Doing",
        "FunctionName: other",
        "Leave.Properties.FunctionName",
        "`other` is not a function of these templates",
    ),
    (
        "AuthorizationType: JWT, AuthorizerId: !Ref Tokens, ",
        "",
        "Read.Properties.AuthorizationScopes",
        "scopes need an authorizer",
    ),
    (
        "AuthorizerId: !Ref Tokens",
        "AuthorizerId: other",
        "Read.Properties.AuthorizerId",
        "`other` is not an authorizer of these templates",
    ),
    (
        "AuthorizerId: !Ref Tokens, ",
        "",
        "Read.Properties.AuthorizerId",
        "is missing; AuthorizationType JWT needs it",
    ),
    (
        "AuthorizationType: JWT",
        "AuthorizationType: AWS_IAM",
        "Read.Properties.AuthorizationType",
        "`AWS_IAM` is not supported; supported: NONE, JWT",
    ),
    (
        "POST /v1/things",
        "GET /v1/things/{other}",
        "Write.Properties.RouteKey",
        "the route `GET /v1/things/{other}` is also declared at infra/template.yaml: Resources.Read",
    ),
    (
        "POST /v1/things",
        "FETCH /v1/things",
        "Write.Properties.RouteKey",
        "`FETCH /v1/things` is not a route key: the method is one of ANY",
    ),
    (
        "'POST /v1/things', Target: !Sub 'integrations/${Joint}'",
        "'POST /v1/things', Target: x",
        "Write.Properties.Target",
        "`x` is not `integrations/<id>`",
    ),
    (
        "'POST /v1/things'",
        "'POST /v1/things', ApiKeyRequired: true",
        "Write.Properties.ApiKeyRequired",
        "is not supported; supported: ApiId",
    ),
];

#[test]
fn the_template_that_the_cases_break_is_right() {
    let stack = read_with("right-api", &[("template.yaml", RIGHT)], &[]).unwrap();
    assert_eq!(stack.api.unwrap().routes.len(), 2);
}

#[test]
fn each_error_names_its_place_and_what_is_supported() {
    for (index, (from, to, place, message)) in CASES.iter().enumerate() {
        assert!(RIGHT.contains(from), "{from}");
        let found = problems(&format!("refused-api-{index}"), &RIGHT.replacen(from, to, 1));
        let expected = format!("infra/template.yaml: Resources.{place}: {message}");
        assert!(
            found.iter().any(|problem| problem.starts_with(&expected)),
            "{expected}\n{found:#?}"
        );
    }
}

#[test]
fn an_api_without_a_stage_can_not_be_reached() {
    let start = RIGHT.find("  Stage:").unwrap();
    let broken = format!("{}{}", &RIGHT[..start], &RIGHT[RIGHT.find("  Tokens:").unwrap()..]);
    let found = problems("no-stage", &broken);
    assert_eq!(
        found,
        ["infra/template.yaml: Resources.Api: the API has no AWS::ApiGatewayV2::Stage, so nothing can be reached"]
    );
}

#[test]
fn route_keys_are_methods_and_paths() {
    for right in [
        "$default",
        "GET /",
        "ANY /{proxy+}",
        "PUT /.well-known/ucp",
        "POST /a/{b}/c/{d+}",
    ] {
        assert!(check_route_key(right).is_ok(), "{right}");
    }
    let wrong = [
        "",
        "GET",
        "get /",
        "GET a",
        "GET //a",
        "GET /a/",
        "GET /{a+}/b",
        "GET /{a}/{a}",
        "GET /x{a}",
        "GET /{}",
        "GET /{a}x",
        "GET /a b",
        "GET /*",
    ];
    for wrong in wrong {
        assert!(check_route_key(wrong).is_err(), "{wrong}");
    }
}
