//! What the event sources need from the rest of the platform: functions, queues, streams and the time.
//!
//! Invariant: nothing under `sources` outside an adapter (`stream::embedded`, and the host's own implementations) knows
//! an engine, a socket or a file other than the checkpoints.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;

pub use crate::invoke::Outcome;

/// Invokes functions.
pub trait Invoke: Send + Sync {
    /// Invokes `function` (logical id) with one event and waits for its end, bounded by the function's time-out.
    fn invoke<'a>(&'a self, function: &'a str, event: Value) -> BoxFuture<'a, Outcome>;
}

impl Invoke for crate::invoke::Invoker {
    fn invoke<'a>(&'a self, function: &'a str, event: Value) -> BoxFuture<'a, Outcome> {
        Box::pin(Self::invoke(self, function, event))
    }
}

/// One received message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// `MessageId`.
    pub id: String,
    /// `ReceiptHandle` of this receive.
    pub receipt: String,
    /// The body as sent.
    pub body: String,
    /// `MD5OfBody`, hexadecimal.
    pub md5_of_body: String,
    /// `MD5OfMessageAttributes`, where there are any.
    pub md5_of_attributes: Option<String>,
    /// System attributes by their SQS names (`ApproximateReceiveCount`, `MessageGroupId`, …), all of them.
    pub system: BTreeMap<String, String>,
    /// Message attributes.
    pub attributes: BTreeMap<String, Attribute>,
}

/// A message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// `String`, `Number`, `Binary`, or one of them with a custom suffix.
    pub data_type: String,
    /// The value.
    pub value: AttributeValue,
}

/// The value of a message attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// Of `String` and `Number`.
    Text(String),
    /// Of `Binary`, in base64.
    Base64(String),
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Receivable now. Messages of a blocked FIFO group count here or as in flight.
    pub visible: u64,
    /// Received and neither deleted nor back.
    pub in_flight: u64,
}

/// A refused or failed call to a queue.
#[derive(Debug, Clone, thiserror::Error)]
#[error("queue {queue}: {reason}")]
pub struct QueueError {
    /// Physical name of the queue.
    pub queue: String,
    /// The engine's words.
    pub reason: String,
}

/// Queues by physical name.
pub trait Queues: Send + Sync {
    /// Receives 1 to 10 messages, waiting up to `wait` for the first. Dropping the future may leave messages in flight,
    /// which come back after their visibility time-out.
    fn receive<'a>(
        &'a self,
        queue: &'a str,
        max: u32,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<Received>, QueueError>>;
    /// Deletes received messages. An outdated receipt is no error.
    fn delete<'a>(&'a self, queue: &'a str, receipts: Vec<String>) -> BoxFuture<'a, Result<(), QueueError>>;
    /// Lets a received message be received again after `after` (0 s to 12 h).
    fn change_visibility<'a>(
        &'a self,
        queue: &'a str,
        receipt: &'a str,
        after: Duration,
    ) -> BoxFuture<'a, Result<(), QueueError>>;
    /// Sends one message with `String` attributes to a standard queue.
    fn send<'a>(
        &'a self,
        queue: &'a str,
        body: String,
        attributes: BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), QueueError>>;
    /// How many messages the queue holds now.
    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<Depth, QueueError>>;
}

/// A table's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamInfo {
    /// Told apart from the stream of a re-created table of the same name.
    pub label: String,
    /// Ids of its shards.
    pub shards: Vec<String>,
}

/// One stream record.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRecord {
    /// `SequenceNumber`: decimal, ordered within the shard.
    pub sequence: String,
    /// `ApproximateCreationDateTime`, seconds since 1970.
    pub created_s: i64,
    /// The record in the Streams API's JSON: `eventID`, `eventName`, `dynamodb`, …
    pub json: Value,
}

/// A refused or failed call to a stream.
#[derive(Debug, Clone, thiserror::Error)]
#[error("stream of table {table}: {reason}")]
pub struct StreamError {
    /// Physical name of the table.
    pub table: String,
    /// The engine's words.
    pub reason: String,
}

/// Streams by the physical name of their table.
pub trait Streams: Send + Sync {
    /// The table's stream and its shards.
    fn describe<'a>(&'a self, table: &'a str) -> BoxFuture<'a, Result<StreamInfo, StreamError>>;
    /// The sequence number of the shard's newest record; `None` when it never had one.
    fn newest<'a>(&'a self, table: &'a str, shard: &'a str) -> BoxFuture<'a, Result<Option<String>, StreamError>>;
    /// Up to `limit` records after a sequence number, or from the oldest on.
    fn read<'a>(
        &'a self,
        table: &'a str,
        shard: &'a str,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StreamRecord>, StreamError>>;
}

/// The time of day. Waiting is tokio's, which tests pause.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970, UTC.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        i64::try_from(crate::clock::now_ms()).unwrap_or(i64::MAX)
    }
}
