//! What a schedule sends to its function.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ScheduleMapping;
use crate::account::{ACCOUNT, REGION};
use crate::clock;

/// The declared `Input` with the Scheduler's keywords filled in, or the scheduled event.
pub(super) fn event(mapping: &ScheduleMapping, due_s: i64, attempt: u32) -> Value {
    let time = Timestamp::from_second(due_s)
        .map(|time| time.to_string())
        .unwrap_or_default();
    let id = clock::request_id();
    let Some(input) = &mapping.input else {
        return json!({
            "version": "0",
            "id": id,
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": ACCOUNT,
            "time": time,
            "region": REGION,
            "resources": [mapping.arn],
            "detail": "{}",
        });
    };
    let filled = input
        .replace("<aws.scheduler.schedule-arn>", &mapping.arn)
        .replace("<aws.scheduler.scheduled-time>", &time)
        .replace("<aws.scheduler.execution-id>", &id)
        .replace("<aws.scheduler.attempt-number>", &attempt.to_string());
    // None of the values needs escaping in JSON, so what parsed at the start still does.
    serde_json::from_str(&filled).unwrap_or(Value::Null)
}
