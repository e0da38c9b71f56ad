use serde_json::{Value, json};

use super::Bench;

const INVALID_VALUE: &str = "InvalidParameterValue service#InvalidParameterValueException";

struct Caller(Bench);

impl Caller {
    async fn new() -> Self {
        let bench = Bench::new();
        bench.create("q", &[]).await;
        Self(bench)
    }

    /// Adds the queue's URL to the request and expects a success.
    async fn ok(&self, action: &str, request: Value) -> Value {
        let (status, body, error) = self.call(action, request).await;
        assert_eq!((status, error), (200, None), "{action}: {body}");
        body
    }

    /// Expects refusals: the code in the header and the shape in the body.
    async fn refusals<const N: usize>(&self, cases: [(&str, Value, &str); N]) {
        for (action, request, expected) in cases {
            let (status, body, error) = self.call(action, request).await;
            let code = error
                .as_deref()
                .and_then(|error| error.strip_suffix(";Sender"))
                .unwrap();
            let shape = body["__type"].as_str().unwrap().rsplit('.').next().unwrap();
            assert_eq!(
                (status, format!("{code} {shape}").as_str()),
                (400, expected),
                "{action}: {body}"
            );
        }
    }

    async fn call(&self, action: &str, mut request: Value) -> (u16, Value, Option<String>) {
        if request.get("QueueUrl").is_none() {
            request["QueueUrl"] = json!(self.0.sqs.queue_url("q"));
        }
        let answer = self
            .0
            .sqs
            .handle(&format!("AmazonSQS.{action}"), request.to_string().as_bytes())
            .await;
        (
            answer.status,
            serde_json::from_slice(&answer.body).unwrap(),
            answer.query_error,
        )
    }
}

