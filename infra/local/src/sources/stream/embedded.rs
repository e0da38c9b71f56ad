//! Streams of the embedded DynamoDB, read in-process.

use dynoxide::Database;
use dynoxide::actions::describe_stream::{DescribeStreamRequest, StreamDescription};
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::errors::DynoxideError;
use futures::future::BoxFuture;

use super::index;
use crate::sources::ports::{StreamError, StreamInfo, StreamRecord, Streams};

/// The streams of a [`Database`]. Cheap to clone.
#[derive(Clone)]
pub struct EmbeddedStreams(Database);

impl EmbeddedStreams {
    /// Reads from the same database that the front serves. Blocks once on a file that lacks the index of its records.
    pub fn new(database: Database) -> Self {
        index::ensure(&database);
        Self(database)
    }

    /// Calls block on the database's lock, so they leave the runtime's threads alone.
    async fn call<T: Send + 'static>(
        &self,
        table: &str,
        call: impl FnOnce(&Database) -> Result<T, DynoxideError> + Send + 'static,
    ) -> Result<T, StreamError> {
        let failed = |reason: String| StreamError {
            table: table.to_owned(),
            reason,
        };
        let database = self.0.clone();
        match tokio::task::spawn_blocking(move || call(&database)).await {
            Ok(result) => result.map_err(|error| failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

impl Streams for EmbeddedStreams {
    fn describe<'a>(&'a self, table: &'a str) -> BoxFuture<'a, Result<StreamInfo, StreamError>> {
        let name = table.to_owned();
        Box::pin(self.call(table, move |database| {
            let stream = description(database, &name)?;
            let shards = stream.shards.into_iter().map(|shard| shard.shard_id).collect();
            Ok(StreamInfo {
                label: stream.stream_label,
                shards,
            })
        }))
    }

    fn newest<'a>(&'a self, table: &'a str, shard: &'a str) -> BoxFuture<'a, Result<Option<String>, StreamError>> {
        let (name, id) = (table.to_owned(), shard.to_owned());
        Box::pin(self.call(table, move |database| {
            let stream = description(database, &name)?;
            let shard = stream.shards.into_iter().find(|shard| shard.shard_id == id);
            Ok(shard.and_then(|shard| shard.sequence_number_range.ending_sequence_number))
        }))
    }

    fn read<'a>(
        &'a self,
        table: &'a str,
        shard: &'a str,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StreamRecord>, StreamError>> {
        let kind = if after.is_some() {
            "AFTER_SEQUENCE_NUMBER"
        } else {
            "TRIM_HORIZON"
        };
        let from = GetShardIteratorRequest {
            // The engine reads the table's name from it and nothing else.
            stream_arn: format!("arn:aws:dynamodb:::table/{table}/stream/"),
            shard_id: shard.to_owned(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: after,
        };
        Box::pin(self.call(table, move |database| {
            let shard_iterator = database.get_shard_iterator(from)?.shard_iterator.unwrap_or_default();
            let read = database.get_records(GetRecordsRequest {
                shard_iterator,
                limit: Some(limit),
            })?;
            read.records.into_iter().map(record).collect()
        }))
    }
}

fn description(database: &Database, table: &str) -> Result<StreamDescription, DynoxideError> {
    let request = ListStreamsRequest {
        table_name: Some(table.to_owned()),
        ..ListStreamsRequest::default()
    };
    let missing = || DynoxideError::ResourceNotFoundException(format!("table {table} has no stream"));
    let stream = database.list_streams(request)?.streams.pop().ok_or_else(missing)?;
    let request = DescribeStreamRequest {
        stream_arn: stream.stream_arn,
        ..DescribeStreamRequest::default()
    };
    Ok(database.describe_stream(request)?.stream_description)
}

fn record(record: Record) -> Result<StreamRecord, DynoxideError> {
    let wrong = |error: serde_json::Error| DynoxideError::InternalServerError(error.to_string());
    let json = serde_json::to_value(&record).map_err(wrong)?;
    let created = serde_json::to_value(record.dynamodb.approximate_creation_date_time).map_err(wrong)?;
    Ok(StreamRecord {
        sequence: record.dynamodb.sequence_number,
        created_s: whole_seconds(&created),
        json,
    })
}

/// The engine gives whole seconds as a float, which prints with `.0`.
fn whole_seconds(seconds: &serde_json::Value) -> i64 {
    let text = seconds.to_string();
    text.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(0)
}
