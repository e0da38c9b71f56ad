use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::{Incoming, build};
use crate::gateway::authorizer::Claims;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn incoming<'a>(headers: &'a HeaderMap, body: &'a Bytes) -> Incoming<'a> {
    Incoming {
        method: "POST",
        path: "/v1/orders/ord%201/lines",
        query: "",
        protocol: "HTTP/1.1",
        headers,
        body,
        peer: "127.0.0.1:50000".parse().unwrap(),
        port: 8080,
        route_key: "POST /v1/orders/{id}/lines",
        parameters: Vec::new(),
        claims: None,
        request_id: "6a7d2c11-8f6c-4c11-9d3a-1f0d7f4b2c11",
        trace: "Root=1-5e6a8b4e-0123456789abcdef01234567",
        now_ms: 1_583_348_638_390,
    }
}

/// The shape as AWS's guide shows it, every field.
#[test]
fn a_full_request_becomes_the_documented_event() {
    let headers = headers(&[
        ("host", "127.0.0.1:8080"),
        ("user-agent", "probe/1"),
        ("content-type", "application/json; charset=utf-8"),
        ("content-length", "7"),
        ("x-tag", "a"),
        ("x-tag", "b"),
        ("cookie", "one=1; two=2"),
        ("connection", "keep-alive"),
    ]);
    let body = Bytes::from_static(br#"{"a":1}"#);
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!("stf_1"));
    let event = build(&Incoming {
        query: "a=1&a=2&b=x%20y&c",
        parameters: vec![("id".to_owned(), "ord 1".to_owned())],
        claims: Some(Claims {
            claims,
            scopes: Some(vec!["staff".to_owned()]),
        }),
        ..incoming(&headers, &body)
    });
    let golden: Value = serde_json::from_str(include_str!("golden.json")).unwrap();
    assert_eq!(event, golden);
}

#[test]
fn what_is_absent_is_left_out() {
    let headers = headers(&[("host", "api.example.com")]);
    let body = Bytes::new();
    let event = build(&incoming(&headers, &body));
    for absent in [
        "cookies",
        "queryStringParameters",
        "pathParameters",
        "body",
        "stageVariables",
    ] {
        assert!(event.get(absent).is_none(), "{absent}");
    }
    assert_eq!(event["isBase64Encoded"], json!(false));
    assert_eq!(event["rawQueryString"], json!(""));
    assert_eq!(event["requestContext"]["domainPrefix"], json!("api"));
    assert!(event["requestContext"].get("authorizer").is_none());
}

#[test]
fn only_the_text_types_of_aws_arrive_as_text() {
    let body = Bytes::from_static(b"a=1");
    let cases = [
        (Some("text/csv"), false),
        (Some("application/json"), false),
        (Some("APPLICATION/XML"), false),
        (Some("application/javascript"), false),
        (Some("application/x-www-form-urlencoded"), true),
        (Some("application/ucp+json"), true),
        (None, true),
    ];
    for (media, base64) in cases {
        let mut headers = headers(&[("host", "h")]);
        if let Some(media) = media {
            headers.insert("content-type", HeaderValue::from_str(media).unwrap());
        }
        let event = build(&incoming(&headers, &body));
        assert_eq!(event["isBase64Encoded"], json!(base64), "{media:?}");
        assert_eq!(
            event["body"],
            if base64 { json!("YT0x") } else { json!("a=1") },
            "{media:?}"
        );
    }
}

#[test]
fn text_that_is_not_utf8_arrives_as_base64() {
    let headers = headers(&[("host", "h"), ("content-type", "text/plain")]);
    let body = Bytes::from_static(&[0xff, 0xfe]);
    let event = build(&incoming(&headers, &body));
    assert_eq!(
        (&event["isBase64Encoded"], &event["body"]),
        (&json!(true), &json!("//4="))
    );
}

#[test]
fn the_raw_path_is_decoded_and_cut_at_a_decoded_question_mark() {
    let headers = headers(&[("host", "h")]);
    let body = Bytes::new();
    let event = build(&Incoming {
        path: "/a%20b%3Fadmin=true",
        ..incoming(&headers, &body)
    });
    assert_eq!(event["rawPath"], json!("/a b"));
}

/// What the functions' HTTP crate reads from it, as a second opinion on the shape.
#[test]
fn lambda_http_reads_the_event() {
    let headers = headers(&[
        ("host", "127.0.0.1:8080"),
        ("content-type", "application/json"),
        ("cookie", "a=1"),
    ]);
    let body = Bytes::from_static(b"{}");
    let event = build(&Incoming {
        query: "q=1",
        ..incoming(&headers, &body)
    });
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    assert_eq!(
        request.uri().to_string(),
        "http://127.0.0.1:8080/v1/orders/ord%201/lines?q=1"
    );
    assert_eq!(request.method(), "POST");
    assert_eq!(request.headers()["cookie"], "a=1");
}