#[tokio::test]
async fn a_message_goes_through_with_its_attributes() {
    let caller = Caller::new().await;
    let attributes = json!({
        "count": {"DataType": "Number", "StringValue": "42"},
        "raw": {"DataType": "Binary", "BinaryValue": "AQL/"},
    });
    let trace = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}});
    let request = json!({"MessageBody": "hello", "MessageAttributes": attributes, "MessageSystemAttributes": trace});
    let sent = caller.ok("SendMessage", request).await;
    assert_eq!(sent["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    let wish = json!({"MessageAttributeNames": ["raw"], "MessageSystemAttributeNames": ["AWSTraceHeader"], "AttributeNames": ["SentTimestamp"]});
    let received = caller.ok("ReceiveMessage", wish).await;
    let message = &received["Messages"][0];
    assert_eq!(
        (&message["MessageId"], &message["Body"]),
        (&sent["MessageId"], &json!("hello"))
    );
    assert_eq!(
        message["MessageAttributes"],
        json!({"raw": {"DataType": "Binary", "BinaryValue": "AQL/"}})
    );
    assert_ne!(
        message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"],
        "only what is shown is digested"
    );
    assert_eq!(
        message["Attributes"],
        json!({"AWSTraceHeader": "Root=1", "SentTimestamp": "1767225600000"})
    );
    caller
        .ok("DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]}))
        .await;
    assert_eq!(caller.ok("ReceiveMessage", json!({})).await, json!({}));
}

#[tokio::test]
async fn errors_of_messages_have_the_codes_that_sdks_know() {
    let nowhere = json!({"QueueUrl": "http://x/0/none", "MessageBody": "x"});
    Caller::new()
        .await
        .refusals([
            (
                "SendMessage",
                nowhere,
                "AWS.SimpleQueueService.NonExistentQueue sqs#QueueDoesNotExist",
            ),
            (
                "SendMessage",
                json!({"QueueUrl": ""}),
                "MissingParameter service#MissingRequiredParameterException",
            ),
            (
                "SendMessage",
                json!({}),
                "MissingParameter service#MissingRequiredParameterException",
            ),
            (
                "SendMessage",
                json!({"MessageBody": "x".repeat(1_048_577)}),
                INVALID_VALUE,
            ),
            (
                "SendMessage",
                json!({"MessageBody": "\u{1}"}),
                "InvalidMessageContents sqs#InvalidMessageContents",
            ),
            (
                "SendMessage",
                json!({"MessageBody": 5}),
                "MalformedInput service#SerializationException",
            ),
            ("ReceiveMessage", json!({"MaxNumberOfMessages": 11}), INVALID_VALUE),
            ("ReceiveMessage", json!({"WaitTimeSeconds": 21}), INVALID_VALUE),
            ("ReceiveMessage", json!({"VisibilityTimeout": 43_201}), INVALID_VALUE),
            (
                "DeleteMessage",
                json!({"ReceiptHandle": "x"}),
                "ReceiptHandleIsInvalid sqs#ReceiptHandleIsInvalid",
            ),
        ])
        .await;
}

#[tokio::test]
async fn errors_of_batches_have_the_codes_that_sdks_know() {
    let batch = |entries: &[(&str, usize)]| {
        let entry = |(id, bytes): &(&str, usize)| json!({"Id": id, "MessageBody": "x".repeat(*bytes)});
        json!({"Entries": entries.iter().map(entry).collect::<Vec<_>>()})
    };
    let long = batch(&[("a", 1_000_000), ("b", 100_000)]);
    let prefix = "AWS.SimpleQueueService.";
    Caller::new()
        .await
        .refusals([
            (
                "SendMessageBatch",
                batch(&[]),
                &format!("{prefix}EmptyBatchRequest sqs#EmptyBatchRequest"),
            ),
            (
                "SendMessageBatch",
                batch(&[("a", 1), ("a", 2)]),
                &format!("{prefix}BatchEntryIdsNotDistinct sqs#BatchEntryIdsNotDistinct"),
            ),
            (
                "SendMessageBatch",
                batch(&[("a", 1); 11]),
                &format!("{prefix}TooManyEntriesInBatchRequest sqs#TooManyEntriesInBatchRequest"),
            ),
            (
                "SendMessageBatch",
                long,
                &format!("{prefix}BatchRequestTooLong sqs#BatchRequestTooLong"),
            ),
            (
                "DeleteMessageBatch",
                batch(&[("a b", 1)]),
                &format!("{prefix}InvalidBatchEntryId sqs#InvalidBatchEntryId"),
            ),
        ])
        .await;
}

#[tokio::test]
async fn errors_of_queues_have_the_codes_that_sdks_know() {
    let other = json!({"QueueName": "q", "Attributes": {"DelaySeconds": "1"}});
    let late = json!({"Attributes": {"DelaySeconds": "901"}});
    Caller::new()
        .await
        .refusals([
            ("CreateQueue", other, "QueueAlreadyExists sqs#QueueNameExists"),
            ("CreateQueue", json!({"QueueName": "bad name"}), INVALID_VALUE),
            (
                "GetQueueAttributes",
                json!({"AttributeNames": ["X"]}),
                "InvalidAttributeName sqs#InvalidAttributeName",
            ),
            (
                "SetQueueAttributes",
                late,
                "InvalidAttributeValue sqs#InvalidAttributeValue",
            ),
            (
                "CancelMessageMoveTask",
                json!({"TaskHandle": "x"}),
                "ResourceNotFoundException sqs#ResourceNotFoundException",
            ),
            ("Nonsense", json!({}), "InvalidAction service#UnknownOperationException"),
        ])
        .await;
}

#[tokio::test]
async fn a_batch_tells_each_entrys_outcome() {
    let caller = Caller::new().await;
    let entries = json!([
        {"Id": "good", "MessageBody": "x"},
        {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
        {"Id": "number", "MessageBody": "x", "MessageAttributes": {"n": {"DataType": "Number", "StringValue": "x"}}},
    ]);
    let sent = caller.ok("SendMessageBatch", json!({"Entries": entries})).await;
    assert_eq!(sent["Successful"][0]["Id"], "good");
    let failed: Vec<_> = sent["Failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (&f["Id"], &f["Code"], &f["SenderFault"]))
        .collect();
    let code = json!("InvalidParameterValue");
    assert_eq!(
        failed,
        [
            (&json!("late"), &code, &json!(true)),
            (&json!("number"), &code, &json!(true))
        ]
    );
    let received = caller.ok("ReceiveMessage", json!({})).await;
    let handle = &received["Messages"][0]["ReceiptHandle"];
    let entries = json!([
        {"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 0},
        {"Id": "b", "ReceiptHandle": "rubbish", "VisibilityTimeout": 0},
    ]);
    let changed = caller
        .ok("ChangeMessageVisibilityBatch", json!({"Entries": entries}))
        .await;
    assert_eq!(changed["Successful"], json!([{"Id": "a"}]));
    assert_eq!(changed["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn queues_are_listed_in_pages_and_have_tags_and_attributes() {
    let caller = Caller::new().await;
    let request = json!({"QueueName": "p.fifo", "Attributes": {"FifoQueue": "true"}, "tags": {"team": "sales"}});
    let created = caller.ok("CreateQueue", request).await;
    assert_eq!(created["QueueUrl"], "http://127.0.0.1/000000000000/p.fifo");
    let first = caller.ok("ListQueues", json!({"MaxResults": 1})).await;
    assert_eq!(first["QueueUrls"], json!(["http://127.0.0.1/000000000000/p.fifo"]));
    let second = caller
        .ok("ListQueues", json!({"MaxResults": 1, "NextToken": first["NextToken"]}))
        .await;
    assert_eq!(second, json!({"QueueUrls": ["http://127.0.0.1/000000000000/q"]}));
    let fifo = &created["QueueUrl"];
    caller
        .ok("TagQueue", json!({"QueueUrl": fifo, "Tags": {"stage": "test"}}))
        .await;
    caller
        .ok("UntagQueue", json!({"QueueUrl": fifo, "TagKeys": ["team"]}))
        .await;
    assert_eq!(
        caller.ok("ListQueueTags", json!({"QueueUrl": fifo})).await,
        json!({"Tags": {"stage": "test"}})
    );
    let all = caller
        .ok(
            "GetQueueAttributes",
            json!({"QueueUrl": fifo, "AttributeNames": ["All"]}),
        )
        .await;
    for (name, text) in [
        ("QueueArn", "arn:aws:sqs:us-east-1:000000000000:p.fifo"),
        ("FifoQueue", "true"),
        ("DeduplicationScope", "queue"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "345600"),
        ("CreatedTimestamp", "1767225600"),
    ] {
        assert_eq!(all["Attributes"][name], text, "{name}");
    }
    assert_eq!(caller.ok("GetQueueAttributes", json!({})).await, json!({}));
}
