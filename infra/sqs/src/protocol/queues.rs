//! The actions on queues themselves.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{Nothing, QueueUrl};
use crate::engine::page;
use crate::error::Error;
use crate::limits::PAGE_MAX;
use crate::service::Sqs;
use crate::settings::AttributeTexts;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: AttributeTexts,
    #[serde(default, rename = "tags", alias = "Tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Url {
    queue_url: String,
}

pub(super) async fn create(sqs: &Sqs, request: CreateQueue) -> Result<Url, Error> {
    let name = request.queue_name.ok_or(Error::MissingParameter("QueueName"))?;
    sqs.run(|engine, now_ms| engine.create(&name, &request.attributes, request.tags, now_ms))
        .await?;
    Ok(Url {
        queue_url: sqs.queue_url(&name),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfQueue {
    #[serde(default)]
    queue_url: QueueUrl,
}

pub(super) async fn delete(sqs: &Sqs, request: OfQueue) -> Result<Nothing, Error> {
    sqs.delete_queue(request.queue_url.name()?).await?;
    Ok(Nothing {})
}

pub(super) async fn purge(sqs: &Sqs, request: OfQueue) -> Result<Nothing, Error> {
    sqs.purge(request.queue_url.name()?).await?;
    Ok(Nothing {})
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueUrl {
    queue_name: Option<String>,
}

pub(super) fn url(sqs: &Sqs, request: GetQueueUrl) -> Result<Url, Error> {
    let name = request.queue_name.ok_or(Error::MissingParameter("QueueName"))?;
    sqs.read(|engine, _| engine.bell(&name).map(|_| ()))?;
    Ok(Url {
        queue_url: sqs.queue_url(&name),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListQueues {
    queue_name_prefix: Option<String>,
    #[serde(flatten)]
    page: Page,
}

/// Which page of a listing is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Page {
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Page {
    /// The name after which the page begins, and its length if one was asked for.
    fn read(&self) -> Result<(Option<String>, Option<usize>), Error> {
        let reason = format!("Must be an integer from 1 to {PAGE_MAX}.");
        let max = |n: i64| usize::try_from(n).ok().filter(|n| (1..=PAGE_MAX).contains(n));
        let max = self
            .max_results
            .map(|n| max(n).ok_or_else(|| Error::value(n, "MaxResults", &reason)))
            .transpose()?;
        let decode = |token: &String| {
            let name = URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            name.ok_or_else(|| Error::value(token, "NextToken", "It was not given out by this service."))
        };
        Ok((self.next_token.as_ref().map(decode).transpose()?, max))
    }
}

/// The URLs of a page. As in AWS, there is a token only if a length was asked for.
fn urls(sqs: &Sqs, names: impl Iterator<Item = String>, wanted: &Page) -> Result<(Vec<String>, Option<String>), Error> {
    let (after, max) = wanted.read()?;
    let (names, next) = page(names, after.as_deref(), max);
    let token = next.filter(|_| max.is_some()).map(|name| URL_SAFE_NO_PAD.encode(name));
    Ok((names.iter().map(|name| sqs.queue_url(name)).collect(), token))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueueList {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn list(sqs: &Sqs, request: ListQueues) -> Result<QueueList, Error> {
    let prefix = request.queue_name_prefix.unwrap_or_default();
    let names = sqs.queues().into_iter().filter(|name| name.starts_with(&prefix));
    let (queue_urls, next_token) = urls(sqs, names, &request.page)?;
    Ok(QueueList { queue_urls, next_token })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListSources {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Serialize)]
pub(super) struct SourceList {
    /// In lower case, unlike every other member of the API.
    #[serde(rename = "queueUrls")]
    queue_urls: Vec<String>,
    #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn list_sources(sqs: &Sqs, request: &ListSources) -> Result<SourceList, Error> {
    let name = request.queue_url.name()?;
    let sources = sqs.read(|engine, _| engine.bell(name).map(|_| engine.sources_of(name)))?;
    let (queue_urls, next_token) = urls(sqs, sources.into_iter(), &request.page)?;
    Ok(SourceList { queue_urls, next_token })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetAttributes {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AttributeMap {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: AttributeTexts,
}

/// Every name that a request may ask for; those that do not apply to the queue are left out of the answer.
const ATTRIBUTE_NAMES: [&str; 22] = [
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LastModifiedTimestamp",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "QueueArn",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

pub(super) fn attributes(sqs: &Sqs, request: GetAttributes) -> Result<AttributeMap, Error> {
    let name = request.queue_url.name()?;
    let wanted = request.attribute_names;
    if let Some(unknown) = wanted.iter().find(|name| !ATTRIBUTE_NAMES.contains(&name.as_str())) {
        return Err(Error::InvalidAttributeName(unknown.clone()));
    }
    let mut attributes = sqs.read(|engine, now_ms| engine.attributes(name, now_ms))?;
    if !wanted.iter().any(|name| name == "All") {
        attributes.retain(|name, _| wanted.contains(name));
    }
    Ok(AttributeMap { attributes })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetAttributes {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default)]
    attributes: AttributeTexts,
}

pub(super) async fn set_attributes(sqs: &Sqs, request: SetAttributes) -> Result<Nothing, Error> {
    let name = request.queue_url.name()?;
    sqs.run(|engine, now_ms| engine.set_attributes(name, &request.attributes, now_ms))
        .await?;
    Ok(Nothing {})
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagQueue {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(super) async fn tag(sqs: &Sqs, request: TagQueue) -> Result<Nothing, Error> {
    let name = request.queue_url.name()?;
    sqs.run(|engine, _| engine.tag(name, request.tags)).await?;
    Ok(Nothing {})
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UntagQueue {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) async fn untag(sqs: &Sqs, request: UntagQueue) -> Result<Nothing, Error> {
    let name = request.queue_url.name()?;
    sqs.run(|engine, _| engine.untag(name, &request.tag_keys)).await?;
    Ok(Nothing {})
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagMap {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

pub(super) fn list_tags(sqs: &Sqs, request: &OfQueue) -> Result<TagMap, Error> {
    let name = request.queue_url.name()?;
    let tags = sqs.read(|engine, now_ms| engine.at(name, now_ms).map(|(queue, _)| queue.tags.clone()))?;
    Ok(TagMap { tags })
}
