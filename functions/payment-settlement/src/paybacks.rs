//! Refunds and disputes, in the order's words.

use payments::{DisputeOutcome, MoneyState, RefundProgress};
use sales::order::{AdjustmentKind, AdjustmentStatus, LineQuantity, Payback};

/// Every refund that was asked for, and every dispute that moved money.
pub(crate) fn paybacks(state: &MoneyState) -> Vec<Payback> {
    let refunds = state.requests.iter().map(|request| Payback {
        id: request.id.to_string(),
        kind: AdjustmentKind::Refund,
        status: match request.progress(&state.folded) {
            // One that needs a person is still owed.
            RefundProgress::Requested
            | RefundProgress::Sending
            | RefundProgress::Sent
            | RefundProgress::NeedsPerson => AdjustmentStatus::Pending,
            RefundProgress::Settled => AdjustmentStatus::Completed,
            RefundProgress::Failed => AdjustmentStatus::Failed,
        },
        amount: request.amount,
        lines: request
            .lines
            .iter()
            .map(|units| LineQuantity {
                line: units.line,
                quantity: units.quantity,
            })
            .collect(),
    });
    let disputes = state.folded.disputes.iter();
    let moved = disputes.filter(|(_, told)| told.amount.amount() > 0);
    let disputes = moved.map(|((_, id), told)| Payback {
        id: id.to_string(),
        kind: AdjustmentKind::Dispute,
        status: match told.outcome {
            DisputeOutcome::Inquiry | DisputeOutcome::Open => AdjustmentStatus::Pending,
            DisputeOutcome::Lost => AdjustmentStatus::Completed,
            DisputeOutcome::Won => AdjustmentStatus::Failed,
        },
        amount: told.amount,
        lines: Vec::new(),
    });
    refunds.chain(disputes).collect()
}
