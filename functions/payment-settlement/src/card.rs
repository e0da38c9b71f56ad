//! The card that paid. It is known only when its provider tells of the money, so rules on cards look at it then. At most
//! staff look at the order before it leaves: what is paid stays paid.

use dynamo::Part;
use kernel::{Actor, Money};
use payments::{
    CaseId, CaseReason, FactKind, Finding, Notice, ObjectId, Reading, Stale,
    events::latest::Why,
    risk::{Attempt, Dimension, Outcome},
};
use sales::order::{Act, Order};

use crate::{Error, Ports};

/// What is written about a card.
#[derive(Default)]
pub(crate) struct Looked {
    /// Its count, and the case where a rule speaks.
    pub(crate) writes: Vec<Part<Stale>>,
    /// Whether a rule speaks.
    pub(crate) held: bool,
}

/// Looks at the card of money that came: once per payment object, whichever notice names it first.
pub(crate) async fn look(
    ports: &Ports,
    notice: &Notice,
    reading: &Reading,
    object: &ObjectId,
    order: &Order,
) -> Result<Looked, Error> {
    let store = &ports.payments;
    let (Some(card), Some(received)) = (&reading.card, received(reading)) else {
        return Ok(Looked::default());
    };
    if store.card_seen(notice.provider, object).await? {
        return Ok(Looked::default());
    }
    let now = store.ambient().now();
    let attempt = Attempt::of(received).by(Dimension::Card, Some(card.as_str()));
    let rules = store.risk_rules().await?.about(Dimension::Card);
    let said = rules.assess(&attempt, &store.velocities(&attempt, now).await?);
    let mut writes = store.card_parts(notice.provider, object, &attempt, now)?;
    let held = said.outcome > Outcome::Pass;
    if held {
        tracing::warn!(order.id = %order.id(), rules = ?said.rules, "payment.risk.card");
        let finding = Finding {
            order: Some(order.id()),
            here: None,
            there: Some(received),
        };
        let case = CaseId::of_notice(notice, Why::Case(CaseReason::CardRisk));
        writes.extend(store.finding_parts(&case, finding)?);
    }
    Ok(Looked { writes, held })
}

/// The order under review, where its money was booked before its card was known. One that is not confirmed has nothing
/// that could leave.
pub(crate) fn hold(ports: &Ports, order: Order, notice: &Notice) -> Result<Vec<Part<Stale>>, Error> {
    let actor = Actor::system("payment-settlement");
    let act = Act::by(actor, ports.payments.ambient().now()).caused_by(notice.delivery.as_str());
    match order.hold_for_review(&act) {
        Ok(changed) => Ok(ports.orders.save(&changed, Stale)?),
        Err(_) => Ok(Vec::new()),
    }
}

fn received(reading: &Reading) -> Option<Money> {
    reading.facts.iter().find_map(|fact| match fact.kind {
        FactKind::Captured { received } => Some(received),
        _ => None,
    })
}
