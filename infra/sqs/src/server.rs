//! A small HTTP server around the service, for tests and for use on its own. The local platform has its own front.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::limits::{CONNECTIONS_MAX, REQUEST_BYTES_MAX};
use crate::protocol::MEDIA_TYPE;
use crate::service::Sqs;

/// How long to accept nothing after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(20);
/// How long open requests may go on after the shutdown: long polls are cut off.
const GRACE: Duration = Duration::from_secs(1);

impl Sqs {
    /// Serves HTTP/1.1 on a loopback listener until `shutdown` resolves, then lets open requests end for a second.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let address = listener.local_addr()?;
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the queues are for this machine only",
            ));
        }
        self.set_endpoint(&format!("http://{address}"));
        let (stop, stopping) = watch::channel(());
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(_ended) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept() => {
                    let (Ok((stream, _)), Ok(place)) = (accepted, Arc::clone(&places).try_acquire_owned()) else {
                        // Out of handles or of places: what is open must end first.
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    };
                    let connection = connection(self.clone(), stream, stopping.clone());
                    connections.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
            }
        }
        drop(stop);
        let ended = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            connections.shutdown().await;
        }
        Ok(())
    }
}

async fn connection(sqs: Sqs, stream: TcpStream, mut stopping: watch::Receiver<()>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error.message = %error, "queue.connection_slow");
    }
    let service = service_fn(move |request| answer(sqs.clone(), request));
    let mut connection = std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error.message = %error, "queue.connection_lost");
    }
}

async fn answer(sqs: Sqs, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request
        .headers()
        .get("x-amz-target")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let Ok(body) = Limited::new(request.into_body(), REQUEST_BYTES_MAX).collect().await else {
        return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE));
    };
    let answer = sqs.handle(&target, &body.to_bytes()).await;
    let mut response = Response::builder()
        .status(answer.status)
        .header(header::CONTENT_TYPE, MEDIA_TYPE);
    if let Some(error) = answer.query_error {
        response = response.header("x-amzn-query-error", error);
    }
    Ok(response
        .body(Full::new(Bytes::from(answer.body)))
        .unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR)))
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}
