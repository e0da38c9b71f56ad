//! Redrive policies: where messages go that were received too often, and who may send them there.

use serde_json::{Value, json};

use crate::error::Error;
use crate::limits::{ALLOWED_SOURCES_MAX, RECEIVE_COUNT_MAX};

/// When a source queue gives a message up, and to which queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RedrivePolicy {
    pub(crate) target_arn: String,
    pub(crate) receive_count_max: u32,
}

impl RedrivePolicy {
    /// Reads the policy; the count may be a number or a text, as AWS accepts both.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |reason: &str| Error::value(text, "RedrivePolicy", reason);
        let policy: Value =
            serde_json::from_str(text).map_err(|_| invalid("Redrive policy is not a valid JSON map."))?;
        let target_arn = policy
            .get("deadLetterTargetArn")
            .and_then(Value::as_str)
            .ok_or_else(|| invalid("Redrive policy does not contain mandatory attribute: deadLetterTargetArn."))?;
        let count = policy
            .get("maxReceiveCount")
            .ok_or_else(|| invalid("Redrive policy does not contain mandatory attribute: maxReceiveCount."))?;
        let receive_count_max = match count {
            Value::String(digits) => digits.parse().ok(),
            other => other.as_u64().and_then(|count| u32::try_from(count).ok()),
        };
        let receive_count_max = receive_count_max
            .filter(|count| (1..=RECEIVE_COUNT_MAX).contains(count))
            .ok_or_else(|| invalid("Invalid value for maxReceiveCount. Must be between 1 and 1000."))?;
        Ok(Self {
            target_arn: target_arn.to_owned(),
            receive_count_max,
        })
    }

    pub(crate) fn format(&self) -> String {
        json!({"deadLetterTargetArn": self.target_arn, "maxReceiveCount": self.receive_count_max}).to_string()
    }
}

/// Which queues may name this one as their dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RedriveAllowPolicy {
    All,
    None,
    Sources(Vec<String>),
}

impl RedriveAllowPolicy {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let invalid = |reason: &str| Error::value(text, "RedriveAllowPolicy", reason);
        let policy: Value = serde_json::from_str(text).map_err(|_| invalid("It is not a valid JSON map."))?;
        let arns = policy.get("sourceQueueArns").and_then(Value::as_array).map(|arns| {
            arns.iter()
                .filter_map(|arn| arn.as_str().map(str::to_owned))
                .collect::<Vec<_>>()
        });
        match (policy.get("redrivePermission").and_then(Value::as_str), arns) {
            (Some("allowAll"), None) => Ok(Self::All),
            (Some("denyAll"), None) => Ok(Self::None),
            (Some("byQueue"), Some(arns)) if (1..=ALLOWED_SOURCES_MAX).contains(&arns.len()) => Ok(Self::Sources(arns)),
            _ => Err(invalid(
                "redrivePermission must be allowAll, denyAll, or byQueue with 1 to 10 sourceQueueArns.",
            )),
        }
    }

    pub(crate) fn format(&self) -> String {
        match self {
            Self::All => json!({"redrivePermission": "allowAll"}),
            Self::None => json!({"redrivePermission": "denyAll"}),
            Self::Sources(arns) => json!({"redrivePermission": "byQueue", "sourceQueueArns": arns}),
        }
        .to_string()
    }

    pub(crate) fn allows(&self, source_arn: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Sources(arns) => arns.iter().any(|arn| arn == source_arn),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_receive_count_may_be_a_number_or_a_text_from_1_to_1000() {
        let parse = |count: &str| {
            RedrivePolicy::parse(&format!(r#"{{"deadLetterTargetArn":"arn","maxReceiveCount":{count}}}"#))
                .map(|policy| policy.receive_count_max)
        };
        assert_eq!(parse("5"), Ok(5));
        assert_eq!(parse(r#""5""#), Ok(5));
        for bad in ["0", "1001", "-1", "\"x\"", "null", "1.5"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn policies_read_back_what_they_write() {
        let redrive = RedrivePolicy {
            target_arn: "arn:x".into(),
            receive_count_max: 3,
        };
        assert_eq!(RedrivePolicy::parse(&redrive.format()), Ok(redrive));
        for allow in [
            RedriveAllowPolicy::All,
            RedriveAllowPolicy::None,
            RedriveAllowPolicy::Sources(vec!["arn:x".into()]),
        ] {
            assert_eq!(RedriveAllowPolicy::parse(&allow.format()).unwrap(), allow);
        }
    }
}
