//! Disputes: one record each, so that staff see what is due when. What became of one, the facts say.

use kernel::{Money, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{DisputeOutcome, FoldedDispute, ObjectId, Provider};

/// The kind of the timers before evidence is due.
pub const EVIDENCE_TIMER: &str = "dispute-evidence";
/// How long before evidence is due staff are told once more, in seconds: a day.
pub const EVIDENCE_WARNING_S: i64 = 86_400;

/// A payer's dispute of one payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Whose money.
    pub order: OrderId,
    /// Through whom.
    pub provider: Provider,
    /// The provider's id of it.
    pub id: ObjectId,
    /// Of which payment object.
    pub payment: ObjectId,
    /// What is, or was, withdrawn; nothing for a question alone.
    pub amount: Money,
    /// What became of it: taken from the facts, in the transaction that keeps them.
    pub outcome: DisputeOutcome,
    /// Until when the provider takes evidence, where it says so: the latest that it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_due_at: Option<Timestamp>,
    /// Whether staff were told that evidence is due soon.
    pub warned: bool,
    /// The day of the list that it stands in, `2026-11-22`: the day on which evidence is due, else on which it was told.
    pub listed_on: String,
    /// When it was first told.
    pub opened_at: Timestamp,
    /// Counts its writes, from 1.
    pub version: u64,
}

impl Dispute {
    /// The record after what the facts say now, and a due time that was told; `None` when nothing changes.
    pub fn after(
        known: Option<&Self>,
        (order, provider, id): (OrderId, Provider, &ObjectId),
        folded: &FoldedDispute,
        due: Option<Timestamp>,
        at: Timestamp,
    ) -> Option<Self> {
        let known_due = known.and_then(|known| known.evidence_due_at);
        // The latest, so that the order in which notices come does not matter.
        let due = due.max(known_due);
        let opened_at = known.map_or(at, |known| known.opened_at);
        let after = Self {
            order,
            provider,
            id: id.clone(),
            payment: folded.payment.clone(),
            amount: folded.amount,
            outcome: folded.outcome,
            evidence_due_at: due,
            warned: known.is_some_and(|known| known.warned && due == known_due),
            listed_on: due.unwrap_or(opened_at).day(),
            opened_at,
            version: known.map_or(0, |known| known.version),
        };
        (known != Some(&after)).then(|| Self {
            version: after.version.saturating_add(1),
            ..after
        })
    }

    /// When staff are to be told that evidence is due, not before `now`; `None` when none is, or they were told.
    pub fn warn_at(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.evidence_due_at.filter(|due| *due > now)?;
        (self.outcome.is_open() && !self.warned).then(|| due.plus_seconds(-EVIDENCE_WARNING_S).max(now))
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_775_640_600_000).plus_seconds(second)
    }

    fn folded(outcome: DisputeOutcome) -> FoldedDispute {
        FoldedDispute {
            payment: "pi_1".parse().unwrap(),
            amount: Money::new(100, "CNY".parse().unwrap()).unwrap(),
            outcome,
        }
    }

    fn after(known: Option<&Dispute>, outcome: DisputeOutcome, due: Option<Timestamp>, now: i64) -> Option<Dispute> {
        let order = OrderId::from_parts(at(0), [1; 10]);
        let id = "dp_1".parse().unwrap();
        Dispute::after(known, (order, Provider::Stripe, &id), &folded(outcome), due, at(now))
    }

    #[test]
    fn a_dispute_is_listed_by_the_day_on_which_evidence_is_due() {
        let opened = after(None, DisputeOutcome::Open, None, 0).unwrap();
        assert_eq!((opened.version, opened.listed_on.as_str()), (1, "2026-04-08"));
        assert_eq!(opened.warn_at(at(0)), None);
        let due = at(7 * 86_400);
        let told = after(Some(&opened), DisputeOutcome::Open, Some(due), 1).unwrap();
        assert_eq!((told.version, told.listed_on.as_str()), (2, "2026-04-15"));
        assert_eq!((told.opened_at, told.warn_at(at(1))), (at(0), Some(at(6 * 86_400))));
        // An earlier due time that is told later changes nothing, nor does the same again.
        assert_eq!(after(Some(&told), DisputeOutcome::Open, Some(at(86_400)), 2), None);
        assert_eq!(after(Some(&told), DisputeOutcome::Open, None, 3), None);
    }

    #[test]
    fn nobody_is_warned_twice_of_one_due_time_nor_of_a_dispute_that_is_over() {
        let due = at(7 * 86_400);
        let open = after(None, DisputeOutcome::Inquiry, Some(due), 0).unwrap();
        let warned = Dispute {
            warned: true,
            ..open.clone()
        };
        assert_eq!(warned.warn_at(at(1)), None);
        let later = after(Some(&warned), DisputeOutcome::Open, Some(at(8 * 86_400)), 1).unwrap();
        assert!(!later.warned);
        assert_eq!(open.warn_at(at(6 * 86_400 + 5)), Some(at(6 * 86_400 + 5)));
        assert_eq!(open.warn_at(due), None);
        let won = after(Some(&open), DisputeOutcome::Won, None, 2).unwrap();
        assert_eq!((won.warn_at(at(3)), won.version), (None, 2));
    }
}
