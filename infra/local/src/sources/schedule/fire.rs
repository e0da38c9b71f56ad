//! One firing: invoke, retry, dead letter.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::{ScheduleSource, event};
use crate::sources::activity::Backoff;
use crate::sources::ports::Outcome;

/// First and longest wait before a retry.
const RETRY_LEAST: Duration = Duration::from_secs(1);
const RETRY_MOST: Duration = Duration::from_mins(1);
/// `MaximumEventAgeInSeconds`: the Scheduler's default and most.
const AGE_MAX: Duration = Duration::from_hours(24);

impl ScheduleSource {
    /// Runs one due time to its end: success, dead letter, or the sign to stop.
    pub(super) async fn fire(&self, due_s: i64) {
        let _running = self.shared.activity.begin();
        let began = Instant::now();
        let mut backoff = Backoff::new(RETRY_LEAST, RETRY_MOST);
        let mut failures = 0_u32;
        loop {
            let event = event::event(&self.mapping, due_s, failures.saturating_add(1));
            let outcome = self
                .shared
                .ports
                .invoke
                .invoke(&self.mapping.function, event.clone())
                .await;
            let error = match outcome {
                Outcome::Answer(_) => return,
                Outcome::Failed { error_type, message: _ } => Some(error_type),
                Outcome::TimedOut => Some("Lambda.Timeout".to_owned()),
                Outcome::Throttled => None,
            };
            if let Some(error) = error {
                failures = failures.saturating_add(1);
                tracing::warn!(source = %self.mapping.source, due_s, failures, %error, "sources.schedule.failed");
                if failures > self.mapping.retries {
                    return self.bury(&event, &error, "MaximumRetryAttempts", failures).await;
                }
            }
            if began.elapsed() > AGE_MAX {
                return self
                    .bury(&event, "Lambda.Throttled", "MaximumEventAgeInSeconds", failures)
                    .await;
            }
            if self.shared.stop.sleep(backoff.step()).await {
                tracing::warn!(source = %self.mapping.source, due_s, "sources.schedule.abandoned");
                return;
            }
        }
    }

    /// Sends the event to the dead-letter queue with the Scheduler's attributes, where one is declared.
    async fn bury(&self, event: &Value, error: &str, condition: &str, attempts: u32) {
        let kept = self.mapping.dead_letter.is_some();
        tracing::error!(source = %self.mapping.source, condition, attempts, kept, "sources.schedule.given_up");
        let Some(queue) = &self.mapping.dead_letter else { return };
        let attributes = BTreeMap::from(
            [
                ("ERROR_CODE", error.to_owned()),
                ("ERROR_MESSAGE", error.to_owned()),
                ("EXHAUSTED_RETRY_CONDITION", condition.to_owned()),
                ("IS_PAYLOAD_TRUNCATED", "false".to_owned()),
                ("RETRY_ATTEMPTS", attempts.saturating_sub(1).to_string()),
                ("SCHEDULE_ARN", self.mapping.arn.clone()),
                ("TARGET_ARN", self.mapping.function_arn.clone()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let mut backoff = Backoff::new(RETRY_LEAST, RETRY_MOST);
        while let Err(error) = self
            .shared
            .ports
            .queues
            .send(queue, event.to_string(), attributes.clone())
            .await
        {
            tracing::error!(source = %self.mapping.source, %error, "sources.schedule.dead_letter_failed");
            if self.shared.stop.sleep(backoff.step()).await {
                return;
            }
        }
    }
}
