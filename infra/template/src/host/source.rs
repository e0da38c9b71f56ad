//! `Events` of a function, with Lambda's own limits.

use serde_json::Value;

use super::Links;
use crate::fields::Fields;
use crate::model::{EventSource, QueueSource, ScheduleSource, StreamSource};
use crate::schedule;

/// Largest batch of a standard queue with a window, and of a stream.
const BATCH_MAX: u32 = 10_000;
/// Largest batch of a FIFO queue, or of a standard queue without a window.
const SQS_BATCH_MAX: u32 = 10;
const SQS_BATCH_DEFAULT: u32 = 10;
const STREAM_BATCH_DEFAULT: u32 = 100;
const WINDOW_S: std::ops::RangeInclusive<u32> = 0..=300;
const CONCURRENCY: std::ops::RangeInclusive<u32> = 2..=1_000;
const PARALLELIZATION: std::ops::RangeInclusive<u32> = 1..=10;
/// -1 stands for "for ever".
const RETRIES: std::ops::RangeInclusive<i32> = -1..=10_000;
const RECORD_AGE_S: std::ops::RangeInclusive<i32> = -1..=604_800;
const RECORD_AGE_LEAST_S: u32 = 60;
const SCHEDULE_RETRIES: std::ops::RangeInclusive<u32> = 0..=185;
const SCHEDULE_RETRIES_DEFAULT: u32 = 185;
const SCHEDULE_AGE_S: std::ops::RangeInclusive<u32> = 60..=86_400;
/// Without asking for more.
const FILTERS_MAX: usize = 5;

const SOURCE_IGNORED: &[&str] = &["KmsKeyArn", "MetricsConfig", "Tags"];
const SCHEDULE_IGNORED: &[&str] = &[
    "Description",
    "FlexibleTimeWindow",
    "GroupName",
    "KmsKeyArn",
    "Name",
    "OmitName",
    "PermissionsBoundary",
    "RoleArn",
];

pub(super) fn all(fields: &mut Fields<'_, '_>, links: &Links) -> Vec<EventSource> {
    let place = fields.place.key("Events");
    let events = match fields.value("Events") {
        None => return Vec::new(),
        Some(Value::Object(events)) => events,
        Some(other) => {
            fields.problems.add(&place, format!("must be a mapping, not {other}"));
            return Vec::new();
        }
    };
    let mut sources = Vec::with_capacity(events.len());
    for (name, event) in events {
        let mut event = Fields::new(event, place.key(name), fields.problems);
        let kind = event.required_text("Type").unwrap_or_default();
        if let Some(properties) = event.nested("Properties") {
            match kind.as_str() {
                "SQS" => sources.extend(queue(name, properties, links).map(EventSource::Queue)),
                "DynamoDB" => sources.extend(stream(name, properties, links).map(EventSource::Stream)),
                "Schedule" => sources.extend(schedule(name, properties, links, "Schedule").map(EventSource::Schedule)),
                "ScheduleV2" => {
                    sources.extend(schedule(name, properties, links, "ScheduleExpression").map(EventSource::Schedule));
                }
                other => event.wrong(
                    "Type",
                    format!(
                        "`{other}` is not supported; supported are SQS, DynamoDB, Schedule, ScheduleV2, and routes are \
                         AWS::ApiGatewayV2::Route"
                    ),
                ),
            }
        } else {
            event.required("Properties");
        }
        event.finish(&[]);
    }
    sources
}

