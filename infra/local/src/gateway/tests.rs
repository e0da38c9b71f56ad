//! The gateway over real sockets, before functions that answer what they were asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::FutureExt;
use serde_json::{Value, json};
use template::model::{Cors, Function, HttpApi, JwtAuthorizer, Place, Route};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Gateway;
use crate::invoke::{Code, Failure, Invoker};
use crate::server;

struct Setup {
    address: SocketAddr,
    _running: watch::Sender<bool>,
}

fn function(id: &str, timeout_s: u32, reserved_concurrency: Option<u32>) -> Function {
    Function {
        logical_id: id.to_owned(),
        place: Place::default(),
        binary: String::new(),
        name: id.to_owned(),
        memory_mb: 128,
        timeout_s,
        reserved_concurrency,
        environment: BTreeMap::new(),
        sources: Vec::new(),
        statements: Vec::new(),
    }
}

fn route(key: &str, function: &str, authorizer: Option<&str>) -> Route {
    Route {
        place: Place::default(),
        key: key.to_owned(),
        function: function.to_owned(),
        authorizer: authorizer.map(str::to_owned),
        scopes: vec!["staff".to_owned()],
    }
}

async fn setup() -> Setup {
    let echo: Code = Arc::new(|event: Value, _| {
        let headers = json!({"content-type": "application/json", "access-control-allow-origin": "*"});
        async move { Ok(json!({"statusCode": 200, "headers": headers, "body": event.to_string()})) }.boxed()
    });
    let failing: Code = Arc::new(|_, _| {
        async {
            Err(Failure {
                error_type: "Bad".to_owned(),
                message: "secret".to_owned(),
            })
        }
        .boxed()
    });
    let functions = [
        (function("Echo", 3, None), echo),
        (function("Fails", 3, None), Arc::clone(&failing)),
        (function("Full", 3, Some(0)), failing),
    ];
    let listener = server::bind(0).await.unwrap();
    let address = listener.local_addr().unwrap();
    let issuer = format!("http://{address}");
    let authorizer = JwtAuthorizer {
        issuer,
        audience: vec!["tradepost".to_owned()],
        identity_source: vec!["$request.header.Authorization".to_owned()],
    };
    let api = HttpApi {
        logical_id: "HttpApi".to_owned(),
        place: Place::default(),
        cors: Some(Cors {
            origins: vec!["https://shop.example".to_owned()],
            methods: vec!["GET".to_owned()],
            ..Cors::default()
        }),
        routes: vec![
            route("ANY /echo/{id}", "Echo", None),
            route("GET /fails", "Fails", None),
            route("GET /full", "Full", None),
            route("GET /closed", "Echo", Some("Tokens")),
        ],
        authorizers: BTreeMap::from([("Tokens".to_owned(), authorizer)]),
    };
    let running = watch::Sender::new(false);
    let gateway = Gateway::new(&api, Invoker::new(functions), address.port()).unwrap();
    tokio::spawn(server::serve(listener, Arc::new(gateway), running.subscribe()));
    Setup {
        address,
        _running: running,
    }
}

impl Setup {
    /// Sends raw bytes, reads until the server closes.
    async fn raw(&self, request: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = text
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        (status, text)
    }

    async fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}\r\n",
            self.address
        );
        self.raw(request.as_bytes()).await
    }
}

#[tokio::test]
async fn a_route_reaches_its_function() {
    let setup = setup().await;
    let (status, answer) = setup.get("/echo/a%20b?x=1", "").await;
    assert_eq!(status, 200);
    assert!(answer.contains("apigw-requestid: "), "{answer}");
    let event: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(event["routeKey"], json!("ANY /echo/{id}"));
    assert_eq!(event["pathParameters"]["id"], json!("a b"));
    assert_eq!(event["rawQueryString"], json!("x=1"));
}

#[tokio::test]
async fn what_the_templates_do_not_declare_is_not_reachable() {
    let setup = setup().await;
    for path in ["/", "/echo", "/_tradepost/meter"] {
        let (status, answer) = setup.get(path, "").await;
        assert_eq!(status, 404, "{path}");
        assert!(answer.ends_with(r#"{"message":"Not Found"}"#), "{answer}");
    }
}

#[tokio::test]
async fn a_functions_error_is_told_to_nobody() {
    let setup = setup().await;
    let (status, answer) = setup.get("/fails", "").await;
    assert_eq!(status, 500);
    assert!(
        answer.ends_with(r#"{"message":"Internal Server Error"}"#) && !answer.contains("secret"),
        "{answer}"
    );
    assert_eq!(setup.get("/full", "").await.0, 503);
}

#[tokio::test]
async fn a_closed_route_wants_a_token() {
    let setup = setup().await;
    let (status, answer) = setup.get("/closed", "").await;
    assert_eq!(status, 401);
    assert!(answer.contains("www-authenticate: Bearer\r\n"), "{answer}");
    let (status, answer) = setup.get("/closed", "authorization: Bearer a.b.c\r\n").await;
    assert_eq!(status, 401);
    assert!(answer.contains(r#"error="invalid_token""#), "{answer}");
}

#[tokio::test]
async fn limits_hold_before_any_route() {
    let setup = setup().await;
    let (status, _) = setup
        .get("/echo/1", &format!("x-pad: {}\r\n", "p".repeat(10_240)))
        .await;
    assert_eq!(status, 431);
    let too_long = b"POST /echo/1 HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 10485761\r\n\r\n";
    assert_eq!(setup.raw(too_long).await.0, 413);
    assert_eq!(
        setup
            .raw(b"GET /echo/1 HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n")
            .await
            .0,
        400
    );
    assert_eq!(setup.raw(b"GET /echo/1 HTTP/1.0\r\n\r\n").await.0, 400);
}

#[tokio::test]
async fn a_chunked_body_arrives_with_its_length() {
    let setup = setup().await;
    let request =
        b"POST /echo/1 HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let (status, answer) = setup.raw(request).await;
    assert_eq!(status, 200);
    assert!(answer.contains(r#""content-length":"5""#), "{answer}");
}

#[tokio::test]
async fn cors_is_the_gateways() {
    let setup = setup().await;
    let (_, answer) = setup.get("/echo/1", "origin: https://shop.example\r\n").await;
    assert!(
        answer.contains("access-control-allow-origin: https://shop.example\r\n"),
        "{answer}"
    );
    let (_, answer) = setup.get("/echo/1", "origin: https://evil.example\r\n").await;
    assert!(!answer.contains("access-control-allow-origin: "), "{answer}");
    let preflight = "OPTIONS /closed HTTP/1.1\r\nhost: h\r\nconnection: close\r\norigin: https://shop.example\r\n\
                     access-control-request-method: GET\r\n\r\n";
    let (status, answer) = setup.raw(preflight.as_bytes()).await;
    assert_eq!(status, 204);
    assert!(answer.contains("access-control-allow-methods: GET\r\n"), "{answer}");
}
