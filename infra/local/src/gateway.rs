//! The HTTP API: routes, authorizers, CORS and limits as declared, functions behind it.
//!
//! Invariant: a request reaches a function only by a route of the templates, and only as a payload 2.0 event.

mod authorizer;
mod cors;
mod event;
mod limits;
mod reply;
mod route;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use hyper::body::Incoming;
use template::model::{Cors, HttpApi};

use crate::clock;
use crate::invoke::Invoker;
use crate::server::{Dropped, Reply, Service};
use authorizer::{Authorizer, Claims, Refusal};
pub use route::RouteError;
use route::{Matched, Table};

/// How long the gateway waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);
/// AWS's name for the request id on every answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("apigw-requestid");

/// Serves one HTTP API.
pub struct Gateway {
    routes: Table,
    cors: Option<Cors>,
    authorizers: BTreeMap<String, Authorizer>,
    invoker: Invoker,
    port: u16,
}

/// Where a request came from, and its id.
struct Origin {
    peer: SocketAddr,
    request_id: String,
}

impl Gateway {
    /// A gateway for the declared API on the given port.
    pub fn new(api: &HttpApi, invoker: Invoker, port: u16) -> Result<Self, RouteError> {
        let authorizers = api
            .authorizers
            .iter()
            .map(|(id, declared)| (id.clone(), Authorizer::new(declared)));
        Ok(Self {
            routes: Table::new(&api.routes)?,
            cors: api.cors.clone(),
            authorizers: authorizers.collect(),
            invoker,
            port,
        })
    }

    async fn answer(&self, origin: &Origin, head: &Parts, body: Incoming) -> Reply {
        if let Err(refusal) = limits::head(head) {
            return refusal.into_reply();
        }
        let body = match limits::body(body).await {
            Ok(body) => body,
            Err(refusal) => return refusal.into_reply(),
        };
        let preflight = self
            .cors
            .as_ref()
            .and_then(|cors| cors::preflight(cors, &head.method, &head.headers));
        if let Some(answer) = preflight {
            return answer;
        }
        let Some(matched) = self.routes.find(head.method.as_str(), head.uri.path()) else {
            return reply::message(StatusCode::NOT_FOUND, "Not Found");
        };
        match self.authorize(&matched, head).await {
            Ok(claims) => self.integrate(matched, claims, origin, head, &body).await,
            Err(refusal) => refusal.into_reply(),
        }
    }

    async fn authorize(&self, matched: &Matched<'_>, head: &Parts) -> Result<Option<Claims>, Refusal> {
        let Some(id) = &matched.route.authorizer else {
            return Ok(None);
        };
        let Some(authorizer) = self.authorizers.get(id) else {
            return Err(Refusal::Invalid("the route's authorizer is not declared".to_owned()));
        };
        let query = head.uri.query().unwrap_or_default();
        authorizer
            .check(&head.headers, query, &matched.route.scopes)
            .await
            .map(Some)
    }

    async fn integrate(
        &self,
        matched: Matched<'_>,
        claims: Option<Claims>,
        origin: &Origin,
        head: &Parts,
        body: &Bytes,
    ) -> Reply {
        let trace = clock::trace_header();
        let event = event::build(&event::Incoming {
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query().unwrap_or_default(),
            protocol: if head.version == http::Version::HTTP_10 {
                "HTTP/1.0"
            } else {
                "HTTP/1.1"
            },
            headers: &head.headers,
            body,
            peer: origin.peer,
            port: self.port,
            route_key: &matched.route.key,
            parameters: matched.parameters,
            claims,
            request_id: &origin.request_id,
            trace: &trace,
            now_ms: clock::now_ms(),
        });
        let invocation = self.invoker.invoke(&matched.route.function, event);
        match tokio::time::timeout(INTEGRATION_TIMEOUT, invocation).await {
            Ok(outcome) => reply::from_outcome(outcome),
            Err(_) => reply::unavailable(),
        }
    }
}

impl Service for Gateway {
    async fn call(self: Arc<Self>, peer: SocketAddr, request: Request<Incoming>) -> Result<Reply, Dropped> {
        let (head, body) = request.into_parts();
        let origin = Origin {
            peer,
            request_id: clock::request_id(),
        };
        let mut answer = self.answer(&origin, &head, body).await;
        tracing::debug!(
            http.method = %head.method,
            http.path = head.uri.path(),
            http.status = answer.status().as_u16(),
            request_id = origin.request_id,
            "gateway.answered"
        );
        if let Some(cors) = &self.cors {
            let preflight = cors::preflight(cors, &head.method, &head.headers).is_some();
            if !preflight {
                cors::apply(cors, head.headers.get(header::ORIGIN), answer.headers_mut());
            }
        }
        if let Ok(id) = HeaderValue::from_str(&origin.request_id) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        Ok(answer)
    }
}
