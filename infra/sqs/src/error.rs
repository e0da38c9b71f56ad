//! What may go wrong, in the service's own terms. `protocol::error` turns it into an answer.

/// Why a request was refused. Messages follow AWS's wording, because people search for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No queue of that name or URL.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// A queue of that name exists and its attributes are others.
    #[error("A queue already exists with the same name and a different value for attribute(s)")]
    QueueNameExists,
    /// A queue of that name was deleted less than 60 s ago.
    #[error("You must wait 60 seconds after deleting a queue before you can create another with the same name.")]
    QueueDeletedRecently,
    /// A parameter is out of its range or does not suit the queue.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A required parameter is absent.
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    /// An attribute that queues of this type do not have.
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    /// A queue attribute's value is out of its range.
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    /// The text is no receipt handle of this queue.
    #[error("The input receipt handle is invalid.")]
    ReceiptHandleIsInvalid,
    /// The message is not in flight, so that its visibility cannot change.
    #[error("The message referred to isn't in flight.")]
    MessageNotInflight,
    /// The body has characters that XML 1.0 does not allow.
    #[error(
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    /// More entries than a batch may have; carries how many came.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    /// A batch without entries.
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    /// A batch entry's id is malformed.
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    /// Two entries of a batch have one id.
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    /// The messages of a batch are too long together; carries their bytes.
    #[error("Batch requests cannot be longer than 1048576 bytes. You have sent {0} bytes.")]
    BatchRequestTooLong(usize),
    /// The queue was purged less than 60 s ago.
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    /// A limit of the service or of this machine is reached.
    #[error("{0}")]
    OverLimit(String),
    /// A move task, or the queue of one, does not exist.
    #[error("{0}")]
    ResourceNotFound(String),
    /// The request is valid but cannot be done now.
    #[error("{0}")]
    UnsupportedOperation(String),
    /// No such action.
    #[error("The action {0} is not valid for this endpoint.")]
    UnknownOperation(String),
    /// The body is not the JSON of this action.
    #[error("{0}")]
    Serialization(String),
    /// The journal could not be written; nothing is accepted any more until the service is opened again.
    #[error("We encountered an internal error. Please try again.")]
    Internal,
}

impl Error {
    /// A parameter's value is refused, in AWS's sentence.
    pub(crate) fn value(value: impl std::fmt::Display, parameter: &str, reason: &str) -> Self {
        Self::InvalidParameterValue(format!(
            "Value {value} for parameter {parameter} is invalid. Reason: {reason}"
        ))
    }
}

/// Why the service could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal could not be opened, created or read; another process may hold it.
    #[error("the journal of the queues cannot be opened")]
    Journal(#[from] rusqlite::Error),
    /// The journal holds what this version cannot have written.
    #[error("the journal of the queues is corrupt: {0}")]
    Corrupt(String),
    /// The thread that writes the journal could not be started.
    #[error("the journal's thread cannot be started")]
    Thread(#[source] std::io::Error),
}
