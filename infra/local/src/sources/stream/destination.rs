//! What an on-failure queue gets: the position of the records, not the records.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::StreamMapping;
use super::lane::Piece;
use crate::clock;

/// Why records were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

impl Condition {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

/// The message as AWS documents it.
pub(super) fn body(mapping: &StreamMapping, shard: &str, piece: &Piece, condition: Condition, now_ms: i64) -> Value {
    let (first, last) = (piece.records.first(), piece.records.last());
    let sequence = |record: Option<&crate::sources::ports::StreamRecord>| record.map(|record| record.sequence.clone());
    let arrival = |record: Option<&crate::sources::ports::StreamRecord>| {
        record
            .and_then(|record| Timestamp::from_second(record.created_s).ok())
            .map(|time| time.to_string())
    };
    let mut body = json!({
        "requestContext": {
            "requestId": clock::request_id(),
            "functionArn": mapping.function_arn,
            "condition": condition.name(),
            "approximateInvokeCount": piece.invocations,
        },
        "version": "1.0",
        "timestamp": Timestamp::from_millisecond(now_ms).map(|time| format!("{time:.3}")).unwrap_or_default(),
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": sequence(first),
            "endSequenceNumber": sequence(last),
            "approximateArrivalOfFirstRecord": arrival(first),
            "approximateArrivalOfLastRecord": arrival(last),
            "batchSize": piece.records.len(),
            "streamArn": mapping.stream_arn,
        },
    });
    if let (true, Value::Object(fields)) = (piece.invocations > 0, &mut body) {
        let response = json!({ "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" });
        fields.insert("responseContext".to_owned(), response);
    }
    body
}
