//! The actions on single messages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Nothing, QueueUrl};
use crate::attribute::{self, AttributeData, Attributes, WireValue};
use crate::delivery::Receive;
use crate::error::Error;
use crate::message::{NewMessage, Received, Sent};
use crate::service::Sqs;

/// The members that a single message and a batch entry share.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct MessageFields {
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    message_attributes: BTreeMap<String, WireValue>,
    message_system_attributes: BTreeMap<String, WireValue>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

impl MessageFields {
    pub(super) fn read(self) -> Result<NewMessage, Error> {
        let mut attributes = Attributes::new();
        for (name, wire) in self.message_attributes {
            let value = attribute::parse(&name, wire)?;
            attributes.insert(name, value);
        }
        Ok(NewMessage {
            body: self.message_body.ok_or(Error::MissingParameter("MessageBody"))?,
            delay_s: self.delay_seconds,
            attributes,
            trace_header: trace_header(self.message_system_attributes)?,
            group_id: self.message_group_id,
            deduplication_id: self.message_deduplication_id,
        })
    }
}

/// The one system attribute that a sender may give.
fn trace_header(attributes: BTreeMap<String, WireValue>) -> Result<Option<String>, Error> {
    let mut header = None;
    for (name, wire) in attributes {
        if name != "AWSTraceHeader" {
            return Err(Error::InvalidParameterValue(format!(
                "Message system attribute name '{name}' is invalid."
            )));
        }
        let value = attribute::parse("AWSTraceHeader", wire)?;
        header = match (value.data_type.as_str(), value.data) {
            ("String", AttributeData::Text(text)) => Some(text),
            _ => {
                return Err(Error::InvalidParameterValue(
                    "AWSTraceHeader must be of type String.".into(),
                ));
            }
        };
    }
    Ok(header)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessage {
    #[serde(default)]
    queue_url: QueueUrl,
    #[serde(flatten)]
    message: MessageFields,
}

/// What a sender is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SentFields {
    message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    md5_of_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_attributes: Option<String>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_system_attributes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

impl From<Sent> for SentFields {
    fn from(sent: Sent) -> Self {
        let Sent {
            message_id,
            md5_of_body,
            md5_of_attributes,
            md5_of_system_attributes,
            sequence_number,
        } = sent;
        Self {
            message_id,
            md5_of_body,
            md5_of_attributes,
            md5_of_system_attributes,
            sequence_number,
        }
    }
}

pub(super) async fn send(sqs: &Sqs, request: SendMessage) -> Result<SentFields, Error> {
    let queue = request.queue_url.name()?;
    Ok(sqs.send(queue, request.message.read()?).await?.into())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveMessage {
    #[serde(default)]
    queue_url: QueueUrl,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    /// The older name of the system attribute names.
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Messages {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<ReceivedFields>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReceivedFields {
    message_id: String,
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: String,
    body: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<String, WireValue>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_attributes: Option<String>,
}

pub(super) async fn receive(sqs: &Sqs, request: ReceiveMessage) -> Result<Messages, Error> {
    let queue = request.queue_url.name()?;
    let wish = Receive {
        max: usize::try_from(request.max_number_of_messages.unwrap_or(1)).unwrap_or_default(),
        visibility_s: request.visibility_timeout,
        wait_s: request.wait_time_seconds,
        attempt_id: request.receive_request_attempt_id,
    };
    let system = [request.message_system_attribute_names, request.attribute_names].concat();
    let received = sqs.receive(queue, &wish).await?;
    let show = |message| received_fields(message, &system, &request.message_attribute_names);
    Ok(Messages {
        messages: received.iter().map(show).collect(),
    })
}

fn received_fields(message: &Received, system: &[String], wanted: &[String]) -> ReceivedFields {
    let mut attributes = message.system_attributes();
    attributes.retain(|name, _| system.iter().any(|asked| asked == "All" || asked == name));
    let shown = || {
        message
            .content
            .attributes
            .iter()
            .filter(|(name, _)| attribute::is_wanted(wanted, name))
    };
    ReceivedFields {
        message_id: message.content.id.clone(),
        receipt_handle: message.receipt_handle.clone(),
        md5_of_body: message.md5_of_body(),
        body: message.content.body.clone(),
        attributes,
        message_attributes: shown()
            .map(|(name, value)| (name.clone(), WireValue::from(value)))
            .collect(),
        md5_of_attributes: attribute::md5(shown().map(|(name, value)| (name.as_str(), value))),
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessage {
    #[serde(default)]
    queue_url: QueueUrl,
    receipt_handle: Option<String>,
}

pub(super) async fn delete(sqs: &Sqs, request: DeleteMessage) -> Result<Nothing, Error> {
    let handle = request.receipt_handle.ok_or(Error::MissingParameter("ReceiptHandle"))?;
    sqs.delete(request.queue_url.name()?, &handle).await?;
    Ok(Nothing {})
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeVisibility {
    #[serde(default)]
    queue_url: QueueUrl,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

pub(super) async fn change_visibility(sqs: &Sqs, request: ChangeVisibility) -> Result<Nothing, Error> {
    let handle = request.receipt_handle.ok_or(Error::MissingParameter("ReceiptHandle"))?;
    let seconds = request
        .visibility_timeout
        .ok_or(Error::MissingParameter("VisibilityTimeout"))?;
    sqs.change_visibility(request.queue_url.name()?, &handle, seconds)
        .await?;
    Ok(Nothing {})
}
