//! The front before `DynamoDB`, SQS and Secrets Manager: one loopback endpoint for every SDK call.
//!
//! Invariant: a function reaches state through here only, so whatever must be seen, counted, refused or broken on the
//! way has one place. The platform's own paths (`/_tradepost/…`) are here and never on the public gateway.

mod admin;
mod call;
mod capacity;
mod dynamodb;
mod interceptor;
mod meter;
mod secrets;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

pub use admin::Admin;
pub use call::{Call, Service};
pub use dynamodb::{DynamoDb, OpenError};
pub use interceptor::{Answer, Interceptor, Verdict};
pub use meter::{Count, Meter, Row, Subject};
pub use secrets::{Secrets, SecretsError};

use crate::data::DataDirectory;
use crate::server::{self, Dropped, Reply};
use crate::sources::Waker;

/// `DynamoDB`'s own limit on a request.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
const DYNAMODB_JSON: &str = "application/x-amz-json-1.0";
const SECRETS_JSON: &str = "application/x-amz-json-1.1";

/// Serves SDK calls.
pub struct Front {
    /// The embedded `DynamoDB`.
    pub dynamodb: DynamoDb,
    /// The embedded SQS.
    pub sqs: sqs::Sqs,
    /// Values of the declared secrets.
    pub secrets: Secrets,
    /// Asked in order; empty in ordinary use.
    pub interceptors: Vec<Arc<dyn Interceptor>>,
    /// Counts what passes.
    pub meter: Meter,
    /// Rung when a table was written to.
    pub waker: Waker,
    /// What the admin paths report beside the meter.
    pub admin: Admin,
    /// Last, so that the directory is free only when its files are closed.
    pub(crate) _lock: Option<Arc<DataDirectory>>,
}

impl Front {
    async fn converse(&self, request: Request<Incoming>) -> Result<Reply, Dropped> {
        let (head, body) = request.into_parts();
        if head.uri.path().starts_with(admin::PREFIX) {
            return Ok(self.admin.answer(&head.method, head.uri.path(), &self.meter).await);
        }
        if head.method != Method::POST {
            return Ok(server::reply(
                StatusCode::OK,
                "text/plain",
                "tradepost: DynamoDB, SQS and Secrets Manager\n",
            ));
        }
        let Ok(body) = Limited::new(body, BODY_BYTES_MAX).collect().await else {
            let answer = Answer::error(
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestTooLarge",
                "The request is too large.",
            );
            return Ok(into_reply(answer, DYNAMODB_JSON));
        };
        let body = body.to_bytes();
        let Some(call) = Call::read(&head.headers, &body) else {
            let answer = Answer::error(
                StatusCode::BAD_REQUEST,
                "UnknownOperationException",
                "Not a known operation.",
            );
            return Ok(into_reply(answer, DYNAMODB_JSON));
        };
        let answer = self.pass(&call, &head.headers, body).await?;
        self.meter.record(&call, &answer);
        let media = if call.service == Service::SecretsManager {
            SECRETS_JSON
        } else {
            DYNAMODB_JSON
        };
        Ok(into_reply(answer, media))
    }

    /// Through the interceptors, to the service and back.
    async fn pass(&self, call: &Call, headers: &HeaderMap, body: Bytes) -> Result<Answer, Dropped> {
        for interceptor in &self.interceptors {
            match interceptor.before(call).await {
                Verdict::Proceed => {}
                Verdict::Answer(answer) => return Ok(answer),
                Verdict::Drop => return Err(Dropped),
            }
        }
        let answer = self.serve(call, headers, body).await;
        self.wake(call, &answer);
        for interceptor in self.interceptors.iter().rev() {
            match interceptor.after(call, &answer).await {
                Verdict::Proceed => {}
                Verdict::Answer(other) => return Ok(other),
                Verdict::Drop => return Err(Dropped),
            }
        }
        Ok(answer)
    }

    async fn serve(&self, call: &Call, headers: &HeaderMap, body: Bytes) -> Answer {
        match call.service {
            Service::DynamoDb | Service::DynamoDbStreams => {
                let body = capacity::ask(call).map_or(body, |asked| Bytes::from(asked.to_string()));
                self.dynamodb.forward(headers, body).await.unwrap_or_else(|error| {
                    tracing::error!(%error, "front.dynamodb_unreachable");
                    let status = StatusCode::INTERNAL_SERVER_ERROR;
                    Answer::error(status, "InternalServerError", "The embedded DynamoDB did not answer.")
                })
            }
            Service::Sqs => {
                let response = self.sqs.handle(&call.operation, &body).await;
                let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Answer {
                    status,
                    body: response.body.into(),
                    query_error: response.query_error,
                }
            }
            Service::SecretsManager => self.secrets.answer(call),
        }
    }

    /// Wakes the readers of the streams of tables that were written to.
    fn wake(&self, call: &Call, answer: &Answer) {
        if call.service == Service::DynamoDb && answer.is_success() && capacity::is_write(call) {
            for table in meter::tables(&call.request) {
                self.waker.wrote(&table);
            }
        }
    }
}

impl server::Service for Front {
    async fn call(self: Arc<Self>, _: SocketAddr, request: Request<Incoming>) -> Result<Reply, Dropped> {
        self.converse(request).await
    }
}

fn into_reply(answer: Answer, media: &'static str) -> Reply {
    let mut reply = server::reply(answer.status, media, answer.body);
    if let Some(code) = answer.query_error.and_then(|code| HeaderValue::from_str(&code).ok()) {
        reply.headers_mut().insert("x-amzn-query-error", code);
    }
    if let Ok(id) = HeaderValue::from_str(&crate::clock::request_id()) {
        reply.headers_mut().insert("x-amzn-requestid", id);
    }
    reply
}
