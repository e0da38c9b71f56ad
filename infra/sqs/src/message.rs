//! A message: what its sender gave, where its delivery stands, and what a consumer sees.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::attribute::{self, AttributeValue, Attributes};
use crate::error::Error;
use crate::limits::{DELAY_SECONDS_MAX, FIFO_ID_CHARS_MAX};
use crate::receipt::Receipt;

/// The sender that every message shows: callers are told apart by the platform's front, not here.
pub(crate) const SENDER_ID: &str = "AIDATRADEPOSTLOCAL000";
/// Where sequence numbers begin, so that each has the 20 digits that AWS gives and texts sort as numbers do.
const SEQUENCE_BASE: u64 = 10_000_000_000_000_000_000;

/// A message to send.
#[derive(Clone, Debug, Default)]
pub struct NewMessage {
    /// The body: text of at least one character, all allowed in XML 1.0.
    pub body: String,
    /// Seconds (0 to 900) until it can be received; the queue's own delay when absent. Not for FIFO queues.
    pub delay_s: Option<i64>,
    /// At most 10 attributes.
    pub attributes: Attributes,
    /// The X-Ray trace header (`AWSTraceHeader`).
    pub trace_header: Option<String>,
    /// The group whose order is kept (FIFO), or the tenant of a fair standard queue.
    pub group_id: Option<String>,
    /// The id within which sends are one for five minutes (FIFO).
    pub deduplication_id: Option<String>,
}

/// What a sender is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The message's id; of the first message when this one is a duplicate.
    pub message_id: String,
    /// MD5 of the body, in hexadecimal.
    pub md5_of_body: String,
    /// MD5 of the attributes, if there are any.
    pub md5_of_attributes: Option<String>,
    /// MD5 of the system attributes, if there are any.
    pub md5_of_system_attributes: Option<String>,
    /// The place in the queue's order (FIFO only).
    pub sequence_number: Option<String>,
}

/// What never changes about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The id that the sender was told.
    pub id: String,
    /// The body.
    pub body: String,
    /// The attributes.
    pub attributes: Attributes,
    /// The X-Ray trace header.
    pub trace_header: Option<String>,
    /// The message group.
    pub group_id: Option<Arc<str>>,
    /// The deduplication id, also when it was made from the body.
    pub deduplication_id: Option<String>,
}

/// Where a message stands. Times are milliseconds of the service's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Ready { since_ms: i64 },
    Delayed { until_ms: i64 },
    InFlight { since_ms: i64, until_ms: i64 },
}

/// A message in a queue.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Unique in the service, rising in the order of arrival in its queue.
    pub(crate) serial: i64,
    pub(crate) content: Arc<Content>,
    pub(crate) sent_ms: i64,
    /// The ARN of the queue that gave it up, in a dead-letter queue.
    pub(crate) origin: Option<Arc<str>>,
    pub(crate) receives: u32,
    /// How many of the receives happened in another queue.
    pub(crate) receives_elsewhere: u32,
    pub(crate) first_received_ms: Option<i64>,
    pub(crate) state: State,
}

impl Message {
    pub(crate) fn group(&self) -> Option<&Arc<str>> {
        self.content.group_id.as_ref()
    }

    /// When it can be received (again).
    pub(crate) fn visible_ms(&self) -> i64 {
        match self.state {
            State::Ready { since_ms } => since_ms,
            State::Delayed { until_ms } | State::InFlight { until_ms, .. } => until_ms,
        }
    }

    /// How often this queue has given it out.
    pub(crate) fn receives_here(&self) -> u32 {
        self.receives.saturating_sub(self.receives_elsewhere)
    }
}

/// A message as a consumer gets it.
#[derive(Clone, Debug)]
pub struct Received {
    /// What the sender gave.
    pub content: Arc<Content>,
    /// Proof of this receive, needed to delete the message or to change its visibility.
    pub receipt_handle: String,
    /// When it was sent, in milliseconds since 1970.
    pub sent_ms: i64,
    /// When it was first received, in milliseconds since 1970.
    pub first_received_ms: i64,
    /// How often it has been received, this time included.
    pub receive_count: u32,
    /// The place in the queue's order (FIFO only).
    pub sequence_number: Option<String>,
    /// The ARN of the queue that gave it up, in a dead-letter queue.
    pub dead_letter_source: Option<Arc<str>>,
}

