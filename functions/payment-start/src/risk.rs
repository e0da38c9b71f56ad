//! Risk on the way in: what the rules make of a new try to pay, before anybody is asked.

use payments::{
    Intent, IntentState, NotOpened, Provider,
    risk::{Assessment, Attempt, Dimension, Outcome, network},
};
use sales::order::Order;

use crate::{Error, Ports, first_parts, request::Start};

/// Who pays, as far as it is known at the start. The card is not: it is given to the provider alone.
pub(crate) fn attempt(order: &Order, intent: &Intent, start: &Start, address: &str) -> Attempt {
    let customer = order.customer().map(|id| id.to_string());
    Attempt::of(intent.amount)
        .by(Dimension::Customer, customer.as_deref())
        .by(Dimension::Device, start.device())
        .by(Dimension::Address, network(address).as_deref())
}

/// What became of a new try.
pub(crate) enum Begun {
    /// It is written: ask the provider.
    Open(Box<Intent>),
    /// It is written, and waits for staff.
    Held,
    /// Somebody else was quicker: read and decide again.
    Again,
}

/// Writes a new try as the rules let it, and counts it. One that they refuse leaves no trace but a line in the log: it may
/// be tried again, and a flood of them costs nothing.
pub(crate) async fn begin<C>(
    ports: &Ports<C>,
    order: &Order,
    mut intent: Box<Intent>,
    attempt: &Attempt,
) -> Result<Begun, Error> {
    let now = intent.created_at;
    let rules = ports.payments.risk_rules().await?;
    let seen = ports.payments.velocities(attempt, now).await?;
    let assessment = rules.assess(attempt, &seen);
    if !take(&mut intent, assessment) {
        return Err(Error::RefusedByRisk);
    }
    let counted = ports.payments.velocity_parts(&rules, attempt, now);
    let held = intent.held_by().is_some();
    let stopped = if held {
        ports.payments.hold_intent(&intent, counted).await?
    } else {
        let with = first_parts(ports, order, &intent)?;
        ports.payments.open_counted(&intent, with, counted).await?
    };
    match stopped {
        None if held => Ok(Begun::Held),
        None => Ok(Begun::Open(intent)),
        Some(NotOpened::Stale) => Ok(Begun::Again),
        Some(NotOpened::Beyond(limit)) => {
            tracing::warn!(order.id = %intent.order, ?limit, "payment.risk.beyond");
            Err(Error::RefusedByRisk)
        }
    }
}

/// What the rules say, on the try itself; false: it is refused. A payer can prove more at Stripe alone, so elsewhere what
/// asks for that is held. What staff let go on is proven too.
fn take(intent: &mut Intent, assessment: Assessment) -> bool {
    let Assessment { outcome, rules } = assessment;
    if outcome > Outcome::Pass {
        let order = intent.order;
        tracing::warn!(order.id = %order, payment.id = %intent.id, ?outcome, ?rules, "payment.risk.spoke");
    }
    let provable = intent.provider == Provider::Stripe;
    intent.step_up = provable && outcome >= Outcome::StepUp;
    match outcome {
        Outcome::Pass => true,
        Outcome::StepUp if provable => true,
        Outcome::StepUp | Outcome::Hold => {
            intent.state = IntentState::InReview { rules };
            true
        }
        Outcome::Refuse => false,
    }
}
