//! The event that Lambda makes of stream records.

use serde_json::{Value, json};

use crate::sources::arn;
use crate::sources::ports::StreamRecord;

/// `{"Records": […]}`.
pub(super) fn event(stream_arn: &str, records: &[StreamRecord]) -> Value {
    let records: Vec<Value> = records.iter().map(|entry| record(stream_arn, entry)).collect();
    json!({ "Records": records })
}

/// One record as the function and the filters see it.
pub(super) fn record(stream_arn: &str, record: &StreamRecord) -> Value {
    let mut json = record.json.clone();
    if let Value::Object(fields) = &mut json {
        fields.insert("eventSource".to_owned(), json!("aws:dynamodb"));
        fields.insert("eventSourceARN".to_owned(), json!(stream_arn));
        fields.insert("awsRegion".to_owned(), json!(arn::region(stream_arn)));
        if let Some(Value::Object(change)) = fields.get_mut("dynamodb") {
            change.insert("ApproximateCreationDateTime".to_owned(), json!(record.created_s));
            change.insert("SequenceNumber".to_owned(), json!(record.sequence));
        }
    }
    json
}
