//! Facts in plain words.

use payments::{FactKind, Step};

/// What a fact says, for people. Ids stand beside it, not in it.
pub(crate) fn of(kind: &FactKind) -> String {
    match kind {
        FactKind::Progress { step } => match step {
            Step::Processing => "The payment is being worked on".to_owned(),
            Step::Failed => "A try to pay failed; the payment may still succeed".to_owned(),
            Step::Canceled => "The payment was given up".to_owned(),
            Step::Expired => "The payment was not made in time".to_owned(),
        },
        FactKind::Captured { received } => format!("{received} came in"),
        FactKind::RefundPending { amount, .. } => format!("A refund of {amount} is on its way"),
        FactKind::RefundSucceeded { amount, .. } => format!("A refund of {amount} reached the payer"),
        FactKind::RefundFailed { amount, .. } => format!("A refund of {amount} failed: the money is with us"),
        FactKind::RefundAbnormal { amount, .. } => format!("A refund of {amount} is stuck and needs a person"),
        FactKind::RefundTotal { total } => format!("{total} went back so far, in all"),
        FactKind::DisputeInquiry { .. } => "The payer's bank asks about the payment".to_owned(),
        FactKind::DisputeOpened { amount, .. } => format!("The payer's bank took {amount} back: a dispute is open"),
        FactKind::DisputeWon { .. } => "A dispute was won: the money is with us".to_owned(),
        FactKind::DisputeLost { amount, .. } => format!("A dispute over {amount} was lost"),
    }
}
