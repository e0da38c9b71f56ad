//! The embedded DynamoDB: its engine, and its own JSON server on a private port that the front forwards to.
//!
//! The engine's request dispatcher, with all of DynamoDB's checks of malformed requests, is reachable through its server
//! alone. Its calls block, so the server has a thread of its own and no function waits for another's disk.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use bytes::Bytes;
use dynoxide::Database;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::watch;

use super::interceptor::Answer;
use crate::shutdown::thrown;

/// File of the database in the data directory.
const FILE: &str = "dynamodb.sqlite";

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The engine refused.
    #[error("the embedded DynamoDB can't be opened")]
    Engine(#[source] dynoxide::DynoxideError),
    /// Its server could not start.
    #[error("the embedded DynamoDB's server can't start")]
    Server(#[source] io::Error),
    /// The path of the data directory is not UTF-8.
    #[error("the path of the data directory is not UTF-8")]
    Path,
}

/// The running database.
pub struct DynamoDb {
    database: Database,
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl DynamoDb {
    /// Opens the database of a data directory, or one in memory, and serves it until `closed` turns true.
    pub fn open(data: Option<&Path>, closed: watch::Receiver<bool>) -> Result<Self, OpenError> {
        let database = match data {
            Some(directory) => Database::new(directory.join(FILE).to_str().ok_or(OpenError::Path)?),
            None => Database::memory(),
        };
        let database = database.map_err(OpenError::Engine)?;
        // The engine's ordinary settings, `synchronous = NORMAL` among them, which it leaves at SQLite's own `FULL` when it
        // opens a file: a commit is in the kernel's hands and survives `kill -9`, without a sync of the disk for each.
        database.disable_bulk_loading().map_err(OpenError::Engine)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(OpenError::Server)?;
        listener.set_nonblocking(true).map_err(OpenError::Server)?;
        let address = listener.local_addr().map_err(OpenError::Server)?;
        serve(listener, database.clone(), closed).map_err(OpenError::Server)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Ok(Self {
            database,
            address,
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// The engine, for the platform's own calls.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Forwards a request to the engine's server.
    pub async fn forward(&self, headers: &HeaderMap, body: Bytes) -> Result<Answer, String> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = format!("http://{}/", self.address)
            .parse::<Uri>()
            .map_err(|error| error.to_string())?;
        for (name, value) in headers {
            if ![HOST, CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING].contains(name) {
                request.headers_mut().append(name.clone(), value.clone());
            }
        }
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes();
        Ok(Answer {
            status,
            body,
            query_error: None,
        })
    }
}

/// Serves the engine on a thread of its own.
fn serve(listener: TcpListener, database: Database, mut closed: watch::Receiver<bool>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run = move || {
        runtime.block_on(async move {
            let listener = match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => listener,
                Err(error) => return tracing::error!(%error, "dynamodb.listener_failed"),
            };
            let shutdown = async move { thrown(&mut closed).await };
            if let Err(error) = dynoxide::server::serve_with_shutdown(listener, database, shutdown).await {
                tracing::error!(%error, "dynamodb.server_failed");
            }
        });
    };
    std::thread::Builder::new()
        .name("dynamodb".to_owned())
        .spawn(run)
        .map(drop)
}
