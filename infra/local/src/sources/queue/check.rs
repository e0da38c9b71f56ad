//! The rules by which Lambda accepts an SQS event source mapping.

use std::time::Duration;

use template::model::{Function, Queue, QueueSource as Declared, Stack};

use super::{CONCURRENCY_DEFAULT, QueueMapping};
use crate::sources::error::{Refusal, SourceError};
use crate::sources::filter::Filters;

/// `BatchSize` without a window, and of FIFO queues.
const BATCH_MAX: u32 = 10;
/// `BatchSize` of standard queues with a window.
const BATCH_WITH_WINDOW_MAX: u32 = 10_000;
/// `MaximumBatchingWindowInSeconds`.
const WINDOW_S_MAX: u32 = 300;
/// `MaximumConcurrency`.
const CONCURRENCY_MIN: u32 = 2;
const CONCURRENCY_MAX: u32 = 2_000;
/// SQS's default, in seconds.
const VISIBILITY_S_DEFAULT: u64 = 30;

/// Checks one declared source.
pub(in crate::sources) fn check(
    stack: &Stack,
    function: &Function,
    declared: &Declared,
) -> Result<QueueMapping, SourceError> {
    let refuse = |refusal: Refusal| refusal.at(&function.place, &declared.name);
    let queue = stack
        .queues
        .get(&declared.queue)
        .ok_or_else(|| refuse(Refusal::NoQueue(declared.queue.clone())))?;
    let fifo = is_fifo(queue);
    check_batch(declared, fifo).map_err(refuse)?;
    let visibility_s = visibility_s(queue);
    if visibility_s < u64::from(function.timeout_s) {
        let queue = queue.logical_id.clone();
        return Err(refuse(Refusal::Visibility {
            queue,
            visibility_s,
            timeout_s: function.timeout_s,
        }));
    }
    let filters = Filters::parse(&declared.filters).map_err(|error| refuse(Refusal::Filter(error)))?;
    Ok(QueueMapping {
        source: format!("{}/{}", function.logical_id, declared.name),
        function: function.logical_id.clone(),
        queue: queue.name.clone(),
        queue_arn: queue.arn.clone(),
        fifo,
        visibility: Duration::from_secs(visibility_s),
        batch_size: declared.batch_size,
        window: Duration::from_secs(u64::from(declared.window_s)),
        report_failures: declared.report_failures,
        concurrency: declared.maximum_concurrency.unwrap_or(CONCURRENCY_DEFAULT),
        filters,
    })
}

fn check_batch(declared: &Declared, fifo: bool) -> Result<(), Refusal> {
    let max = if fifo { BATCH_MAX } else { BATCH_WITH_WINDOW_MAX };
    if declared.batch_size == 0 || declared.batch_size > max {
        return Err(Refusal::BatchSize {
            got: declared.batch_size,
            max,
        });
    }
    if declared.window_s > WINDOW_S_MAX {
        return Err(Refusal::Window {
            got: declared.window_s,
            max: WINDOW_S_MAX,
        });
    }
    if fifo && declared.window_s > 0 {
        return Err(Refusal::FifoWindow);
    }
    if declared.batch_size > BATCH_MAX && declared.window_s == 0 {
        return Err(Refusal::BatchNeedsWindow(BATCH_MAX));
    }
    match declared.maximum_concurrency {
        Some(got) if !(CONCURRENCY_MIN..=CONCURRENCY_MAX).contains(&got) => Err(Refusal::Concurrency {
            got,
            min: CONCURRENCY_MIN,
            max: CONCURRENCY_MAX,
        }),
        Some(_) | None => Ok(()),
    }
}

/// Whether the queue keeps order.
pub(in crate::sources) fn is_fifo(queue: &Queue) -> bool {
    queue.attributes.get("FifoQueue").is_some_and(|value| value == "true")
}

fn visibility_s(queue: &Queue) -> u64 {
    queue
        .attributes
        .get("VisibilityTimeout")
        .and_then(|value| value.parse().ok())
        .unwrap_or(VISIBILITY_S_DEFAULT)
}
