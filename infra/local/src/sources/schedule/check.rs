//! Whether a declared schedule can be hosted.

use serde_json::Value;
use template::model::{Function, Schedule, ScheduleSource as Declared, Stack};

use super::{Cron, ScheduleMapping, When};
use crate::account::{self, ACCOUNT, REGION};
use crate::sources::error::{Refusal, SourceError};
use crate::sources::stream::destination_queue;

/// Checks one declared schedule.
pub(in crate::sources) fn check(
    stack: &Stack,
    function: &Function,
    declared: &Declared,
) -> Result<ScheduleMapping, SourceError> {
    let refuse = |refusal: Refusal| refusal.at(&function.place, &declared.name);
    let dead_letter = declared
        .dead_letter
        .as_ref()
        .map(|queue| destination_queue(stack, queue))
        .transpose()
        .map_err(refuse)?;
    if declared
        .input
        .as_ref()
        .is_some_and(|input| serde_json::from_str::<Value>(input).is_err())
    {
        return Err(refuse(Refusal::Input));
    }
    let name = format!("{}{}", function.logical_id, declared.name);
    Ok(ScheduleMapping {
        source: format!("{}/{}", function.logical_id, declared.name),
        function: function.logical_id.clone(),
        function_arn: account::function_arn(&function.name),
        arn: format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"),
        when: when(&declared.expression).map_err(refuse)?,
        input: declared.input.clone(),
        retries: declared.retries,
        dead_letter,
    })
}

fn when(schedule: &Schedule) -> Result<When, Refusal> {
    match schedule {
        Schedule::Rate(period_s) => match i64::try_from(*period_s) {
            Ok(period_s @ 1..) => Ok(When::Every(period_s)),
            Ok(_) | Err(_) => Err(Refusal::ZeroRate),
        },
        Schedule::Cron(fields) => Cron::parse(fields)
            .map(|cron| When::Cron(Box::new(cron)))
            .map_err(Refusal::Cron),
    }
}
