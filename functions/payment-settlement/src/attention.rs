//! What a notice tells that a person has to see: refunds that did not go through, and disputes.

use std::collections::BTreeMap;

use dynamo::Part;
use payments::{
    CaseReason, DisputeOutcome, Fact, FactKind, Folded, Notice, ObjectId, OrderMoney, Reading, RefundOutcome, Settled,
    Stale, events::latest::Why,
};

use crate::{Error, Ports};

/// The cases of what is new. The same told again is no news, so each is told once.
pub(crate) fn case_parts(ports: &Ports, notice: &Notice, outcome: &Settled) -> Result<Vec<Part<Stale>>, Error> {
    let told = outcome
        .facts
        .iter()
        .filter_map(|fact| reason(fact, &outcome.state.folded));
    let reasons: BTreeMap<_, _> = told.map(|reason| (reason.as_str(), reason)).collect();
    let mut writes = Vec::new();
    for reason in reasons.into_values() {
        let metric = "payment.notice.case";
        tracing::warn!(metric, count = 1, provider = %notice.provider, delivery = %notice.delivery, ?reason, "payment.needs_person");
        let order = Some(outcome.state.order);
        writes.extend(ports.payments.case_parts(notice, order, Why::Case(reason))?);
    }
    Ok(writes)
}

/// Why a person should see a fact, unless what is known by now overtook it.
fn reason(fact: &Fact, folded: &Folded) -> Option<CaseReason> {
    let refund = |refund: &ObjectId| folded.refunds.get(&(fact.provider, refund.clone())).copied();
    let dispute = |dispute: &ObjectId| {
        let told = folded.disputes.get(&(fact.provider, dispute.clone()));
        told.map(|told| told.outcome)
    };
    match &fact.kind {
        FactKind::RefundAbnormal { refund: id, .. } => {
            (refund(id) == Some(RefundOutcome::Abnormal)).then_some(CaseReason::RefundStuck)
        }
        FactKind::RefundFailed { .. } => Some(CaseReason::RefundFailed),
        FactKind::DisputeInquiry { dispute: id } => {
            (dispute(id) == Some(DisputeOutcome::Inquiry)).then_some(CaseReason::Disputed)
        }
        FactKind::DisputeOpened { dispute: id, .. } => {
            (dispute(id) == Some(DisputeOutcome::Open)).then_some(CaseReason::Disputed)
        }
        FactKind::Progress { .. }
        | FactKind::Captured { .. }
        | FactKind::RefundPending { .. }
        | FactKind::RefundSucceeded { .. }
        | FactKind::RefundTotal { .. }
        | FactKind::DisputeWon { .. }
        | FactKind::DisputeLost { .. } => None,
    }
}

/// The records of disputes, where the facts or a due time changed them.
pub(crate) fn dispute_parts(
    ports: &Ports,
    money: &OrderMoney,
    outcome: &Settled,
    reading: &Reading,
) -> Result<Vec<Part<Stale>>, Error> {
    let told: Vec<_> = reading.facts.iter().filter_map(|fact| fact.dispute()).collect();
    let now = ports.payments.ambient().now();
    let mut writes = Vec::new();
    for after in money.disputes_after(&outcome.state.folded, &told, reading.evidence_due_at, now) {
        let mut known = money.disputes.iter();
        let known = known.find(|known| known.provider == after.provider && known.id == after.id);
        writes.extend(ports.payments.dispute_parts(known, &after, &ports.timers)?);
    }
    Ok(writes)
}
