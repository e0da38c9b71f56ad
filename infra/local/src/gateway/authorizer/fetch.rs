//! Fetches the discovery document and the key set, within the gateway's own limits.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::OnceCell;

/// How long the gateway waits for a document.
const FETCH_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How large a document may be.
const DOCUMENT_BYTES_MAX: usize = 150_000;

/// Why the keys could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the discovery document could not be fetched: {0}")]
    Discovery(String),
    #[error("the key set could not be fetched: {0}")]
    KeySet(String),
    #[error("the discovery document is of another issuer")]
    Issuer,
    #[error("the discovery document names no key set")]
    NoKeySet,
}

impl FetchError {
    pub(super) fn discovery(self) -> Self {
        match self {
            Self::KeySet(reason) => Self::Discovery(reason),
            other => other,
        }
    }

    /// What the client is told.
    pub(super) fn description(&self) -> &'static str {
        match self {
            Self::Discovery(_) | Self::Issuer | Self::NoKeySet => "OIDC discovery endpoint communication error",
            Self::KeySet(_) => "JWKS communication error",
        }
    }
}

type Https = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// An HTTP client whose trust store is read only when an issuer needs it.
#[derive(Default)]
pub(super) struct Fetcher {
    plain: OnceCell<Https>,
    secure: OnceCell<Https>,
}

impl Fetcher {
    pub(super) async fn json(&self, url: &str) -> Result<Value, FetchError> {
        let fetched = tokio::time::timeout(FETCH_TIMEOUT, self.get(url)).await;
        let body = fetched
            .unwrap_or_else(|_| Err("no answer in time".to_owned()))
            .map_err(FetchError::KeySet)?;
        serde_json::from_slice(&body).map_err(|error| FetchError::KeySet(error.to_string()))
    }

    async fn get(&self, url: &str) -> Result<Bytes, String> {
        let uri: Uri = url.parse().map_err(|_| "its address is malformed".to_owned())?;
        let secure = uri.scheme_str() == Some("https");
        let cell = if secure { &self.secure } else { &self.plain };
        let client = cell.get_or_try_init(|| async move { client(secure) }).await?;
        let request = Request::get(uri)
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let response = client.request(request).await.map_err(|error| error.to_string())?;
        if !response.status().is_success() {
            return Err(format!("the answer was {}", response.status()));
        }
        let body = Limited::new(response.into_body(), DOCUMENT_BYTES_MAX).collect().await;
        body.map(http_body_util::Collected::to_bytes)
            .map_err(|error| error.to_string())
    }
}

fn client(secure: bool) -> Result<Https, String> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = if secure {
        config
            .with_native_roots()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
    } else {
        config
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth()
    };
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}
