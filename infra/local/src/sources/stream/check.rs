//! The rules by which Lambda accepts a stream event source mapping.

use std::time::Duration;

use template::model::{Function, Stack, StreamSource as Declared};

use super::StreamMapping;
use super::lane::Rules;
use crate::account;
use crate::sources::error::{Refusal, SourceError};
use crate::sources::filter::Filters;
use crate::sources::queue::is_fifo;

/// `BatchSize`.
const BATCH_MAX: u32 = 10_000;
/// `MaximumBatchingWindowInSeconds`.
const WINDOW_S_MAX: u32 = 300;
/// `ParallelizationFactor`.
const LANES_MAX: u32 = 10;

/// Checks one declared source.
pub(in crate::sources) fn check(
    stack: &Stack,
    function: &Function,
    declared: &Declared,
) -> Result<StreamMapping, SourceError> {
    let refuse = |refusal: Refusal| refusal.at(&function.place, &declared.name);
    let table = stack
        .tables
        .get(&declared.table)
        .ok_or_else(|| refuse(Refusal::NoTable(declared.table.clone())))?;
    let stream_arn = table
        .stream_arn
        .clone()
        .ok_or_else(|| refuse(Refusal::NoStream(declared.table.clone())))?;
    check_numbers(declared).map_err(refuse)?;
    let on_failure = declared
        .on_failure
        .as_ref()
        .map(|queue| destination_queue(stack, queue))
        .transpose()
        .map_err(refuse)?;
    let filters = Filters::parse(&declared.filters).map_err(|error| refuse(Refusal::Filter(error)))?;
    Ok(StreamMapping {
        source: format!("{}/{}", function.logical_id, declared.name),
        function: function.logical_id.clone(),
        function_arn: account::function_arn(&function.name),
        table: table.name.clone(),
        stream_arn,
        batch_size: usize::try_from(declared.batch_size).unwrap_or(usize::MAX),
        window: Duration::from_secs(u64::from(declared.window_s)),
        from_start: declared.from_start,
        report_failures: declared.report_failures,
        rules: Rules {
            retries: declared.retries,
            bisect: declared.bisect,
            age_ms_max: declared
                .record_age_s
                .map(|age_s| i64::from(age_s).saturating_mul(1_000)),
        },
        lanes: usize::try_from(declared.parallelization).unwrap_or(1),
        filters,
        on_failure,
    })
}

fn check_numbers(declared: &Declared) -> Result<(), Refusal> {
    if !(1..=BATCH_MAX).contains(&declared.batch_size) {
        return Err(Refusal::BatchSize {
            got: declared.batch_size,
            max: BATCH_MAX,
        });
    }
    if declared.window_s > WINDOW_S_MAX {
        return Err(Refusal::Window {
            got: declared.window_s,
            max: WINDOW_S_MAX,
        });
    }
    if !(1..=LANES_MAX).contains(&declared.parallelization) {
        return Err(Refusal::Parallelization(declared.parallelization));
    }
    Ok(())
}

/// Physical name of a queue that takes what could not be handled: it must be a standard one.
pub(in crate::sources) fn destination_queue(stack: &Stack, logical_id: &str) -> Result<String, Refusal> {
    let queue = stack
        .queues
        .get(logical_id)
        .ok_or_else(|| Refusal::NoQueue(logical_id.to_owned()))?;
    if is_fifo(queue) {
        return Err(Refusal::FifoDestination(logical_id.to_owned()));
    }
    Ok(queue.name.clone())
}