fn queue(name: &str, mut fields: Fields<'_, '_>, links: &Links) -> Option<QueueSource> {
    let arn = fields.required_text("Queue").unwrap_or_default();
    let linked = links.queues.get(&arn);
    if linked.is_none() && !arn.is_empty() {
        fields.wrong("Queue", format!("`{arn}` is not the ARN of a queue of these templates"));
    }
    let fifo = linked.is_some_and(|(_, fifo)| *fifo);
    let window = fields
        .number("MaximumBatchingWindowInSeconds", WINDOW_S)
        .unwrap_or_default();
    if fifo && window > 0 {
        fields.wrong("MaximumBatchingWindowInSeconds", "a FIFO queue has no batching window");
    }
    let batch_size = fields.number("BatchSize", 1..=BATCH_MAX).unwrap_or(SQS_BATCH_DEFAULT);
    if batch_size > SQS_BATCH_MAX && fifo {
        fields.wrong(
            "BatchSize",
            format!("{batch_size} is out of range; a FIFO queue gives at most {SQS_BATCH_MAX}"),
        );
    } else if batch_size > SQS_BATCH_MAX && window == 0 {
        let message = format!(
            "{batch_size} needs MaximumBatchingWindowInSeconds of 1 at least; without, {SQS_BATCH_MAX} at most"
        );
        fields.wrong("BatchSize", message);
    }
    let report_failures = report_failures(&mut fields);
    let maximum_concurrency = fields.nested("ScalingConfig").and_then(|mut scaling| {
        let maximum = scaling.number("MaximumConcurrency", CONCURRENCY);
        scaling.finish(&[]);
        maximum
    });
    let filters = filters(&mut fields);
    let enabled = fields.flag("Enabled").unwrap_or(true);
    fields.finish(SOURCE_IGNORED);
    let queue = linked?.0.clone();
    let name = name.to_owned();
    Some(QueueSource {
        name,
        queue,
        batch_size,
        window_s: window,
        report_failures,
        maximum_concurrency,
        filters,
        enabled,
    })
}

fn stream(name: &str, mut fields: Fields<'_, '_>, links: &Links) -> Option<StreamSource> {
    let arn = fields.required_text("Stream").unwrap_or_default();
    let table = links.streams.get(&arn);
    if let Some(table) = links.streamless.get(&arn) {
        fields.wrong("Stream", format!("the table `{table}` has no StreamSpecification"));
    } else if table.is_none() && !arn.is_empty() {
        fields.wrong(
            "Stream",
            format!("`{arn}` is not the stream of a table of these templates"),
        );
    }
    fields.required("StartingPosition");
    let position = fields.one_of("StartingPosition", &["TRIM_HORIZON", "LATEST"]);
    let record_age = fields
        .number("MaximumRecordAgeInSeconds", RECORD_AGE_S)
        .and_then(|age| u32::try_from(age).ok());
    if record_age.is_some_and(|age| age < RECORD_AGE_LEAST_S) {
        fields.wrong(
            "MaximumRecordAgeInSeconds",
            format!("must be -1, or {RECORD_AGE_LEAST_S} at least"),
        );
    }
    let source = StreamSource {
        name: name.to_owned(),
        table: table.cloned().unwrap_or_default(),
        batch_size: fields
            .number("BatchSize", 1..=BATCH_MAX)
            .unwrap_or(STREAM_BATCH_DEFAULT),
        window_s: fields
            .number("MaximumBatchingWindowInSeconds", WINDOW_S)
            .unwrap_or_default(),
        from_start: position.as_deref() == Some("TRIM_HORIZON"),
        report_failures: report_failures(&mut fields),
        retries: fields
            .number("MaximumRetryAttempts", RETRIES)
            .and_then(|retries| u32::try_from(retries).ok()),
        record_age_s: record_age,
        bisect: fields.flag("BisectBatchOnFunctionError").unwrap_or_default(),
        parallelization: fields.number("ParallelizationFactor", PARALLELIZATION).unwrap_or(1),
        filters: filters(&mut fields),
        on_failure: on_failure(&mut fields, links),
        enabled: fields.flag("Enabled").unwrap_or(true),
    };
    fields.finish(SOURCE_IGNORED);
    table.map(|_| source)
}

