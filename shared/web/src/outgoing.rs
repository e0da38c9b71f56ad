//! The port for calls to others: providers, carriers, webhook endpoints.

use std::{future::Future, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method};

/// The largest answer that is read, in bytes: 1 MiB.
pub const OUTGOING_BODY_BYTES_MAX: usize = 1_024 * 1_024;

/// Where a call may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Egress {
    /// To a host that our own configuration names.
    Configured,
    /// To a host that a stranger named: addresses of private, link-local, metadata and other special ranges are refused
    /// after resolution, and the address that was checked is the one connected to.
    Stranger,
}

/// A call to make. No redirect is ever followed.
#[derive(Debug, Clone)]
pub struct OutgoingRequest {
    /// Method.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// For the whole call: resolution, connection, answer.
    pub timeout: Duration,
    /// Where it may go.
    pub egress: Egress,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, at most [`OUTGOING_BODY_BYTES_MAX`].
    pub body: Bytes,
}

/// Why there was no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SendError {
    /// The URL or a header is not valid: never tried.
    #[error("the request cannot be sent: {0}")]
    Invalid(String),
    /// The address is one that strangers may not name: never tried.
    #[error("the address is not public")]
    Forbidden,
    /// No connection: not delivered.
    #[error("no connection: {0}")]
    Connect(String),
    /// No answer in time: it may have been delivered.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke or the answer is too large: it may have been delivered.
    #[error("the answer broke off: {0}")]
    Broken(String),
}

/// Makes calls.
pub trait HttpClient: Send + Sync {
    /// Makes one call; any status is an answer.
    fn send(&self, request: OutgoingRequest) -> impl Future<Output = Result<Incoming, SendError>> + Send;
}

impl<T: HttpClient> HttpClient for std::sync::Arc<T> {
    fn send(&self, request: OutgoingRequest) -> impl Future<Output = Result<Incoming, SendError>> + Send {
        T::send(self, request)
    }
}
