//! Money that goes back: what was asked for, and how far it is.

use kernel::{Actor, LineId, Money, OrderId, RefundId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Folded, ObjectId, Provider, RefundOutcome};

/// The most lines that one refund names.
pub const REFUND_LINES_MAX: usize = 100;

/// A refund that was asked for. Written before the provider is, and the provider's idempotency key over every try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// Its id, and the provider's idempotency key when it is sent.
    pub id: RefundId,
    /// Whose money.
    pub order: OrderId,
    /// Through whom.
    pub provider: Provider,
    /// Of which payment object.
    pub payment: ObjectId,
    /// How much; never more than the payment brought.
    pub amount: Money,
    /// Why.
    pub reason: RefundReason,
    /// The units that it is for, where it is for units.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RefundedUnits>,
    /// Who asked.
    pub by: Actor,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// What we did about it.
    pub state: RefundState,
    /// The provider's own id of it, once told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_refund: Option<ObjectId>,
    /// The one that failed, where it is asked for once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<RefundId>,
    /// Counts its writes, from 1. The fencing token: a result is kept only by the last sender.
    pub version: u64,
}

/// Units of a line that money goes back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundedUnits {
    /// The line.
    pub line: LineId,
    /// How many units.
    pub quantity: u32,
}

/// Why money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// One payment brought more than the order costs.
    Overpaid,
    /// The order was paid already.
    PaidTwice,
    /// The order was expired without stock, or cancelled, when the money came.
    PaidAfterClose,
    /// The order, or some of it, was cancelled after the money came.
    OrderCancelled,
    /// Staff: the goods came back.
    Returned,
    /// Staff: the goods were damaged or wrong.
    Damaged,
    /// Staff: the goods did not arrive.
    NotReceived,
    /// Staff: out of goodwill.
    Goodwill,
}

impl RefundReason {
    /// Whether staff gave up money that the order had earned, rather than what was too much going back by itself.
    pub const fn is_concession(self) -> bool {
        match self {
            Self::Returned | Self::Damaged | Self::NotReceived | Self::Goodwill => true,
            Self::Overpaid | Self::PaidTwice | Self::PaidAfterClose | Self::OrderCancelled => false,
        }
    }
}

/// What we did about a refund. What became of it, the facts say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RefundState {
    /// Nobody asked the provider yet.
    Requested,
    /// The provider is being asked, or was and its answer is not known.
    Sending,
    /// The provider took it.
    Sent,
    /// The provider will not do it: a person has to.
    Refused {
        /// Its code; no text of theirs.
        code: String,
    },
}

/// How far a refund is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundProgress {
    /// To be sent.
    Requested,
    /// Being sent.
    Sending,
    /// With the provider.
    Sent,
    /// The payer has it.
    Settled,
    /// It came back, and counts as never sent.
    Failed,
    /// The provider can't finish it by itself.
    NeedsPerson,
}

impl RefundRequest {
    /// The request as facts name it: our own id.
    pub fn object(&self) -> Option<ObjectId> {
        self.id.to_string().parse().ok()
    }

    /// How far it is: what the facts say, else what we did.
    pub fn progress(&self, folded: &Folded) -> RefundProgress {
        let named = [self.object(), self.provider_refund.clone()];
        let outcomes = named
            .into_iter()
            .flatten()
            .filter_map(|refund| folded.refunds.get(&(self.provider, refund)));
        match (outcomes.max(), &self.state) {
            (Some(RefundOutcome::Failed), _) => RefundProgress::Failed,
            (Some(RefundOutcome::Succeeded), _) => RefundProgress::Settled,
            (Some(RefundOutcome::Abnormal), _) | (_, RefundState::Refused { .. }) => RefundProgress::NeedsPerson,
            (Some(RefundOutcome::Pending), _) | (None, RefundState::Sent) => RefundProgress::Sent,
            (None, RefundState::Sending) => RefundProgress::Sending,
            (None, RefundState::Requested) => RefundProgress::Requested,
        }
    }

    /// Whether it came back.
    pub fn has_failed(&self, folded: &Folded) -> bool {
        self.progress(folded) == RefundProgress::Failed
    }

    /// Whether it still takes money away from what may be asked for: everything but what failed or is done.
    pub fn is_outstanding(&self, folded: &Folded) -> bool {
        match self.progress(folded) {
            RefundProgress::Requested
            | RefundProgress::Sending
            | RefundProgress::Sent
            | RefundProgress::NeedsPerson => true,
            RefundProgress::Settled | RefundProgress::Failed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;

    use super::*;
    use crate::{Fact, FactKind, fold};

    fn cny(amount: i64) -> Money {
        Money::new(amount, "CNY".parse().unwrap()).unwrap()
    }

    fn request(state: RefundState) -> RefundRequest {
        let at = Timestamp::from_millis(1_700_000_000_000);
        RefundRequest {
            id: RefundId::from_parts(at, [1; 10]),
            order: OrderId::from_parts(at, [2; 10]),
            provider: Provider::Stripe,
            payment: "pi_1".parse().unwrap(),
            amount: cny(30),
            reason: RefundReason::Goodwill,
            lines: Vec::new(),
            by: Actor::system("test"),
            requested_at: at,
            state,
            provider_refund: Some("re_1".parse().unwrap()),
            again: None,
            version: 1,
        }
    }

    fn told(kinds: Vec<FactKind>) -> Folded {
        let facts: Vec<_> = kinds
            .into_iter()
            .map(|kind| Fact {
                provider: Provider::Stripe,
                payment: "pi_1".parse().unwrap(),
                kind,
            })
            .collect();
        fold(cny(0).currency(), &facts).unwrap()
    }

    #[test]
    fn facts_say_how_far_a_refund_is_and_without_them_our_own_record_does() {
        let amount = cny(30);
        let ours = request(RefundState::Sent).object().unwrap();
        let theirs: ObjectId = "re_1".parse().unwrap();
        let succeeded = |refund: &ObjectId| FactKind::RefundSucceeded {
            refund: refund.clone(),
            amount,
        };
        let failed = FactKind::RefundFailed {
            refund: ours.clone(),
            amount,
        };
        let abnormal = FactKind::RefundAbnormal {
            refund: ours.clone(),
            amount,
        };
        let pending = FactKind::RefundPending {
            refund: ours.clone(),
            amount,
        };
        for (state, facts, progress) in [
            (RefundState::Requested, vec![], RefundProgress::Requested),
            (RefundState::Sending, vec![], RefundProgress::Sending),
            (RefundState::Sent, vec![], RefundProgress::Sent),
            (RefundState::Sending, vec![pending.clone()], RefundProgress::Sent),
            (RefundState::Sending, vec![succeeded(&ours)], RefundProgress::Settled),
            (RefundState::Sent, vec![succeeded(&theirs)], RefundProgress::Settled),
            (
                RefundState::Sent,
                vec![succeeded(&ours), failed],
                RefundProgress::Failed,
            ),
            (
                RefundState::Sent,
                vec![pending, abnormal.clone()],
                RefundProgress::NeedsPerson,
            ),
            (
                RefundState::Sent,
                vec![abnormal, succeeded(&ours)],
                RefundProgress::Settled,
            ),
            (
                RefundState::Refused { code: "no".to_owned() },
                vec![],
                RefundProgress::NeedsPerson,
            ),
        ] {
            assert_eq!(
                request(state.clone()).progress(&told(facts.clone())),
                progress,
                "{state:?} {facts:?}"
            );
        }
    }
}
