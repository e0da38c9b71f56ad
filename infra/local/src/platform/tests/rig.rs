//! A folder with a template, functions that call the front as an SDK does, and an HTTP client.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use runtime::Host;
use serde_json::{Value, json};

use crate::functions::Functions;
use crate::invoke::{Code, Failure};
use crate::options::Options;
use crate::platform::{Platform, Running, StartError};

type Http = Client<HttpConnector, Full<Bytes>>;

fn http() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}

async fn send(client: &Http, request: Request<Full<Bytes>>) -> (StatusCode, Value) {
    let response = client.request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

pub(super) struct Rig {
    folder: PathBuf,
    client: Http,
}

impl Rig {
    pub(super) fn new() -> Self {
        let folder = std::env::temp_dir().join(crate::clock::request_id());
        std::fs::create_dir_all(folder.join("infra")).unwrap();
        std::fs::write(folder.join("infra/template.yaml"), include_str!("template.yaml")).unwrap();
        Self { folder, client: http() }
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn options(&self) -> Options {
        let mut functions = Functions::default();
        functions.add_host("writer", |host| Caller::code(host, writer));
        functions.add_host("relay", |host| Caller::code(host, relay));
        functions.add_host("copier", |host| Caller::code(host, copier));
        Options {
            template: self.folder.join("infra/template.yaml"),
            functions,
            ..Options::ephemeral()
        }
    }

    pub(super) fn edit_template(&self, from: &str, to: &str) {
        let path = self.folder.join("infra/template.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    pub(super) fn queue_name(running: &Running) -> String {
        running.handles.stack.queues["CopiesQueue"].name.clone()
    }

    pub(super) async fn post(&self, base: &str, path: &str, text: &str) -> (StatusCode, Value) {
        let request = Request::post(format!("{base}{path}")).header("content-type", "text/plain");
        send(&self.client, request.body(Full::from(text.to_owned())).unwrap()).await
    }

    pub(super) async fn get(&self, base: &str, path: &str) -> (StatusCode, Value) {
        send(
            &self.client,
            Request::get(format!("{base}{path}")).body(Full::default()).unwrap(),
        )
        .await
    }

    /// Asks until the answer is there.
    pub(super) async fn eventually(&self, base: &str, path: &str) -> Value {
        let asking = async {
            loop {
                let (status, answer) = self.get(base, path).await;
                if status == StatusCode::OK {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asking).await.unwrap()
    }

    /// A dropped platform frees its files a moment later.
    pub(super) async fn start_when_free(&self, options: impl Fn() -> Options) -> Running {
        loop {
            match Platform::start(options()).await {
                Ok(running) => return running,
                Err(StartError::Data(_) | StartError::Queue(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Calls the front as an SDK does, signature left out.
#[derive(Clone)]
struct Caller {
    client: Http,
    endpoint: String,
    key: String,
    table: String,
    queue: String,
}

impl Caller {
    fn code<F>(host: &Host, handle: impl Fn(Self, Value) -> F + Clone + Send + Sync + 'static) -> Code
    where
        F: Future<Output = Value> + Send + 'static,
    {
        let text = |name: &str| host.variable(name).unwrap();
        let caller = Self {
            client: http(),
            endpoint: text("AWS_ENDPOINT_URL_DYNAMODB"),
            key: text("AWS_ACCESS_KEY_ID"),
            table: text("NOTES"),
            queue: text("COPIES"),
        };
        Arc::new(move |event, _| {
            let answer = handle(caller.clone(), event);
            async move { Ok::<_, Failure>(answer.await) }.boxed()
        })
    }

    async fn call(&self, target: &str, request: Value) -> Value {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/x/aws4_request, SignedHeaders=host, Signature=0",
            self.key
        );
        let request = Request::post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .header("x-amz-date", "20260101T000000Z")
            .header("authorization", credential)
            .body(Full::from(request.to_string()))
            .unwrap();
        let (status, answer) = send(&self.client, request).await;
        assert!(status.is_success(), "{target}: {answer}");
        answer
    }

    async fn put(&self, id: &str, text: &str) {
        let item = json!({"pk": {"S": id}, "text": {"S": text}});
        self.call(
            "DynamoDB_20120810.PutItem",
            json!({"TableName": self.table, "Item": item}),
        )
        .await;
    }
}

fn json_answer(status: u16, body: &Value) -> Value {
    json!({"statusCode": status, "headers": {"content-type": "application/json"}, "body": body.to_string()})
}

async fn writer(caller: Caller, event: Value) -> Value {
    let id = event["pathParameters"]["id"].as_str().unwrap();
    if event["requestContext"]["http"]["method"] == "POST" {
        caller.put(id, event["body"].as_str().unwrap()).await;
        return json_answer(200, &json!({"kept": id}));
    }
    let key = json!({"TableName": caller.table, "Key": {"pk": {"S": id}}});
    let found = caller.call("DynamoDB_20120810.GetItem", key).await;
    match found.get("Item") {
        Some(item) => json_answer(200, &json!({"text": item["text"]["S"]})),
        None => json_answer(404, &Value::Null),
    }
}

async fn relay(caller: Caller, event: Value) -> Value {
    for record in event["Records"].as_array().unwrap() {
        let image = &record["dynamodb"]["NewImage"];
        let message = json!({"QueueUrl": caller.queue, "MessageBody": image.to_string()});
        if !image["pk"]["S"].as_str().unwrap().starts_with("copy") {
            caller.call("AmazonSQS.SendMessage", message).await;
        }
    }
    json!({})
}

async fn copier(caller: Caller, event: Value) -> Value {
    for record in event["Records"].as_array().unwrap() {
        let image: Value = serde_json::from_str(record["body"].as_str().unwrap()).unwrap();
        let id = format!("copy-of-{}", image["pk"]["S"].as_str().unwrap());
        caller.put(&id, image["text"]["S"].as_str().unwrap()).await;
    }
    json!({"batchItemFailures": []})
}
