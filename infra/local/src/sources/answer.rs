//! What a function's answer says about its batch, by Lambda's rules for `ReportBatchItemFailures`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::ports::Outcome;

/// What becomes of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it is done.
    Done,
    /// These items failed; a subset of the batch, never empty.
    Partly(BTreeSet<String>),
    /// All of it failed.
    Failed(Failure),
    /// Nothing has run; to be tried again without counting.
    Throttled,
}

/// Why a whole batch failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The function answered with an error.
    #[error("the function failed: {0}")]
    Function(String),
    /// The function ran out of time.
    #[error("the function timed out")]
    TimedOut,
    /// The answer lists an id that the batch does not have.
    #[error("the answer names an item that is not in the batch")]
    UnknownItem,
    /// The answer is not `{"batchItemFailures": [{"itemIdentifier": "…"}]}`.
    #[error("the answer is malformed")]
    Malformed,
}

/// Judges an outcome. Without `report` (the flag in the mapping) the content of the answer is ignored.
pub(super) fn judge<'a>(outcome: &Outcome, report: bool, batch: impl Iterator<Item = &'a str>) -> Verdict {
    match outcome {
        Outcome::Answer(answer) if report => match failures(answer) {
            Ok(failed) if failed.is_empty() => Verdict::Done,
            Ok(failed) => {
                let batch: BTreeSet<&str> = batch.collect();
                if failed.iter().all(|id| batch.contains(id.as_str())) {
                    Verdict::Partly(failed)
                } else {
                    Verdict::Failed(Failure::UnknownItem)
                }
            }
            Err(failure) => Verdict::Failed(failure),
        },
        Outcome::Answer(_) => Verdict::Done,
        Outcome::Failed { error_type, message: _ } => Verdict::Failed(Failure::Function(error_type.clone())),
        Outcome::TimedOut => Verdict::Failed(Failure::TimedOut),
        Outcome::Throttled => Verdict::Throttled,
    }
}

/// An empty answer, a missing, null or empty list are all success.
fn failures(answer: &Value) -> Result<BTreeSet<String>, Failure> {
    let list = match answer {
        Value::Null => return Ok(BTreeSet::new()),
        Value::Object(fields) => fields.get("batchItemFailures"),
        _ => return Err(Failure::Malformed),
    };
    match list {
        None | Some(Value::Null) => Ok(BTreeSet::new()),
        Some(Value::Array(items)) => items.iter().map(identifier).collect(),
        Some(_) => Err(Failure::Malformed),
    }
}

fn identifier(item: &Value) -> Result<String, Failure> {
    match item.get("itemIdentifier") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
        _ => Err(Failure::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(answer: Value, report: bool) -> Verdict {
        judge(&Outcome::Answer(answer), report, ["a", "b"].into_iter())
    }

    #[test]
    fn an_empty_answer_or_list_is_success() {
        for answer in [
            json!(null),
            json!({}),
            json!({"batchItemFailures": null}),
            json!({"batchItemFailures": []}),
        ] {
            assert_eq!(of(answer.clone(), true), Verdict::Done, "{answer}");
        }
    }

    #[test]
    fn listed_items_fail_alone() {
        let answer = json!({"batchItemFailures": [{"itemIdentifier": "b"}]});
        assert_eq!(of(answer, true), Verdict::Partly(BTreeSet::from(["b".to_owned()])));
    }

    #[test]
    fn a_malformed_answer_fails_the_whole_batch() {
        for answer in [
            json!("text"),
            json!([]),
            json!({"batchItemFailures": "b"}),
            json!({"batchItemFailures": ["b"]}),
            json!({"batchItemFailures": [{"itemIdentifier": ""}]}),
            json!({"batchItemFailures": [{"itemIdentifier": null}]}),
            json!({"batchItemFailures": [{"id": "b"}]}),
        ] {
            assert_eq!(
                of(answer.clone(), true),
                Verdict::Failed(Failure::Malformed),
                "{answer}"
            );
        }
    }

    #[test]
    fn an_unknown_id_fails_the_whole_batch() {
        let answer = json!({"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "z"}]});
        assert_eq!(of(answer, true), Verdict::Failed(Failure::UnknownItem));
    }

    #[test]
    fn without_the_flag_the_answer_is_ignored() {
        assert_eq!(
            of(json!({"batchItemFailures": [{"itemIdentifier": "b"}]}), false),
            Verdict::Done
        );
        assert_eq!(of(json!("text"), false), Verdict::Done);
    }

    #[test]
    fn errors_and_time_outs_fail_all_and_a_throttle_decides_nothing() {
        let failed = Outcome::Failed {
            error_type: "E".to_owned(),
            message: "m".to_owned(),
        };
        assert_eq!(
            judge(&failed, true, ["a"].into_iter()),
            Verdict::Failed(Failure::Function("E".to_owned()))
        );
        assert_eq!(
            judge(&Outcome::TimedOut, false, ["a"].into_iter()),
            Verdict::Failed(Failure::TimedOut)
        );
        assert_eq!(judge(&Outcome::Throttled, false, ["a"].into_iter()), Verdict::Throttled);
    }
}
