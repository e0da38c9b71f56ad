//! `AWS::SQS::Queue`, with SQS's own limits.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::application::Resource;
use crate::fields::Fields;
use crate::model::Queue;
use crate::problem::Problems;
use crate::{Options, known, names};

/// Attributes that are whole numbers: name, least, most.
const NUMBERS: &[(&str, u32, u32)] = &[
    ("DelaySeconds", 0, 900),
    ("MaximumMessageSize", 1_024, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20),
    ("VisibilityTimeout", 0, 43_200),
];

/// Attributes that only FIFO queues have: name and supported values.
const FIFO_ONLY: &[(&str, &[&str])] = &[
    ("ContentBasedDeduplication", &["true", "false"]),
    ("DeduplicationScope", &["messageGroup", "queue"]),
    ("FifoThroughputLimit", &["perMessageGroupId", "perQueue"]),
];

/// Receives before a message counts as dead.
const RECEIVES: std::ops::RangeInclusive<u32> = 1..=1_000;

pub(super) fn build(resource: &Resource, options: &Options, problems: &mut Problems) -> Queue {
    let mut fields = Fields::new(&resource.properties, resource.place.key("Properties"), problems);
    let mut attributes = BTreeMap::new();
    fields.value("QueueName");
    for (key, least, most) in NUMBERS {
        if let Some(number) = fields.number(key, *least..=*most) {
            attributes.insert((*key).to_owned(), number.to_string());
        }
    }
    let fifo = fields.flag("FifoQueue").unwrap_or_default();
    if fifo {
        attributes.insert("FifoQueue".to_owned(), "true".to_owned());
    }
    for (key, supported) in FIFO_ONLY {
        if let Some(text) = fields.one_of(key, supported) {
            if !fifo {
                fields.wrong(key, "only a FIFO queue has this; set FifoQueue");
            }
            attributes.insert((*key).to_owned(), text);
        }
    }
    if let Some(policy) = fields.nested("RedrivePolicy")
        && let Some(text) = redrive(policy)
    {
        attributes.insert("RedrivePolicy".to_owned(), text);
    }
    match fields.value("RedriveAllowPolicy") {
        Some(policy @ Value::Object(_)) => {
            attributes.insert("RedriveAllowPolicy".to_owned(), policy.to_string());
        }
        Some(_) => fields.wrong("RedriveAllowPolicy", "must be a mapping"),
        None => {}
    }
    fields.finish(known::ignored(&resource.identity.kind));
    Queue {
        logical_id: resource.identity.logical_id.clone(),
        place: resource.place.clone(),
        name: resource.identity.name.clone(),
        arn: names::resource_arn(&resource.identity, options),
        url: names::queue_url(&resource.identity.name, options),
        attributes,
    }
}

/// The policy as `CreateQueue` takes it.
fn redrive(mut fields: Fields<'_, '_>) -> Option<String> {
    let target = fields.required_text("deadLetterTargetArn");
    fields.required("maxReceiveCount");
    let count = fields.number("maxReceiveCount", RECEIVES);
    fields.finish(&[]);
    Some(serde_json::json!({ "deadLetterTargetArn": target?, "maxReceiveCount": count? }).to_string())
}

/// Whether a queue is FIFO.
pub(super) fn is_fifo(queue: &Queue) -> bool {
    queue.attributes.contains_key("FifoQueue")
}

/// A dead-letter queue exists, is of its source's kind, and is not its source.
pub(super) fn check_redrive(queues: &BTreeMap<String, Queue>, problems: &mut Problems) {
    for queue in queues.values() {
        let policy = queue
            .attributes
            .get("RedrivePolicy")
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(policy) = policy else { continue };
        let target = policy
            .get("deadLetterTargetArn")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let place = queue
            .place
            .key("Properties")
            .key("RedrivePolicy")
            .key("deadLetterTargetArn");
        let Some(dead) = queues.values().find(|other| other.arn == target) else {
            problems.add(&place, format!("`{target}` is not a queue of these templates"));
            continue;
        };
        if dead.logical_id == queue.logical_id {
            problems.add(&place, "a queue can't be its own dead-letter queue");
        }
        if is_fifo(dead) != is_fifo(queue) {
            let kind = |fifo: bool| if fifo { "FIFO" } else { "standard" };
            let message = format!(
                "the dead-letter queue of a {0} queue must be {0}; `{1}` is {2}",
                kind(is_fifo(queue)),
                dead.logical_id,
                kind(is_fifo(dead))
            );
            problems.add(&place, message);
        }
    }
}
