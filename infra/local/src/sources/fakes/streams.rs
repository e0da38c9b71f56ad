//! One shard per table, records numbered from 1.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures::future::BoxFuture;
use serde_json::json;

use super::START_S;
use crate::sources::ports::{StreamError, StreamInfo, StreamRecord, Streams};

#[derive(Default)]
pub(in crate::sources) struct FakeStreams(Mutex<BTreeMap<String, Vec<StreamRecord>>>);

impl FakeStreams {
    /// Appends one insert per key, as of the start of virtual time.
    pub(in crate::sources) fn write(&self, table: &str, keys: &[&str]) {
        let mut tables = self.0.lock().unwrap();
        let records = tables.entry(table.to_owned()).or_default();
        for key in keys {
            let sequence = format!("{:021}", records.len() + 1);
            let json = json!({
                "eventID": sequence,
                "eventName": "INSERT",
                "dynamodb": {"Keys": {"pk": {"S": key}}, "NewImage": {"pk": {"S": key}}},
            });
            records.push(StreamRecord {
                sequence,
                created_s: START_S,
                json,
            });
        }
    }
}

impl Streams for FakeStreams {
    fn describe<'a>(&'a self, _table: &'a str) -> BoxFuture<'a, Result<StreamInfo, StreamError>> {
        Box::pin(async {
            Ok(StreamInfo {
                label: "1".to_owned(),
                shards: vec!["shard-0".to_owned()],
            })
        })
    }

    fn newest<'a>(&'a self, table: &'a str, _shard: &'a str) -> BoxFuture<'a, Result<Option<String>, StreamError>> {
        let tables = self.0.lock().unwrap();
        let newest = tables
            .get(table)
            .and_then(|records| records.last())
            .map(|record| record.sequence.clone());
        Box::pin(async { Ok(newest) })
    }

    fn read<'a>(
        &'a self,
        table: &'a str,
        _shard: &'a str,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StreamRecord>, StreamError>> {
        let tables = self.0.lock().unwrap();
        let later = |record: &&StreamRecord| after.as_ref().is_none_or(|after| record.sequence > *after);
        let records = tables
            .get(table)
            .into_iter()
            .flatten()
            .filter(later)
            .take(limit)
            .cloned()
            .collect();
        Box::pin(async { Ok(records) })
    }
}