impl Received {
    pub(crate) fn of(message: &Message, queue: i64, fifo: bool) -> Self {
        Self {
            content: Arc::clone(&message.content),
            receipt_handle: Receipt {
                queue,
                message: message.serial,
                receives: message.receives,
            }
            .encode(),
            sent_ms: message.sent_ms,
            first_received_ms: message.first_received_ms.unwrap_or(message.sent_ms),
            receive_count: message.receives,
            sequence_number: fifo.then(|| sequence_number(message.serial)),
            dead_letter_source: message.origin.clone(),
        }
    }

    /// MD5 of the body, in hexadecimal.
    pub fn md5_of_body(&self) -> String {
        attribute::md5_of_text(&self.content.body)
    }

    /// The system attributes under AWS's names, as a Lambda event shows them too.
    pub fn system_attributes(&self) -> BTreeMap<&'static str, String> {
        let optional = [
            ("AWSTraceHeader", self.content.trace_header.clone()),
            (
                "MessageGroupId",
                self.content.group_id.as_ref().map(ToString::to_string),
            ),
            ("MessageDeduplicationId", self.content.deduplication_id.clone()),
            ("SequenceNumber", self.sequence_number.clone()),
            (
                "DeadLetterQueueSourceArn",
                self.dead_letter_source.as_ref().map(ToString::to_string),
            ),
        ];
        let always = [
            ("ApproximateFirstReceiveTimestamp", self.first_received_ms.to_string()),
            ("ApproximateReceiveCount", self.receive_count.to_string()),
            ("SenderId", SENDER_ID.to_owned()),
            ("SentTimestamp", self.sent_ms.to_string()),
        ];
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .chain(always)
            .collect()
    }
}

/// The sequence number that a serial shows as.
pub(crate) fn sequence_number(serial: i64) -> String {
    SEQUENCE_BASE
        .saturating_add(u64::try_from(serial).unwrap_or_default())
        .to_string()
}

/// Checks what does not depend on the queue's type: body, attributes, sizes and ranges.
pub(crate) fn check(message: &NewMessage, bytes_max: usize) -> Result<(), Error> {
    if message.body.is_empty() {
        return Err(Error::MissingParameter("MessageBody"));
    }
    if !message.body.chars().all(is_legal) {
        return Err(Error::InvalidMessageContents);
    }
    attribute::check(&message.attributes)?;
    if size(message) > bytes_max {
        return Err(Error::InvalidParameterValue(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {bytes_max} bytes."
        )));
    }
    if let Some(delay) = message.delay_s
        && !(0..=DELAY_SECONDS_MAX).contains(&delay)
    {
        return Err(Error::value(
            delay,
            "DelaySeconds",
            "DelaySeconds must be >= 0 and <= 900.",
        ));
    }
    check_fifo_id(message.group_id.as_deref(), "MessageGroupId")?;
    check_fifo_id(message.deduplication_id.as_deref(), "MessageDeduplicationId")
}

/// Bytes of the body and its attributes, as they count towards the limits.
pub(crate) fn size(message: &NewMessage) -> usize {
    message.body.len().saturating_add(attribute::size(&message.attributes))
}

/// Checks the form of a group, deduplication or receive attempt id.
pub(crate) fn check_fifo_id(id: Option<&str>, parameter: &'static str) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    if (1..=FIFO_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    Err(Error::value(id, parameter, &reason))
}

/// The characters of XML 1.0.
fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

/// The answer to a send.
pub(crate) fn sent(message: &NewMessage, message_id: String, sequence_number: Option<String>) -> Sent {
    let trace = message.trace_header.as_deref().map(AttributeValue::text);
    Sent {
        message_id,
        md5_of_body: attribute::md5_of_text(&message.body),
        md5_of_attributes: attribute::md5(message.attributes.iter().map(|(name, value)| (name.as_str(), value))),
        md5_of_system_attributes: attribute::md5(trace.iter().map(|value| ("AWSTraceHeader", value))),
        sequence_number,
    }
}
