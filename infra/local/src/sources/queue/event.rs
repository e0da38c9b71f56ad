//! The event that Lambda makes of received messages.

use serde_json::{Map, Value, json};

use crate::sources::arn;
use crate::sources::ports::{AttributeValue, Received};

/// `{"Records": […]}`.
pub(super) fn event<'a>(queue_arn: &str, messages: impl Iterator<Item = &'a Received>) -> Value {
    let records: Vec<Value> = messages.map(|message| record(queue_arn, message)).collect();
    json!({ "Records": records })
}

/// What filters see: the record, its body parsed where it is a JSON object. So a pattern on fields of the body never
/// admits a plain text, and a pattern on the text never admits an object, as Lambda has it.
pub(super) fn filtered_view(queue_arn: &str, message: &Received) -> Value {
    let mut record = record(queue_arn, message);
    if let (Some(body), Ok(parsed @ Value::Object(_))) = (record.get_mut("body"), serde_json::from_str(&message.body)) {
        *body = parsed;
    }
    record
}

/// Roughly what the message adds to an event, in bytes.
pub(super) fn size(message: &Received) -> usize {
    /// Names, ids and receipt of a record.
    const FRAME_BYTES: usize = 1_024;
    message.body.len().saturating_add(FRAME_BYTES)
}

fn record(queue_arn: &str, message: &Received) -> Value {
    let attributes: Map<String, Value> = message
        .attributes
        .iter()
        .map(|(name, attribute)| {
            let mut value = Map::new();
            match &attribute.value {
                AttributeValue::Text(text) => value.insert("stringValue".to_owned(), json!(text)),
                AttributeValue::Base64(bytes) => value.insert("binaryValue".to_owned(), json!(bytes)),
            };
            value.insert("stringListValues".to_owned(), json!([]));
            value.insert("binaryListValues".to_owned(), json!([]));
            value.insert("dataType".to_owned(), json!(attribute.data_type));
            (name.clone(), Value::Object(value))
        })
        .collect();
    let mut record = json!({
        "messageId": message.id,
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": message.system,
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": arn::region(queue_arn),
    });
    if let (Some(md5), Value::Object(fields)) = (&message.md5_of_attributes, &mut record) {
        fields.insert("md5OfMessageAttributes".to_owned(), json!(md5));
    }
    record
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aws_lambda_events::event::sqs::SqsEvent;

    use super::*;
    use crate::sources::ports::Attribute;

    const ARN: &str = "arn:aws:sqs:eu-west-1:000000000000:orders.fifo";

    fn message() -> Received {
        Received {
            id: "m1".to_owned(),
            receipt: "r1".to_owned(),
            body: r#"{"kind":"paid"}"#.to_owned(),
            md5_of_body: "d41d".to_owned(),
            md5_of_attributes: Some("a5".to_owned()),
            system: BTreeMap::from([("MessageGroupId".to_owned(), "g".to_owned())]),
            attributes: BTreeMap::from([(
                "trace".to_owned(),
                Attribute {
                    data_type: "String".to_owned(),
                    value: AttributeValue::Text("t".to_owned()),
                },
            )]),
        }
    }

    #[test]
    fn the_event_is_lambdas_in_every_field() {
        let expected = json!({"Records": [{
            "messageId": "m1",
            "receiptHandle": "r1",
            "body": "{\"kind\":\"paid\"}",
            "attributes": {"MessageGroupId": "g"},
            "messageAttributes": {"trace": {
                "stringValue": "t", "stringListValues": [], "binaryListValues": [], "dataType": "String",
            }},
            "md5OfMessageAttributes": "a5",
            "md5OfBody": "d41d",
            "eventSource": "aws:sqs",
            "eventSourceARN": ARN,
            "awsRegion": "eu-west-1",
        }]});
        assert_eq!(event(ARN, [message()].iter()), expected);
    }

    #[test]
    fn the_event_reads_as_the_runtimes_own_type() {
        let event: SqsEvent = serde_json::from_value(event(ARN, [message()].iter())).unwrap();
        let record = event.records.first().unwrap();
        assert_eq!(
            record.message_attributes.get("trace").unwrap().string_value.as_deref(),
            Some("t")
        );
        assert_eq!(record.event_source_arn.as_deref(), Some(ARN));
    }

    #[test]
    fn filters_see_an_object_body_parsed_and_a_text_as_text() {
        assert_eq!(
            filtered_view(ARN, &message()).pointer("/body/kind"),
            Some(&json!("paid"))
        );
        let text = Received {
            body: "5".to_owned(),
            ..message()
        };
        assert_eq!(filtered_view(ARN, &text).get("body"), Some(&json!("5")));
    }
}
