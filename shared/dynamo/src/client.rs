//! The handle on DynamoDB, and its reads by key.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use kernel::Ambient;

use crate::{Consistency, Item, Key, Record, StoreError, from_item};

/// How many keys one `batch_get` may name: DynamoDB's limit.
pub const BATCH_GET_MAX: usize = 100;
/// How often unprocessed keys of one batch are asked for again.
const BATCH_ROUNDS_MAX: usize = 8;

/// A handle on DynamoDB. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Dynamo {
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) ambient: Ambient,
}

impl Dynamo {
    /// From the SDK's client; `ambient` gives tokens and the jitter of retries.
    pub const fn new(client: aws_sdk_dynamodb::Client, ambient: Ambient) -> Self {
        Self { client, ambient }
    }

    /// The clock and chance that the store was given.
    pub const fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// The item under `key`. One read unit per 4 KB when strong, half when eventual.
    pub async fn get_item(&self, table: &str, key: &Key, consistency: Consistency) -> Result<Option<Item>, StoreError> {
        let output = self
            .client
            .get_item()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .consistent_read(consistency.strong())
            .send()
            .await?;
        Ok(output.item)
    }

    /// The record under `key`.
    pub async fn get<R: Record>(
        &self,
        table: &str,
        key: &Key,
        consistency: Consistency,
    ) -> Result<Option<R>, StoreError> {
        self.get_item(table, key, consistency).await?.map(from_item).transpose()
    }

    /// The items under `keys` that exist, in no order. Keys must be distinct and at most [`BATCH_GET_MAX`].
    pub async fn batch_get_items(
        &self,
        table: &str,
        keys: &[Key],
        consistency: Consistency,
    ) -> Result<Vec<Item>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        if keys.len() > BATCH_GET_MAX {
            return Err(StoreError::Rejected(format!(
                "{} keys in one batch; at most {BATCH_GET_MAX}",
                keys.len()
            )));
        }
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(Key::attributes).collect()))
            .consistent_read(consistency.strong())
            .build()
            .map_err(|error| StoreError::Rejected(error.to_string()))?;
        let mut pending = Some(HashMap::from([(table.to_owned(), wanted)]));
        let mut found = Vec::with_capacity(keys.len());
        for _ in 0..BATCH_ROUNDS_MAX {
            let output = self.client.batch_get_item().set_request_items(pending).send().await?;
            found.extend(output.responses.unwrap_or_default().into_values().flatten());
            pending = output.unprocessed_keys.filter(|keys| !keys.is_empty());
            if pending.is_none() {
                return Ok(found);
            }
        }
        Err(StoreError::Throttled)
    }
}
