//! What becomes of a batch of stream records, step by step: pure, so that every rule is tested without I/O.
//!
//! A lane is a batch in pieces. The front piece is invoked; its verdict settles it, shortens it, splits it, or gives it
//! up. Pieces keep the order of the shard: the second is not tried before the first is settled.

use std::collections::VecDeque;

use crate::sources::answer::Verdict;
use crate::sources::ports::StreamRecord;

/// A stream keeps its records for this long: what still fails by then is gone, as on AWS.
pub(super) const RETENTION_MS: i64 = 24 * 3_600 * 1_000;

/// What the mapping says about failures.
#[derive(Debug, Clone, Copy)]
pub(in crate::sources) struct Rules {
    /// `MaximumRetryAttempts`; `None` retries until the record expires.
    pub(super) retries: Option<u32>,
    /// `BisectBatchOnFunctionError`.
    pub(super) bisect: bool,
    /// `MaximumRecordAgeInSeconds`.
    pub(super) age_ms_max: Option<i64>,
}

/// Records that are invoked together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece {
    pub(super) records: Vec<StreamRecord>,
    /// Failures that count as retries. Splitting does not.
    pub(super) failures: u32,
    /// Invocations in which these records took part.
    pub(super) invocations: u32,
}

/// A batch on its way.
#[derive(Debug, Clone, Default)]
pub(super) struct Lane(VecDeque<Piece>);

/// What to do after a verdict.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Next {
    /// Go on at once.
    GoOn,
    /// Try the front piece again after a pause; so many failures so far.
    Pause(u32),
    /// These records used up their retries.
    GiveUp(Piece),
}

/// The effect of a verdict.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settled {
    /// Everything up to this sequence number is done.
    pub(super) done: Option<String>,
    pub(super) next: Next,
}

impl Lane {
    pub(super) fn new(records: Vec<StreamRecord>) -> Self {
        let piece = Piece {
            records,
            failures: 0,
            invocations: 0,
        };
        Self(if piece.records.is_empty() {
            VecDeque::new()
        } else {
            VecDeque::from([piece])
        })
    }

    /// The piece to invoke now; `None` when all is settled.
    pub(super) fn front(&self) -> Option<&Piece> {
        self.0.front()
    }

    /// Takes the leading records that are older than the mapping allows. Without a limit, a record expires with the
    /// stream, and only once it has failed: what waited for the platform to start is delivered at any age.
    pub(super) fn expired(&mut self, rules: Rules, now_ms: i64) -> Option<Piece> {
        let mut front = self.0.pop_front()?;
        let limit = match rules.age_ms_max {
            Some(limit) => limit,
            None if front.failures > 0 => RETENTION_MS,
            None => i64::MAX,
        };
        let too_old = |record: &StreamRecord| now_ms.saturating_sub(record.created_s.saturating_mul(1_000)) > limit;
        let expired = front.records.iter().take_while(|record| too_old(record)).count();
        let rest = front.records.split_off(expired);
        let gone = Piece {
            records: front.records,
            ..front
        };
        if !rest.is_empty() {
            let failures = if expired == 0 { gone.failures } else { 0 };
            self.0.push_front(Piece {
                records: rest,
                failures,
                invocations: gone.invocations,
            });
        }
        (expired > 0).then_some(gone)
    }

    /// Settles the front piece after its invocation. A throttled one stays as it was.
    pub(super) fn settle(&mut self, verdict: &Verdict, rules: Rules) -> Settled {
        let Some(mut piece) = self.0.pop_front() else {
            return Settled {
                done: None,
                next: Next::GoOn,
            };
        };
        match verdict {
            Verdict::Throttled => {
                self.0.push_front(piece);
                return Settled {
                    done: None,
                    next: Next::Pause(0),
                };
            }
            Verdict::Done => {
                let done = piece.records.last().map(|record| record.sequence.clone());
                return Settled { done, next: Next::GoOn };
            }
            Verdict::Partly(_) | Verdict::Failed(_) => piece.invocations = piece.invocations.saturating_add(1),
        }
        let first_failed = match verdict {
            Verdict::Partly(ids) => piece
                .records
                .iter()
                .position(|record| ids.contains(&record.sequence))
                .unwrap_or(0),
            Verdict::Done | Verdict::Failed(_) | Verdict::Throttled => 0,
        };
        let rest = piece.records.split_off(first_failed);
        let done = piece.records.last().map(|record| record.sequence.clone());
        // Behind a new checkpoint another record leads, which has used up no retries yet.
        let failures = if done.is_some() { 0 } else { piece.failures };
        let next = self.fail(
            Piece {
                records: rest,
                failures,
                ..piece
            },
            rules,
        );
        Settled { done, next }
    }

