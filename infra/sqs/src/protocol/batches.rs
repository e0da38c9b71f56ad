//! The batch actions: the request as a whole is refused, or each entry succeeds or fails alone.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::QueueUrl;
use super::error::{code, is_sender_fault};
use super::messages::{MessageFields, SentFields};
use crate::delivery::check_visibility;
use crate::error::Error;
use crate::limits::{BATCH_BYTES_MAX, BATCH_ENTRY_ID_CHARS_MAX};
use crate::message;
use crate::service::{Sqs, check_batch};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<T> {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default = "Vec::new")]
    entries: Vec<Entry<T>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    id: Option<String>,
    #[serde(flatten)]
    fields: T,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Outcome<T> {
    successful: Vec<Success<T>>,
    failed: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Success<T> {
    id: String,
    #[serde(flatten)]
    fields: T,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    id: String,
    code: &'static str,
    message: String,
    sender_fault: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Done {}

impl<T> Batch<T> {
    /// Checks the batch as a whole; answers the entries with their ids.
    fn check(self) -> Result<(QueueUrl, Vec<(String, T)>), Error> {
        check_batch(self.entries.len())?;
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        for entry in self.entries {
            let id = entry.id.ok_or(Error::MissingParameter("Id"))?;
            if !(1..=BATCH_ENTRY_ID_CHARS_MAX).contains(&id.len()) || !id.bytes().all(legal) {
                return Err(Error::InvalidBatchEntryId);
            }
            if !seen.insert(id.clone()) {
                return Err(Error::BatchEntryIdsNotDistinct(id));
            }
            entries.push((id, entry.fields));
        }
        Ok((self.queue_url, entries))
    }
}

impl<T> Outcome<T> {
    fn of(results: impl Iterator<Item = (String, Result<T, Error>)>) -> Self {
        let mut outcome = Self {
            successful: Vec::new(),
            failed: Vec::new(),
        };
        for (id, result) in results {
            match result {
                Ok(fields) => outcome.successful.push(Success { id, fields }),
                Err(error) => outcome.failed.push(Failure {
                    id,
                    code: code(&error),
                    message: error.to_string(),
                    sender_fault: is_sender_fault(&error),
                }),
            }
        }
        outcome
    }
}

pub(super) async fn send(sqs: &Sqs, request: Batch<MessageFields>) -> Result<Outcome<SentFields>, Error> {
    let (url, entries) = request.check()?;
    let queue = url.name()?;
    let read: Vec<_> = entries.into_iter().map(|(id, fields)| (id, fields.read())).collect();
    let bytes = read
        .iter()
        .filter_map(|(_, m)| m.as_ref().ok())
        .map(message::size)
        .fold(0, usize::saturating_add);
    if bytes > BATCH_BYTES_MAX {
        return Err(Error::BatchRequestTooLong(bytes));
    }
    let results = sqs
        .run(|engine, now_ms| {
            engine.at(queue, now_ms)?;
            let mut send = |message| engine.send(queue, message, now_ms).map(SentFields::from);
            Ok(read
                .into_iter()
                .map(|(id, message)| (id, message.and_then(&mut send)))
                .collect::<Vec<_>>())
        })
        .await?;
    Ok(Outcome::of(results.into_iter()))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DeleteFields {
    receipt_handle: String,
}

pub(super) async fn delete(sqs: &Sqs, request: Batch<DeleteFields>) -> Result<Outcome<Done>, Error> {
    let (url, entries) = request.check()?;
    let (ids, handles): (Vec<_>, Vec<_>) = entries
        .into_iter()
        .map(|(id, fields)| (id, fields.receipt_handle))
        .unzip();
    let results = sqs.delete_batch(url.name()?, &handles).await?;
    Ok(Outcome::of(
        ids.into_iter()
            .zip(results)
            .map(|(id, result)| (id, result.map(|()| Done {}))),
    ))
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct VisibilityFields {
    receipt_handle: String,
    visibility_timeout: Option<i64>,
}

pub(super) async fn change_visibility(sqs: &Sqs, request: Batch<VisibilityFields>) -> Result<Outcome<Done>, Error> {
    let (url, entries) = request.check()?;
    let queue = url.name()?;
    let results = sqs
        .run(|engine, now_ms| {
            let (queue, journal) = engine.at(queue, now_ms)?;
            let mut change = |fields: VisibilityFields| {
                let seconds = fields
                    .visibility_timeout
                    .ok_or(Error::MissingParameter("VisibilityTimeout"))?;
                check_visibility(Some(seconds))?;
                queue
                    .change_visibility(&fields.receipt_handle, seconds, now_ms, journal)
                    .map(|()| Done {})
            };
            Ok(entries
                .into_iter()
                .map(|(id, fields)| (id, change(fields)))
                .collect::<Vec<_>>())
        })
        .await?;
    Ok(Outcome::of(results.into_iter()))
}