fn on_failure(fields: &mut Fields<'_, '_>, links: &Links) -> Option<String> {
    let mut config = fields.nested("DestinationConfig")?;
    let queue = config.nested("OnFailure").and_then(|mut on_failure| {
        on_failure.one_of("Type", &["SQS"]);
        let queue = standard_queue(&mut on_failure, "Destination", links, "an on-failure destination");
        on_failure.finish(&[]);
        queue
    });
    config.finish(&[]);
    queue
}

/// Logical id of the standard queue that a property names by ARN.
fn standard_queue(fields: &mut Fields<'_, '_>, key: &'static str, links: &Links, what: &str) -> Option<String> {
    let arn = fields.required_text(key)?;
    match links.queues.get(&arn) {
        Some((queue, false)) => Some(queue.clone()),
        Some((queue, true)) => {
            fields.wrong(key, format!("{what} must be a standard queue; `{queue}` is FIFO"));
            None
        }
        None => {
            fields.wrong(
                key,
                format!("{what} must be a queue of these templates, by ARN; `{arn}` is none"),
            );
            None
        }
    }
}

fn schedule(name: &str, mut fields: Fields<'_, '_>, links: &Links, key: &'static str) -> Option<ScheduleSource> {
    let text = fields.required_text(key)?;
    let expression = match schedule::parse(&text) {
        Ok(expression) => Some(expression),
        Err(message) => {
            fields.wrong(key, message);
            None
        }
    };
    fields.one_of("ScheduleExpressionTimezone", &["UTC"]);
    let retries = fields.nested("RetryPolicy").and_then(|mut policy| {
        let retries = policy.number("MaximumRetryAttempts", SCHEDULE_RETRIES);
        policy.number("MaximumEventAgeInSeconds", SCHEDULE_AGE_S);
        policy.finish(&[]);
        retries
    });
    let dead_letter = fields.nested("DeadLetterConfig").and_then(|mut config| {
        let queue = standard_queue(&mut config, "Arn", links, "a schedule's dead-letter queue");
        config.finish(&[]);
        queue
    });
    let state = fields.one_of("State", &["ENABLED", "DISABLED"]);
    let enabled = fields.flag("Enabled").unwrap_or(true) && state.as_deref() != Some("DISABLED");
    let input = fields.text("Input");
    if input
        .as_deref()
        .is_some_and(|input| serde_json::from_str::<Value>(input).is_err())
    {
        fields.wrong("Input", "must be a JSON text");
    }
    fields.finish(SCHEDULE_IGNORED);
    Some(ScheduleSource {
        name: name.to_owned(),
        expression: expression?,
        input,
        retries: retries.unwrap_or(SCHEDULE_RETRIES_DEFAULT),
        dead_letter,
        enabled,
    })
}

fn report_failures(fields: &mut Fields<'_, '_>) -> bool {
    let types = fields.texts("FunctionResponseTypes");
    for other in types.iter().filter(|kind| *kind != "ReportBatchItemFailures") {
        fields.wrong(
            "FunctionResponseTypes",
            format!("`{other}` is not supported; supported: ReportBatchItemFailures"),
        );
    }
    !types.is_empty()
}

fn filters(fields: &mut Fields<'_, '_>) -> Vec<Value> {
    let Some(mut criteria) = fields.nested("FilterCriteria") else {
        return Vec::new();
    };
    let items = criteria.items("Filters");
    if items.len() > FILTERS_MAX {
        criteria.wrong(
            "Filters",
            format!("{} filters; a source has at most {FILTERS_MAX}", items.len()),
        );
    }
    let mut patterns = Vec::with_capacity(items.len());
    for (place, item) in items {
        let mut filter = Fields::new(item, place, criteria.problems);
        if let Some(text) = filter.required_text("Pattern") {
            match serde_json::from_str(&text) {
                Ok(pattern @ Value::Object(_)) => patterns.push(pattern),
                _ => filter.wrong("Pattern", format!("`{text}` is not a JSON object in a text")),
            }
        }
        filter.finish(&[]);
    }
    criteria.finish(&[]);
    patterns
}