    fn fail(&mut self, mut piece: Piece, rules: Rules) -> Next {
        if rules.bisect && piece.records.len() > 1 {
            let second = piece.records.split_off(piece.records.len() / 2);
            self.0.push_front(Piece {
                records: second,
                failures: piece.failures,
                invocations: piece.invocations,
            });
            self.0.push_front(piece);
            return Next::GoOn;
        }
        piece.failures = piece.failures.saturating_add(1);
        if rules.retries.is_some_and(|retries| piece.failures > retries) {
            return Next::GiveUp(piece);
        }
        let failures = piece.failures;
        self.0.push_front(piece);
        Next::Pause(failures)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::sources::answer::Failure;

    const RULES: Rules = Rules {
        retries: Some(1),
        bisect: false,
        age_ms_max: None,
    };

    fn lane(sequences: &[i64]) -> Lane {
        let record = |number: &i64| StreamRecord {
            sequence: number.to_string(),
            created_s: *number,
            json: Value::Null,
        };
        Lane::new(sequences.iter().map(record).collect())
    }

    fn sequences(piece: &Piece) -> Vec<&str> {
        piece.records.iter().map(|record| record.sequence.as_str()).collect()
    }

    fn failed() -> Verdict {
        Verdict::Failed(Failure::TimedOut)
    }

    fn partly(ids: &[&str]) -> Verdict {
        Verdict::Partly(ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>())
    }

    #[test]
    fn success_moves_the_checkpoint_behind_the_piece() {
        let mut lane = lane(&[1, 2]);
        let settled = lane.settle(&Verdict::Done, RULES);
        assert_eq!(
            settled,
            Settled {
                done: Some("2".to_owned()),
                next: Next::GoOn
            }
        );
        assert!(lane.front().is_none());
    }

    #[test]
    fn the_lowest_reported_sequence_number_is_the_checkpoint() {
        let mut lane = lane(&[1, 2, 3, 4]);
        let settled = lane.settle(&partly(&["4", "3"]), RULES);
        assert_eq!(
            settled,
            Settled {
                done: Some("2".to_owned()),
                next: Next::Pause(1)
            }
        );
        assert_eq!(sequences(lane.front().unwrap()), ["3", "4"]);
    }

    #[test]
    fn retries_are_counted_for_the_leading_record_and_then_given_up() {
        let mut lane = lane(&[1, 2]);
        assert_eq!(lane.settle(&failed(), RULES).next, Next::Pause(1));
        assert_eq!(
            lane.settle(&partly(&["2"]), RULES),
            Settled {
                done: Some("1".to_owned()),
                next: Next::Pause(1)
            }
        );
        let Next::GiveUp(piece) = lane.settle(&failed(), RULES).next else {
            unreachable!("retries are used up")
        };
        assert_eq!((sequences(&piece), piece.invocations), (vec!["2"], 3));
        assert!(lane.front().is_none());
    }

    #[test]
    fn without_a_limit_retries_never_end() {
        let mut lane = lane(&[1]);
        let rules = Rules { retries: None, ..RULES };
        for failures in 1..=1_000 {
            assert_eq!(lane.settle(&failed(), rules).next, Next::Pause(failures));
        }
    }

    #[test]
    fn bisecting_isolates_the_poison_record_without_using_up_retries() {
        let mut lane = lane(&[1, 2, 3, 4]);
        let rules = Rules { bisect: true, ..RULES };
        let mut done = Vec::new();
        let mut given_up = Vec::new();
        for _ in 0..20 {
            let Some(piece) = lane.front() else { break };
            let verdict = if sequences(piece).contains(&"3") {
                failed()
            } else {
                Verdict::Done
            };
            let settled = lane.settle(&verdict, rules);
            done.extend(settled.done);
            if let Next::GiveUp(piece) = settled.next {
                given_up.push((sequences(&piece).join(","), piece.failures));
            }
        }
        assert_eq!(done, ["2", "4"]);
        assert_eq!(given_up, [("3".to_owned(), 2)]);
        assert!(lane.front().is_none());
    }

    #[test]
    fn a_throttle_changes_nothing() {
        let mut lane = lane(&[1, 2]);
        let before = lane.front().cloned();
        assert_eq!(
            lane.settle(&Verdict::Throttled, RULES),
            Settled {
                done: None,
                next: Next::Pause(0)
            }
        );
        assert_eq!(lane.front().cloned(), before);
    }

    #[test]
    fn records_beyond_the_age_limit_are_taken_from_the_front() {
        let mut lane = lane(&[1, 2, 100]);
        let rules = Rules {
            age_ms_max: Some(60_000),
            ..RULES
        };
        let gone = lane.expired(rules, 101_000).unwrap();
        assert_eq!(sequences(&gone), ["1", "2"]);
        assert_eq!(sequences(lane.front().unwrap()), ["100"]);
        assert_eq!(lane.expired(rules, 101_000), None);
    }

    #[test]
    fn without_an_age_limit_only_failed_records_expire_with_the_stream() {
        let mut lane = lane(&[1]);
        let rules = Rules { retries: None, ..RULES };
        let after_retention = RETENTION_MS + 2_000;
        assert_eq!(lane.expired(rules, after_retention), None);
        lane.settle(&failed(), rules);
        assert_eq!(sequences(&lane.expired(rules, after_retention).unwrap()), ["1"]);
        assert!(lane.front().is_none());
    }
}
