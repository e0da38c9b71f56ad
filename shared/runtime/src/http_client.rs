//! The client for calls to others.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client, Error,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};
use lambda_http::Service;
use web::{Egress, HttpClient, Incoming, OUTGOING_BODY_BYTES_MAX, OutgoingRequest, SendError};

use crate::egress::is_public;

type Connector = HttpsConnector<HttpConnector<GuardedResolver>>;

/// Makes calls over HTTP/1.1, with TLS by rustls on the system's trust store. Never follows a redirect. A request on a
/// pooled connection that the server had closed is sent once more on a fresh one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct WebClient {
    clients: Arc<OnceLock<Option<Clients>>>,
    loopback: bool,
}

#[derive(Debug)]
struct Clients {
    configured: Client<Connector, Full<Bytes>>,
    stranger: Client<Connector, Full<Bytes>>,
}

impl WebClient {
    /// `loopback`: whether a stranger's URL may name this machine.
    pub(crate) fn new(loopback: bool) -> Self {
        Self {
            clients: Arc::new(OnceLock::new()),
            loopback,
        }
    }

    /// Built at the first call: reading the trust store costs milliseconds that most invocations never need.
    fn clients(&self) -> Result<&Clients, SendError> {
        let loopback = self.loopback;
        let build = || {
            Some(Clients {
                configured: client(Allowed::Any)?,
                stranger: client(if loopback {
                    Allowed::PublicAndLoopback
                } else {
                    Allowed::Public
                })?,
            })
        };
        let invalid = || SendError::Invalid("the trust store cannot be read".to_owned());
        self.clients.get_or_init(build).as_ref().ok_or_else(invalid)
    }

    fn allowed(&self, egress: Egress) -> Allowed {
        match (egress, self.loopback) {
            (Egress::Configured, _) => Allowed::Any,
            (Egress::Stranger, true) => Allowed::PublicAndLoopback,
            (Egress::Stranger, false) => Allowed::Public,
        }
    }

    async fn exchange(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        let invalid = |error: &dyn std::fmt::Display| SendError::Invalid(error.to_string());
        let url = url::Url::parse(&request.url).map_err(|error| invalid(&error))?;
        let loopback = self.loopback;
        if request.egress == Egress::Stranger && url.scheme() != "https" && !loopback {
            return Err(SendError::Forbidden);
        }
        // An address in the URL never reaches the resolver, so it is checked here.
        let literal: Option<IpAddr> = match url.host() {
            Some(url::Host::Ipv4(v4)) => Some(v4.into()),
            Some(url::Host::Ipv6(v6)) => Some(v6.into()),
            _ => None,
        };
        if literal.is_some_and(|address| !self.allowed(request.egress).permits(address)) {
            return Err(SendError::Forbidden);
        }
        let mut outgoing = http::Request::builder()
            .method(request.method)
            .uri(url.as_str())
            .body(Full::new(request.body))
            .map_err(|error| invalid(&error))?;
        *outgoing.headers_mut() = request.headers;
        let clients = self.clients()?;
        let client = match request.egress {
            Egress::Configured => &clients.configured,
            Egress::Stranger => &clients.stranger,
        };
        let response = client.request(outgoing).await.map_err(|error| sort(&error))?;
        let (parts, body) = response.into_parts();
        let limited = Limited::new(body, OUTGOING_BODY_BYTES_MAX);
        let body = limited
            .collect()
            .await
            .map_err(|error| SendError::Broken(error.to_string()))?
            .to_bytes();
        Ok(Incoming {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }
}

impl HttpClient for WebClient {
    async fn send(&self, request: OutgoingRequest) -> Result<Incoming, SendError> {
        let timeout = request.timeout;
        tokio::time::timeout(timeout, self.exchange(request))
            .await
            .map_err(|_| SendError::Timeout)?
    }
}

fn client(allowed: Allowed) -> Option<Client<Connector, Full<Bytes>>> {
    let mut http = HttpConnector::new_with_resolver(GuardedResolver { allowed });
    http.enforce_http(false);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(provider)
        .ok()?
        .https_or_http()
        .enable_http1()
        .wrap_connector(http);
    Some(Client::builder(TokioExecutor::new()).build(connector))
}

fn sort(error: &Error) -> SendError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = source {
        if inner
            .downcast_ref::<io::Error>()
            .is_some_and(|io| io.kind() == io::ErrorKind::PermissionDenied)
        {
            return SendError::Forbidden;
        }
        source = inner.source();
    }
    if error.is_connect() {
        return SendError::Connect(error.to_string());
    }
    SendError::Broken(error.to_string())
}

#[derive(Debug, Clone, Copy)]
enum Allowed {
    Any,
    Public,
    PublicAndLoopback,
}

impl Allowed {
    fn permits(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Public => is_public(address),
            Self::PublicAndLoopback => is_public(address) || address.is_loopback(),
        }
    }
}

/// Resolves a name and hands on only addresses that are allowed: what was checked is what is connected to, so a name
/// that resolves differently a moment later gains nothing.
#[derive(Debug, Clone, Copy)]
struct GuardedResolver {
    allowed: Allowed,
}

impl Service<Name> for GuardedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let allowed = self.allowed;
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted: Vec<_> = found
                .into_iter()
                .filter(|address| allowed.permits(address.ip()))
                .collect();
            if permitted.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, "no public address"));
            }
            Ok(permitted.into_iter())
        })
    }
}
