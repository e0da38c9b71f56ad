//! Errors as AWS SDKs read them: the shape in `__type`, the older query protocol's code in a header.

use serde_json::json;

use crate::error::Error;
use crate::protocol::Response;

/// The namespace of the service's own shapes, and that of the shapes which all AWS services share.
const OWN: &str = "com.amazonaws.sqs#";
const SHARED: &str = "com.amazon.coral.service#";

pub(super) fn response(error: &Error) -> Response {
    let (namespace, shape, code) = names(error);
    let (status, fault) = if is_sender_fault(error) {
        (400, "Sender")
    } else {
        (500, "Receiver")
    };
    let body = json!({"__type": format!("{namespace}{shape}"), "message": error.to_string()});
    Response {
        status,
        body: body.to_string().into_bytes(),
        query_error: Some(format!("{code};{fault}")),
    }
}

/// The code that a failed batch entry shows.
pub(super) fn code(error: &Error) -> &'static str {
    names(error).2
}

pub(super) fn is_sender_fault(error: &Error) -> bool {
    *error != Error::Internal
}

/// Namespace, shape and query code. The codes are those that the SDKs' generated parsers know.
fn names(error: &Error) -> (&'static str, &'static str, &'static str) {
    match error {
        Error::QueueDoesNotExist => (OWN, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
        Error::QueueNameExists => (OWN, "QueueNameExists", "QueueAlreadyExists"),
        Error::QueueDeletedRecently => (
            OWN,
            "QueueDeletedRecently",
            "AWS.SimpleQueueService.QueueDeletedRecently",
        ),
        Error::InvalidParameterValue(_) => (SHARED, "InvalidParameterValueException", "InvalidParameterValue"),
        Error::MissingParameter(_) => (SHARED, "MissingRequiredParameterException", "MissingParameter"),
        Error::InvalidAttributeName(_) => (OWN, "InvalidAttributeName", "InvalidAttributeName"),
        Error::InvalidAttributeValue(_) => (OWN, "InvalidAttributeValue", "InvalidAttributeValue"),
        Error::ReceiptHandleIsInvalid => (OWN, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
        Error::MessageNotInflight => (OWN, "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
        Error::InvalidMessageContents => (OWN, "InvalidMessageContents", "InvalidMessageContents"),
        Error::TooManyEntriesInBatchRequest(_) => (
            OWN,
            "TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        ),
        Error::EmptyBatchRequest => (OWN, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
        Error::InvalidBatchEntryId => (OWN, "InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
        Error::BatchEntryIdsNotDistinct(_) => (
            OWN,
            "BatchEntryIdsNotDistinct",
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        ),
        Error::BatchRequestTooLong(_) => (OWN, "BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
        Error::PurgeQueueInProgress(_) => (
            OWN,
            "PurgeQueueInProgress",
            "AWS.SimpleQueueService.PurgeQueueInProgress",
        ),
        Error::OverLimit(_) => (OWN, "OverLimit", "OverLimit"),
        Error::ResourceNotFound(_) => (OWN, "ResourceNotFoundException", "ResourceNotFoundException"),
        Error::UnsupportedOperation(_) => (
            OWN,
            "UnsupportedOperation",
            "AWS.SimpleQueueService.UnsupportedOperation",
        ),
        Error::UnknownOperation(_) => (SHARED, "UnknownOperationException", "InvalidAction"),
        Error::Serialization(_) => (SHARED, "SerializationException", "MalformedInput"),
        Error::Internal => (SHARED, "InternalFailure", "InternalFailure"),
    }
}
