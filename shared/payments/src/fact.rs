//! Canonical facts: what a provider told us, in our words.

use std::fmt;

use kernel::{Money, OrderId, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ObjectId, Provider};

/// One thing that happened to one payment object. Facts form a set: a copy adds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fact {
    /// Who says so.
    pub provider: Provider,
    /// The provider's payment object that all of this is about.
    pub payment: ObjectId,
    /// What happened.
    pub kind: FactKind,
}

/// What happened to a payment object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum FactKind {
    /// A step without money.
    Progress {
        /// Which.
        step: Step,
    },
    /// The provider holds this much for us.
    Captured {
        /// What was received, which may differ from what was asked.
        received: Money,
    },
    /// A refund is on its way.
    RefundPending {
        /// The provider's refund.
        refund: ObjectId,
        /// Of this refund alone.
        amount: Money,
    },
    /// A refund went out.
    RefundSucceeded {
        /// The provider's refund.
        refund: ObjectId,
        /// Of this refund alone.
        amount: Money,
    },
    /// A refund came back. Wins over its success, in any order.
    RefundFailed {
        /// The provider's refund.
        refund: ObjectId,
        /// Of this refund alone.
        amount: Money,
    },
    /// A refund that the provider can't finish by itself: money stays where it is until a person acts.
    RefundAbnormal {
        /// The provider's refund.
        refund: ObjectId,
        /// Of this refund alone.
        amount: Money,
    },
    /// A running total of all refunds of the payment: never added, only compared.
    RefundTotal {
        /// So far.
        total: Money,
    },
    /// A question of the payer's bank, without money.
    DisputeInquiry {
        /// The provider's dispute.
        dispute: ObjectId,
    },
    /// The payer's bank took the money back.
    DisputeOpened {
        /// The provider's dispute.
        dispute: ObjectId,
        /// What was withdrawn.
        amount: Money,
    },
    /// The money came back to us. Wins over the opening, in any order.
    DisputeWon {
        /// The provider's dispute.
        dispute: ObjectId,
    },
    /// The money stays away. Wins over everything else told of the dispute.
    DisputeLost {
        /// The provider's dispute.
        dispute: ObjectId,
        /// What stays withdrawn.
        amount: Money,
    },
}

/// A step of a payment that moves no money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Being worked on.
    Processing,
    /// This try failed; the same payment may still succeed.
    Failed,
    /// Given up: this object takes no money any more.
    Canceled,
    /// Timed out: this object takes no money any more.
    Expired,
}

/// The identity of a fact in the set: the same fact told twice has the same key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactKey(String);

impl FactKey {
    /// The text, parts separated by `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Fact {
    /// The fact's identity: provider, payment object, kind, the object within, and the amount.
    pub fn key(&self) -> FactKey {
        let Self {
            provider,
            payment,
            kind,
        } = self;
        let rest = match kind {
            FactKind::Progress { step } => format!("progress#{}", step.as_str()),
            FactKind::Captured { received } => format!("captured#{}", received.amount()),
            FactKind::RefundPending { refund, amount } => format!("refund_pending#{refund}#{}", amount.amount()),
            FactKind::RefundSucceeded { refund, amount } => format!("refund_succeeded#{refund}#{}", amount.amount()),
            FactKind::RefundFailed { refund, amount } => format!("refund_failed#{refund}#{}", amount.amount()),
            FactKind::RefundAbnormal { refund, amount } => format!("refund_abnormal#{refund}#{}", amount.amount()),
            FactKind::RefundTotal { total } => format!("refund_total#{}", total.amount()),
            FactKind::DisputeInquiry { dispute } => format!("dispute_inquiry#{dispute}"),
            FactKind::DisputeOpened { dispute, amount } => format!("dispute_opened#{dispute}#{}", amount.amount()),
            FactKind::DisputeWon { dispute } => format!("dispute_won#{dispute}"),
            FactKind::DisputeLost { dispute, amount } => format!("dispute_lost#{dispute}#{}", amount.amount()),
        };
        FactKey(format!("{}#{payment}#{rest}", provider.as_str()))
    }

    /// The amount that the fact speaks of, where it speaks of one.
    pub const fn money(&self) -> Option<Money> {
        match &self.kind {
            FactKind::Captured { received: amount }
            | FactKind::RefundPending { amount, .. }
            | FactKind::RefundSucceeded { amount, .. }
            | FactKind::RefundFailed { amount, .. }
            | FactKind::RefundAbnormal { amount, .. }
            | FactKind::RefundTotal { total: amount }
            | FactKind::DisputeOpened { amount, .. }
            | FactKind::DisputeLost { amount, .. } => Some(*amount),
            FactKind::Progress { .. } | FactKind::DisputeInquiry { .. } | FactKind::DisputeWon { .. } => None,
        }
    }

    /// The dispute that the fact speaks of, where it speaks of one.
    pub const fn dispute(&self) -> Option<&ObjectId> {
        match &self.kind {
            FactKind::DisputeInquiry { dispute }
            | FactKind::DisputeOpened { dispute, .. }
            | FactKind::DisputeWon { dispute }
            | FactKind::DisputeLost { dispute, .. } => Some(dispute),
            FactKind::Progress { .. }
            | FactKind::Captured { .. }
            | FactKind::RefundPending { .. }
            | FactKind::RefundSucceeded { .. }
            | FactKind::RefundFailed { .. }
            | FactKind::RefundAbnormal { .. }
            | FactKind::RefundTotal { .. } => None,
        }
    }

    /// Whether the payment object takes no money any more.
    pub const fn closes_payment(&self) -> bool {
        matches!(
            self.kind,
            FactKind::Progress {
                step: Step::Canceled | Step::Expired
            }
        )
    }
}

impl Step {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }
}

/// What a notice says it is about. Nothing here is trusted before it was matched with our own intent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reference {
    /// Our order, from the metadata that we gave.
    pub order: Option<OrderId>,
    /// Our payment, from the metadata that we gave.
    pub payment: Option<PaymentId>,
    /// The provider's payment object.
    pub object: Option<ObjectId>,
    /// The provider's hosted page, where the notice is of one.
    pub session: Option<ObjectId>,
}

/// A notice in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What it is about.
    pub reference: Reference,
    /// What the provider was asked to collect: must be what our intent says.
    pub asked: Option<Money>,
    /// Whether real money is meant.
    pub livemode: bool,
    /// When it happened, where the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// Until when evidence of a dispute is taken, where the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_due_at: Option<Timestamp>,
    /// The payer's card, as the provider's own fingerprint of it, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<ObjectId>,
    /// What happened.
    pub facts: Vec<Fact>,
}
